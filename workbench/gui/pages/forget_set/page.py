"""The Forget set page: select rows by looking, by rules or by selectors, and save them."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QSplitter, QStackedLayout, QTabWidget, QVBoxLayout, QWidget

from workbench.core.selection import CombineMode, Rule
from workbench.gui.faults import Notice
from workbench.gui.pages.forget_set.contents import (
    Definition,
    ModelOption,
    Options,
    Rows,
    SavedForgetSet,
    Summary,
    definition_of,
    depends_on_model,
    read_options,
    read_saved,
    rows_rule,
    rule_of_saved,
    summarise,
    with_non_members,
)
from workbench.gui.pages.forget_set.filter_panel import FilterPanel
from workbench.gui.pages.forget_set.gallery_pane import GalleryPane
from workbench.gui.pages.forget_set.gestures import GestureBar
from workbench.gui.pages.forget_set.map_pane import MapPane
from workbench.gui.pages.forget_set.propose_dialog import ProposeDialog
from workbench.gui.pages.forget_set.save_dialog import SaveDialog, fault_of_name
from workbench.gui.pages.forget_set.saved_panel import SavedPanel
from workbench.gui.pages.forget_set.source_bar import SourceBar
from workbench.gui.pages.forget_set.summary_line import SummaryLine
from workbench.gui.pages.page import Page
from workbench.gui.session.path_state import Step
from workbench.gui.session.rows import RowTable
from workbench.gui.session.session import Session
from workbench.gui.widgets.blocks import EmptyState, button, column, page_head, row
from workbench.gui.widgets.name_dialog import ask_name

_PURPOSE = "Choose the training rows that the model must forget, and save them with a name"
_Source = tuple[int, int | None, bool]
"""Dataset, model, and whether the model's outputs are there."""


