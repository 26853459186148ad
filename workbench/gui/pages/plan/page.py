"""The Plan page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.audit.draft import Content, draft_from, lock_draft
from workbench.audit.plan import stored_plan
from workbench.audit.plan_file import read_plan_file, write_plan_file
from workbench.gui.faults import Notice
from workbench.gui.pages.page import Page
from workbench.gui.pages.plan import questions
from workbench.gui.pages.plan.amend_dialog import ask_amendment
from workbench.gui.pages.plan.contents import (
    Assessment,
    LockedPlan,
    PlanContents,
    PluginFiles,
    assess,
    read_contents,
    read_plugin_files,
)
from workbench.gui.pages.plan.criteria import CriteriaSection
from workbench.gui.pages.plan.document import PlanDocument
from workbench.gui.pages.plan.panes import PlanPanes
from workbench.gui.pages.plan.section import PlanView
from workbench.gui.pages.plan.starting import first_draft, missing_for_draft
from workbench.gui.session.path_state import Step
from workbench.gui.session.session import Session
from workbench.gui.widgets.blocks import EmptyState, button, page_head
from workbench.gui.widgets.param_entries import CalmComboBox
from workbench.registry import Plugin, trust
from workbench.store.journal import Edit, Journal, RowChange

_PURPOSE = "What is audited and what counts as passing, fixed before any result is seen"
_DRAFT = None


class PlanPage(Page):
    """Shows the draft or a locked plan; edits the draft, locks it and starts its runs."""

    step = Step.PLAN
    watches = frozenset({"plan", "dataset", "model", "forget_set", "run", "criterion"})

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.document = PlanDocument(session, self)
        self._contents: PlanContents | None = None
        self._assessment: Assessment | None = None
        self._assessed: Content = {}
        self._wanted: int | None = _DRAFT
        self._when_read: Callable[[], None] | None = None
        self._build()
        self.document.edited.connect(self._edited)
        self.document.written.connect(self._written)
        session.compute.changed.connect(self._show_summary)

    def refresh(self) -> None:
        registry = self.session.registry
        self.session.reader.ask(
            self, "contents", lambda project: read_contents(project, registry), self._take
        )

    # What the window's actions and the buttons do.

    def start_plan(self) -> None:
        """Begin a draft with everything filled in but the methods."""
        if self._contents is None:
            self._when_read = self.start_plan
            return
        if missing_for_draft(self._contents):
            self._tell("A plan needs data, a model and a forget set", "Make what is missing first.")
            return
        self._wanted = _DRAFT
        self.document.replace(first_draft(self._contents), "Start a plan")

    def new_plan_from_this(self) -> None:
        """Begin a draft that is like the locked plan that is shown."""
        locked = self._locked()
        if locked is None:
            self._tell("No locked plan is shown", "Choose one at the top of the Plan page.")
            return
        self._wanted = _DRAFT
        content = draft_from(locked.content, dataset=locked.dataset, model=locked.model)
        self.document.replace(content, f"Start a plan from {locked.name!r}")

    def discard_draft(self) -> None:
        """Remove the draft; undo brings it back."""
        if self._contents is None or self._contents.draft_id is None:
            self._tell("There is no draft to discard")
            return
        self.document.flush()
        change = RowChange(table="plan", key={"id": self._contents.draft_id})
        edit = Edit(title="Discard the draft", changes=(change,))
        self.session.editor.edit(self, lambda journal: journal.do(edit), lambda _: self._written())

    def import_plan(self) -> None:
        """Read a plan file into the draft."""
        path = questions.ask_plan_file(self)
        if path is None:
            return

        def take(content: Content) -> None:
            self._wanted = _DRAFT
            self.document.replace(content, f"Import the plan {path.name!r}")
            if content["data"].get("path") or content["model"].get("weights"):
                self._tell(
                    "The plan brings files along",
                    f"Put them beside the project, as they were beside {path.name!r}.",
                )

        self.session.reader.ask(self, "file", lambda _: read_plan_file(path), take)

    def export_plan(self) -> None:
        """Write the plan that is shown as a file for `workbench run`."""
        content, registry = self.document.content, self.session.registry
        if not content or (self._assessment is not None and self._assessment.faults):
            self._tell("Only a complete plan can be exported", "Mend what is listed beside it.")
            return
        path = questions.ask_new_plan_file(self, content["name"])
        if path is not None:
            self.session.reader.ask(
                self,
                "file",
                lambda _: write_plan_file(path, content, registry),
                lambda _: self._tell(f"The plan was written to {path.name!r}"),
            )

    def lock_plan(self) -> None:
        """Ask, then lock the draft for good."""
        ready = self._assessment
        if self.document.read_only or ready is None or ready.faults:
            self._tell("There is no complete draft to lock", "Mend what is listed beside the plan.")
            return
        if self._assessed != self.document.content:
            self._tell("The last change of the plan is still being checked", "Lock it after that.")
            return
        if not questions.ask_lock(self, self.document.content, ready.hash):
            return
        self.document.flush()
        registry = self.session.registry

        def lock(journal: Journal) -> int:
            return lock_draft(journal, registry)

        self.session.editor.edit(self, lock, self._locked_as)

    def add_exploratory_criterion(self) -> None:
        """Ask for a criterion and add it to the locked plan that is shown."""
        if self._contents is None:
            self._when_read = self.add_exploratory_criterion
            return
        locked = self._locked()
        if locked is None:
            self._tell("No locked plan is shown", "Choose one at the top of the Plan page.")
            return
        self._panes.show_section(CriteriaSection)
        plan = stored_plan(locked.content)
        taken = [one.name for one in plan.criteria]
        taken += [one["name"] for one in locked.exploratory]
        ask_amendment(self, locked.id, plan, taken)

    def start_runs(self) -> None:
        """Run the locked plan that is shown, or what is missing of it."""
        locked = self._locked()
        if locked is None or self.session.compute.plan_task is not None:
            self._tell("No locked plan is shown" if locked is None else "A plan is running")
            return
        self.session.run_plan(stored_plan(locked.content), resume=True)
        self.go_to.emit(Step.RUNS)

    # How it is built and shown.

    def _build(self) -> None:
        self._picker = CalmComboBox()
        self._picker.setAccessibleName("Plan that is shown")
        self._picker.setToolTip("The draft, or one of the locked plans")
        self._picker.activated.connect(self._pick)
        self._start = self._button("Start a plan", self.start_plan)
        self._copy = self._button("New plan from this…", self.new_plan_from_this)
        self._discard = self._button("Discard draft", self.discard_draft)
        self._import = self._button("Import…", self.import_plan)
        self._export = self._button("Export…", self.export_plan)
        bar = QHBoxLayout()
        bar.addWidget(self._picker, 1)
        for one in (self._start, self._copy, self._discard, self._import, self._export):
            bar.addWidget(one)
        self._panes = PlanPanes(self.document)
        self._panes.trust_asked.connect(self._ask_trust)
        self._panes.amend_asked.connect(self.add_exploratory_criterion)
        self._panes.summary.lock_asked.connect(self.lock_plan)
        self._panes.summary.start_asked.connect(self.start_runs)
        self._empty = EmptyState()
        self._body = QStackedWidget()
        self._body.addWidget(self._empty)
        self._body.addWidget(self._panes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addLayout(page_head(self.step, _PURPOSE))
        layout.addLayout(bar)
        layout.addWidget(self._body, 1)

    def _button(self, text: str, act: Callable[[], None]) -> QPushButton:
        made = button(text)
        made.clicked.connect(lambda: act())
        return made

    def _take(self, contents: PlanContents) -> None:
        """What the project has now; what is being typed is not taken away for it."""
        self._contents = contents
        if not self.document.is_unwritten:
            self._show_wanted()
        self._show()
        self._assess()
        act, self._when_read = self._when_read, None
        if act is not None:
            act()

    def _show_wanted(self) -> None:
        """The plan the user picked, else the draft, else the newest locked plan."""
        contents = self._contents
        if contents is None:
            return
        locked = next((one for one in contents.locked if one.id == self._wanted), None)
        if locked is None and contents.draft is None and contents.locked:
            locked = contents.locked[0]
        self._wanted = locked.id if locked else _DRAFT
        content = locked.content if locked else contents.draft
        if content != self.document.content or bool(locked) != self.document.is_locked:
            self._assessment = None
        self.document.show(content, is_locked=locked is not None)

    def _locked(self) -> LockedPlan | None:
        """The locked plan that is shown."""
        plans = self._contents.locked if self._contents else ()
        shown = self._wanted if self.document.is_locked else None
        return next((one for one in plans if one.id == shown), None)

    def _edited(self) -> None:
        self._show()
        self._assess()

    def _written(self) -> None:
        # An answer on its way may be from before the edit.
        self.session.reader.drop(self, "contents")
        self.invalidate()

    def _assess(self) -> None:
        if not self.document.is_there:
            self.refreshed.emit()
            return
        content, registry = self.document.content, self.session.registry
        self.session.reader.ask(
            self,
            "assessment",
            lambda project: assess(project, registry, content),
            lambda assessment: self._take_assessment(content, assessment),
        )

    def _take_assessment(self, content: Content, assessment: Assessment) -> None:
        self._assessed, self._assessment = content, assessment
        self._show_plan()
        self.refreshed.emit()

    def _pick(self) -> None:
        self.document.flush()
        self._wanted = self._picker.currentData()
        self._show_wanted()
        self._show()
        self._assess()
        if self._wanted in [option.id for option in self.session.choice.options]:
            self.session.choice.set(plan=self._wanted)

    def _locked_as(self, plan_id: int) -> None:
        self._wanted = plan_id
        self._written()

    def _show(self) -> None:
        is_there = self.document.is_there
        self._body.setCurrentIndex(int(is_there))
        self._show_picker()
        self._show_buttons()
        if is_there:
            self._show_plan()
        else:
            self._show_empty()

    def _show_picker(self) -> None:
        contents = self._contents
        self._picker.clear()
        if contents is None:
            return
        if contents.draft is not None or (self.document.is_there and not self.document.is_locked):
            self._picker.addItem("Draft", _DRAFT)
        for plan in contents.locked:
            self._picker.addItem(plan.title, plan.id)
        shown = self._wanted if self.document.is_locked else _DRAFT
        self._picker.setCurrentIndex(self._picker.findData(shown))
        self._picker.setEnabled(self._picker.count() > 0)

    def _show_buttons(self) -> None:
        may_write = not self.session.read_only
        is_draft = self.document.is_there and not self.document.is_locked
        has_draft = self._contents is not None and self._contents.draft is not None
        self._start.setVisible(not is_draft and not has_draft)
        missing = missing_for_draft(self._contents) if self._contents else ()
        self._start.setEnabled(may_write and not missing)
        self._start.setToolTip(f"This needs {_listed(missing)} first" if missing else "")
        self._copy.setVisible(self.document.is_locked)
        self._discard.setVisible(is_draft)
        for one in (self._copy, self._discard, self._import):
            one.setEnabled(may_write)
        self._export.setEnabled(self.document.is_there)

    def _show_plan(self) -> None:
        if self._contents is None or not self.document.is_there:
            return
        locked = self._locked()
        self._panes.show_plan(
            PlanView(
                self.document.content,
                self._contents,
                self._assessment,
                self.session.registry,
                self.document.read_only,
                exploratory=locked.exploratory if locked else (),
                may_amend=locked is not None and not self.session.read_only,
            )
        )
        self._show_summary()

    def _show_summary(self) -> None:
        locked = self._locked()
        read_only = self.session.read_only
        if locked is None:
            self._panes.summary.show_draft(self._assessment, read_only=read_only)
        else:
            is_running = self.session.compute.plan_task is not None
            self._panes.summary.show_locked(
                locked, self._assessment, is_running=is_running, read_only=read_only
            )

    def _show_empty(self) -> None:
        if self._contents is None:
            return
        missing = missing_for_draft(self._contents)
        if missing:
            self._empty.say(
                f"A plan needs {_listed(missing)} first",
                "The pages before this one make them; or import a plan that brings its own.",
            )
        else:
            self._empty.say(
                "There is no plan yet",
                "Start one above: everything but the methods is filled in, and can be changed "
                "and undone until you lock it.",
            )

    def _ask_trust(self, plugin: Plugin) -> None:
        def decide(files: PluginFiles) -> None:
            if questions.ask_trust(self, files):
                self.session.reader.ask(
                    self, "trust", lambda _: trust(plugin), lambda _: self.invalidate()
                )

        self.session.reader.ask(self, "trust", lambda _: read_plugin_files(plugin), decide)

    def _tell(self, message: str, remedy: str = "") -> None:
        self.session.faults.tell(Notice(message, remedy=remedy, is_fault=False))


def _listed(parts: tuple[str, ...]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
