"""The Compare page: two models beside the retrained ones, and all methods beside each other."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QStackedWidget, QTabWidget, QVBoxLayout, QWidget

from workbench.core.vocabulary import RunRole, Split
from workbench.gui.faults import notice_of
from workbench.gui.pages.compare.class_accuracy import ClassAccuracy, read_class_accuracy
from workbench.gui.pages.compare.classes import ClassesPane
from workbench.gui.pages.compare.contents import Comparison, read_comparison
from workbench.gui.pages.compare.methods import MethodsPane
from workbench.gui.pages.compare.number_filter import NumberFilter
from workbench.gui.pages.compare.scoreboard import Scoreboard
from workbench.gui.pages.compare.times import TimesPane
from workbench.gui.pages.page import Page
from workbench.gui.session.choice import RunOption
from workbench.gui.session.path_state import Step
from workbench.gui.session.session import Session
from workbench.gui.widgets.blocks import EmptyState, page_head
from workbench.gui.widgets.choice_bar import ChoiceBar

_PURPOSE = "How do two models differ, and does B behave like a model that never saw the rows?"


class ComparePage(Page):
    """Shows the choice of the session; nothing of it is its own."""

    step = Step.COMPARE
    watches = frozenset({"run", "metric", "verdict", "criterion"})

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._has_classes = False
        self._roles = RunRole.ORIGINAL, RunRole.CANDIDATE
        self.comparison: Comparison | None = None
        self.scoreboard = Scoreboard()
        self.methods = MethodsPane()
        self.classes = ClassesPane()
        self.times = TimesPane()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName("Views")
        self.tabs.addTab(self.scoreboard, "Scoreboard")
        self.tabs.addTab(self.methods, "All methods")
        self.tabs.addTab(self.classes, "Classes")
        self.tabs.addTab(self.times, "Time")
        self.numbers = NumberFilter()
        self.tabs.setCornerWidget(self.numbers)
        self._empty = EmptyState()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.tabs)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addLayout(page_head(self.step, _PURPOSE))
        layout.addWidget(ChoiceBar(session.choice))
        layout.addWidget(self._stack, 1)
        self.tabs.currentChanged.connect(self._tab_changed)
        self.numbers.changed.connect(self._show_scores)
        self.methods.run_chosen.connect(lambda run: session.choice.set(b=run))
        self.follow(session.choice.changed, session.state_changed)

    def refresh(self) -> None:
        choice, reader = self.session.choice, self.session.reader
        self._has_classes = False
        plan, forget_set, a, b = choice.plan, choice.chosen.forget_set, choice.a, choice.b
        if plan is None or forget_set is None or a is None or b is None:
            reader.drop(self, "comparison")
            reader.drop(self, "classes")
            self._say(*self._missing())
            return
        plan_id, a_id, b_id = plan.id, a.id, b.id
        reader.ask(
            self,
            "comparison",
            lambda project: read_comparison(project, plan_id, forget_set, a_id, b_id),
            lambda comparison: self._take(comparison, a, b),
            self._fail,
        )

    def copy_scoreboard(self) -> None:
        """Copy the numbers that the scoreboard shows as a table."""
        self.scoreboard.copy_table()

    def _missing(self) -> tuple[str, str]:
        missing = self.session.state.missing(self.step)
        if missing:
            return missing, "Here the models are compared, once there are some"
        return "There are no two models to compare yet", "Let a run of a method finish"

    def _take(self, comparison: Comparison, a: RunOption, b: RunOption) -> None:
        self.comparison = comparison
        self._roles = a.role, b.role
        self.numbers.offer(comparison.groups)
        self._show_scores()
        self.methods.show_spreads(comparison.spreads, a.id, b.id)
        self.times.show_times(comparison.times)
        self._stack.setCurrentWidget(self.tabs)
        if self.tabs.currentWidget() is self.classes:
            self._ask_classes()
        else:
            self.refreshed.emit()

    def _tab_changed(self) -> None:
        self.numbers.setVisible(self.tabs.currentWidget() is self.scoreboard)
        self._ask_classes()

    def _show_scores(self) -> None:
        """The numbers of the comparison that the filter lets through."""
        if self.comparison is not None:
            groups = self.numbers.matching(self.comparison.groups)
            self.scoreboard.show_groups(groups, *self._roles)

    def _ask_classes(self) -> None:
        """The outputs are read only for whoever looks at the classes."""
        choice = self.session.choice
        plan, forget_set, a, b = choice.plan, choice.chosen.forget_set, choice.a, choice.b
        shown = self.tabs.currentWidget() is self.classes and self.isVisible()
        if not shown or self._has_classes or not (plan and forget_set and a and b):
            return
        plan_id, a_id, b_id = plan.id, a.id, b.id
        self.session.reader.ask(
            self,
            "classes",
            lambda project: read_class_accuracy(project, plan_id, forget_set, a_id, b_id),
            lambda found: self._take_classes(found, a, b),
            self._fail,
        )

    def _take_classes(
        self, found: Mapping[Split, ClassAccuracy], a: RunOption, b: RunOption
    ) -> None:
        self._has_classes = True
        self.classes.show_classes(found, a, b)
        self.refreshed.emit()

    def _fail(self, fault: Exception) -> None:
        notice = notice_of(fault)
        self._say(notice.message, notice.remedy)

    def _say(self, sentence: str, hint: str = "") -> None:
        self.comparison = None
        self._empty.say(sentence, hint)
        self._stack.setCurrentWidget(self._empty)
        self.refreshed.emit()
