"""The Report page: what the audit came to, why, and the report to hand on."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from workbench.gui.faults import Notice, notice_of
from workbench.gui.pages.page import Page
from workbench.gui.pages.report.contents import Line, Verdict, read_verdict
from workbench.gui.pages.report.export import ExportDialog, Exporter
from workbench.gui.pages.report.preview import Preview
from workbench.gui.pages.report.verdict_tree import VerdictTree
from workbench.gui.session.path_state import Step
from workbench.gui.session.session import Session
from workbench.gui.widgets.blocks import (
    EmptyState,
    button,
    card,
    column,
    heading,
    muted,
    page_head,
    row,
)
from workbench.gui.widgets.choice_bar import ChoiceBar
from workbench.gui.widgets.outcomes import OutcomeBadge

_PURPOSE = "What did the audit come to, on what evidence, and what was not tested?"
_ONLY_READS = (
    "A report cannot be exported while this window only reads the project, because each export is "
    "noted in the project's log."
)


class ReportPage(Page):
    """The verdict on a plan, the pages of its report, and the way to export it."""

    step = Step.REPORT
    watches = frozenset({"plan", "criterion", "verdict"})

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.verdict: Verdict | None = None
        self._exporter = Exporter(session, self)
        self._exporter.written.connect(self._tell_written)
        self._exporter.failed.connect(self._tell_failed)
        self._dialog: ExportDialog | None = None
        self._badge = OutcomeBadge(factor=1.5)
        self._summary = heading("")
        self._summary.setWordWrap(True)
        self._claim = muted()
        self._limits = muted()
        self.tree = VerdictTree()
        self._why = QLabel()
        self._why.setWordWrap(True)
        self._why.setTextFormat(Qt.TextFormat.PlainText)
        self._why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.preview = Preview(session)
        self._export = button("Export report…", primary=True)
        self._export.setEnabled(False)
        self._empty = EmptyState()
        self._stack = QStackedWidget()
        self.tabs = QTabWidget()
        self._lay_out()
        self._export.clicked.connect(self.export_report)
        self.tree.line_chosen.connect(self._explain)
        self.preview.page_shown.connect(self.refreshed)
        self.tabs.currentChanged.connect(self._look)
        session.choice.changed.connect(self._follow_plan)
        session.state_changed.connect(self._follow_plan)

    def refresh(self) -> None:
        plan = self.session.choice.plan
        if plan is None:
            self.session.reader.drop(self, "verdict")
            missing = self.session.state.missing(self.step) or "No plan was run yet"
            self._say(missing, "A plan is judged once all its runs have finished")
            self.refreshed.emit()
            return
        if self.verdict is None or self.verdict.report.plan.id != plan.id:
            self._say("Collecting the report…")
        self.session.reader.ask(
            self,
            "verdict",
            lambda project: read_verdict(project, plan.id),
            self._take,
            self._fail,
        )

    def export_report(self) -> None:
        """Ask for a format and a file, and write the report on the plan that is looked at."""
        plan = self.session.choice.plan
        if self.session.read_only:
            remedy = "Close the other window, or copy the file to a folder you can write to."
            self.session.faults.tell(Notice(_ONLY_READS, remedy=remedy))
        elif plan is not None:
            self._dialog = ExportDialog(self.session, self._exporter, plan.id, plan.name, self)
            self._dialog.destroyed.connect(self._forget_dialog)
            self._dialog.open()

    def _follow_plan(self) -> None:
        """Of the shared choice, only the plan matters here."""
        plan = self.session.choice.plan
        if self.verdict is None or plan is None or plan.id != self.verdict.report.plan.id:
            self.invalidate()

    def _take(self, verdict: Verdict) -> None:
        self.verdict = verdict
        self._badge.show_outcome(verdict.outcome)
        self._badge.setToolTip(verdict.meaning)
        self._summary.setText(verdict.summary)
        self._claim.setText(verdict.claim)
        self._claim.setVisible(bool(verdict.claim))
        self._limits.setText(verdict.limits)
        self.tree.show_lines(verdict.forget_sets)
        self._stack.setCurrentIndex(1)
        self._show_export()
        self.preview.show_report(verdict.report)
        self.refreshed.emit()

    def _fail(self, fault: Exception) -> None:
        notice = notice_of(fault)
        self._say(notice.message, notice.remedy)
        self.refreshed.emit()

    def _say(self, sentence: str, hint: str = "") -> None:
        self.verdict = None
        self._empty.say(sentence, hint)
        self._stack.setCurrentIndex(0)
        self._show_export()

    def _show_export(self) -> None:
        self._export.setEnabled(self.verdict is not None and not self.session.read_only)
        self._export.setToolTip(_ONLY_READS if self.session.read_only else "")

    def _explain(self, line: Line) -> None:
        demand = f"Demanded: {line.demand}." if line.demand else ""
        name = line.name if line.name.endswith("?") else f"{line.name}:"
        parts = [name, line.word and f"{line.word}.", demand, line.why]
        self._why.setText(" ".join(part for part in parts if part))

    def _look(self) -> None:
        if self.tabs.currentWidget() is self.preview:
            self.preview.lay_out()

    def _tell_written(self, path: Path) -> None:
        if self._dialog is None:
            self.session.faults.tell(Notice(f"Wrote {path}.", is_fault=False))

    def _tell_failed(self, fault: Exception) -> None:
        if self._dialog is None:
            self.session.faults.report(fault, kept="No file was written.")

    def _forget_dialog(self) -> None:
        self._dialog = None

    def _lay_out(self) -> None:
        badge = column(self._badge)
        badge.addStretch(1)
        banner = card(row(badge, column(self._summary, self._claim, self._limits), stretch=1))
        why = card(self._why)
        lines = QWidget()
        below = QVBoxLayout(lines)
        below.setContentsMargins(0, 8, 0, 0)
        below.addWidget(self.tree, 1)
        below.addWidget(why)
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Views")
        self.tabs.addTab(lines, "Verdict")
        self.tabs.addTab(self.preview, "Pages")
        shown = QWidget()
        inner = QVBoxLayout(shown)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(banner)
        inner.addWidget(self.tabs, 1)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addLayout(page_head(self.step, _PURPOSE))
        layout.addLayout(
            row(ChoiceBar(self.session.choice, fields=("plan",)), self._export, stretch=0)
        )
        layout.addWidget(self._stack, 1)