class ForgetSetPage(Page):
    step: ClassVar[Step] = Step.FORGET_SET
    watches: ClassVar[frozenset[str]] = frozenset(
        {"dataset", "model", "output", "forget_set", "plan"}
    )

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._options = Options()
        self._dataset: int | None = None
        self._model: int | None = None
        self._wants_no_model = False
        self._source: _Source | None = None
        self._saved: tuple[SavedForgetSet, ...] = ()
        self._summary: Summary | None = None
        self._proposed: tuple[Rule, Definition] | None = None
        self._proposing: ProposeDialog | None = None
        self.sources = SourceBar()
        self.gestures = GestureBar(self)
        self.map = MapPane(session.reader)
        self.gallery = GalleryPane(session.reader)
        self.filters = FilterPanel(session.reader)
        self.saved = SavedPanel()
        self._line = SummaryLine()
        self._propose = button("Propose…", "Propose rows")
        self._propose.setToolTip("Let a selector propose rows to forget")
        self._save = button("Save…", "Save the selection as a forget set", primary=True)
        self._empty = EmptyState()
        self._lay_out()
        self._connect()
        self._show_selection()

    def refresh(self) -> None:
        self.session.reader.ask(self, "options", read_options, self._take_options)

    def save_forget_set(self) -> None:
        """Ask for a name and save the selection."""
        selection, summary = self.session.selection, self._summary
        table, rule, rows = selection.table, selection.rule, selection.rows
        if table is None or rule is None or summary is None or not summary.count:
            return
        dialog = SaveDialog(self.session.reader, table, rows, summary, self._saved, self)
        dialog.saved.connect(
            lambda name, non_members: self._write(table, rule, rows, name, non_members)
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def propose_rows(self) -> None:
        """Let a selector propose rows, which become the selection."""
        table = self.session.selection.table
        if table is None:
            return
        if self._proposing is None:
            self._proposing = ProposeDialog(self.session, table, table.model_id, self)
            self._proposing.succeeded.connect(self._take_proposal)
            self._proposing.finished.connect(self._let_go_of_proposing)
        self._proposing.open()

    # Layout and wiring

    def _lay_out(self) -> None:
        side = QTabWidget()
        side.setAccessibleName("Filter and saved forget sets")
        side.addTab(self.filters, "Filter")
        side.addTab(self.saved, "Saved sets")
        panes = QSplitter(Qt.Orientation.Horizontal)
        panes.setChildrenCollapsible(False)
        for pane, share in ((self.map, 5), (self.gallery, 4), (side, 1)):
            panes.addWidget(pane)
            panes.setStretchFactor(panes.count() - 1, share)
        panes.setSizes([320, 280, 210])
        tools = row(self.gestures, self._propose, self._save, stretch=0)
        line = QFrame()
        line.setProperty("card", "true")
        inside = QVBoxLayout(line)
        inside.setContentsMargins(12, 8, 12, 8)
        inside.addWidget(self._line)
        body = QWidget()
        body.setLayout(column(self.sources, tools, panes, line, stretch=2))
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(page_head(self.step, _PURPOSE))
        layout.addLayout(self._stack, 1)

    def _connect(self) -> None:
        selection = self.session.selection
        selection.table_changed.connect(self._show_table)
        selection.changed.connect(self._show_selection)
        self.sources.chosen.connect(self._choose)
        self.sources.measure_asked.connect(self._measure)
        self.map.gestured.connect(lambda rule: selection.apply(self.gestures.mode, rule))
        self.gallery.picked.connect(self._pick)
        self.filters.filtered.connect(lambda rule: selection.apply(self.gestures.chosen, rule))
        self.gestures.lasso_toggled.connect(self.map.cloud.set_lasso)
        self.gestures.cleared.connect(selection.clear)
        self.gestures.stepped_back.connect(selection.step_back)
        self.gestures.stepped_forward.connect(selection.step_forward)
        self.saved.loaded.connect(self._load)
        self.saved.rename_asked.connect(self._rename)
        self.saved.delete_asked.connect(self._delete)
        self._propose.clicked.connect(self.propose_rows)
        self._save.clicked.connect(self.save_forget_set)

    # What is looked at

    def _take_options(self, options: Options) -> None:
        self._options = options
        dataset = options.find(self._dataset)
        if dataset is None:
            self._dataset, self._model = options.dataset, options.model
            dataset = options.find(self._dataset)
        elif dataset.model(self._model) is None and not self._wants_no_model:
            self._model = dataset.first_model
        self._stack.setCurrentIndex(0 if dataset is None else 1)
        if dataset is None:
            self._empty.say(
                "There are no rows to choose from yet", "Import a dataset on the Data page first"
            )
            self.refreshed.emit()
            return
        self.sources.show_options(
            options, self._dataset, self._model, self.session.only_reads_because
        )
        self._use()
        self._read_saved()

    def _choose(self, dataset: int, model: int | None) -> None:
        self._dataset, self._model = dataset, model
        self._wants_no_model = model is None
        self.invalidate()

    def _use(self) -> None:
        """Have the rows described by the chosen model, once its outputs are there."""
        dataset = self._options.find(self._dataset)
        if dataset is None:
            return
        model = dataset.model(self._model)
        source = (dataset.id, self._model, model is not None and model.is_measured)
        selection = self.session.selection
        if source == self._source:
            return
        is_same_data = self._source is not None and self._source[0] == dataset.id
        if is_same_data and depends_on_model(selection.rule):
            # The rule means other rows under another model; what was selected stays selected.
            selection.set_rule(rows_rule(selection.rows))
        self._source = source
        selection.use(dataset.id, self._model)

    def _measure(self, model: ModelOption) -> None:
        task = self.session.compute.submit(
            "measure-outputs",
            f"Measuring outputs of {model.name!r}",
            model=model.id,
            dataset=self._dataset,
        )
        task.changed.connect(lambda: self.sources.follow(task))
        task.finished.connect(lambda: self._measured(task.fault))

    def _measured(self, fault: BaseException | None) -> None:
        if fault is not None:
            self.session.faults.report(fault, kept="The selection is kept.")

    # What is selected

    def _show_table(self) -> None:
        table = self.session.selection.table
        if table is not None:
            self.map.show_table(table)
            self.gallery.show_table(table)
            self.filters.show_table(table)

    def _show_selection(self) -> None:
        selection = self.session.selection
        table, rule, rows = selection.table, selection.rule, selection.rows
        self.gestures.clear_action.setEnabled(rule is not None)
        self._summary = None
        self._save.setEnabled(False)
        if table is None:
            return
        self.session.reader.ask(
            self, "summary", lambda _: summarise(table, rule, rows), self._take_summary
        )

    def _take_summary(self, summary: Summary) -> None:
        table = self.session.selection.table
        if table is None:
            return
        self._summary = summary
        self.map.show_summary(summary)
        self.gallery.show_summary(summary)
        self._line.show_summary(summary, table.dataset.class_names)
        only_reads = self.session.only_reads_because
        self._save.setEnabled(bool(summary.count) and not only_reads)
        self._save.setToolTip(only_reads or ("" if summary.count else "Select some rows first"))
        self.refreshed.emit()

    def _pick(self, rows: list[int], mode: CombineMode | None) -> None:
        picked = rows_rule(rows)
        self.session.selection.apply(self.gestures.mode if mode is None else mode, picked)

    def _take_proposal(self, result: dict[str, Any]) -> None:
        table = self.session.selection.table
        if table is None or table.dataset_id != result["dataset"]:
            self.session.faults.tell(
                Notice(
                    "Rows were proposed of another dataset than the one that is shown.",
                    kept="The selection is as it was.",
                    remedy="Choose that dataset and propose rows again.",
                    is_fault=False,
                )
            )
            return
        rule = rows_rule(result["rows"])
        self._proposed = (rule, result["definition"])
        self.session.selection.apply(self.gestures.chosen, rule)

    def _let_go_of_proposing(self) -> None:
        """A dialog whose job goes on is kept; any other would be about rows of before."""
        if self._proposing is not None and not self._proposing.is_running:
            self._proposing.deleteLater()
            self._proposing = None

    # Saved forget sets

    def _read_saved(self) -> None:
        dataset = self._dataset
        if dataset is not None:
            self.session.reader.ask(
                self, "saved", lambda project: read_saved(project, dataset), self._take_saved
            )

    def _take_saved(self, saved: tuple[SavedForgetSet, ...]) -> None:
        self._saved = saved
        self.saved.show_sets(saved, self.session.only_reads_because)

    def _write(self, table: RowTable, rule: Rule, rows: Rows, name: str, non_members: str) -> None:
        if self._proposed is not None and self._proposed[0] == rule:
            definition = with_non_members(self._proposed[1], non_members)
        else:
            definition = definition_of(rule, table, self._model_name(table), non_members)
        dataset_id = table.dataset_id
        self.session.editor.edit(
            self, lambda journal: journal.save_forget_set(dataset_id, name, definition, rows)
        )

    def _model_name(self, table: RowTable) -> str:
        dataset = self._options.find(table.dataset_id)
        model = dataset.model(table.model_id) if dataset else None
        return model.name if model else ""

    def _load(self, saved: SavedForgetSet) -> None:
        table = self.session.selection.table
        if table is not None:
            self.session.reader.ask(
                self,
                "load",
                lambda project: rule_of_saved(project, saved.id, table),
                self.session.selection.set_rule,
            )

    def _rename(self, saved: SavedForgetSet) -> None:
        ask_name(
            self,
            "Rename the forget set",
            "Name",
            saved.name,
            fault_of_name,
            lambda name: self.session.editor.edit(
                self, lambda journal: journal.rename_forget_set(saved.id, name)
            ),
        )

    def _delete(self, saved: SavedForgetSet) -> None:
        self.session.editor.edit(self, lambda journal: journal.delete_forget_set(saved.id))
