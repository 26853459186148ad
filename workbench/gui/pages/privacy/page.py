"""The Privacy page: could somebody tell that a forgotten row was once in the training data?"""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.core.vocabulary import PluginKind
from workbench.gui.faults import notice_of
from workbench.gui.pages.compared_runs import compared_runs
from workbench.gui.pages.page import Page
from workbench.gui.pages.privacy.contents import AttackView, read_attack
from workbench.gui.pages.privacy.histograms import Histograms
from workbench.gui.pages.privacy.numbers import Numbers, missing_reasons
from workbench.gui.pages.privacy.roc_chart import RocChart
from workbench.gui.session.path_state import Step
from workbench.gui.session.session import Session
from workbench.gui.widgets.blocks import EmptyState, button, muted, page_head, row
from workbench.gui.widgets.choice_bar import ChoiceBar
from workbench.report.display import count, percent
from workbench.store import Project

_PURPOSE = "Can an attacker tell the forget rows from comparable rows that no model ever saw?"


class PrivacyPage(Page):
    """One membership attack on models A and B, beside the original and the retrained ones."""

    step = Step.PRIVACY
    watches = frozenset({"run_artifact"})

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._attack = ""
        self._threshold = 0.0
        self._threshold_of: tuple[int, str] | None = None
        self._view: AttackView | None = None
        self._empty = EmptyState()
        self._attacks = QComboBox()
        self._attacker = muted()
        self._log = QCheckBox("Logarithmic axes")
        self._histograms = Histograms()
        self._roc = RocChart()
        self._spin = QDoubleSpinBox()
        self._reset = button("Reset", "Reset threshold")
        self._sentence = QLabel()
        self._numbers = Numbers()
        self._missing = muted()
        self._name_controls()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._arranged())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addLayout(page_head(self.step, _PURPOSE))
        layout.addWidget(ChoiceBar(session.choice))
        layout.addWidget(self._stack, 1)
        self._attacks.activated.connect(self._choose_attack)
        self._log.toggled.connect(self._roc.set_logarithmic)
        self._spin.valueChanged.connect(self.move_threshold)
        self._reset.clicked.connect(self.reset_threshold)
        self._histograms.threshold_moved.connect(self.move_threshold)
        self.follow(session.choice.changed, session.state_changed)

    @property
    def view(self) -> AttackView | None:
        """What is shown, None if nothing is."""
        return self._view

    def refresh(self) -> None:
        choice = self.session.choice
        plan, forget_set = choice.plan, choice.chosen.forget_set
        if plan is None or forget_set is None:
            self.session.reader.drop(self, "attack")
            self._say(self.session.state.missing(self.step) or "No run has finished yet")
            return
        runs = compared_runs(choice)
        attack, registry, plan_id = self._attack, self.session.registry, plan.id

        def read(project: Project) -> AttackView:
            return read_attack(
                project, registry, runs, plan_id=plan_id, forget_set_id=forget_set, attack=attack
            )

        self.session.reader.ask(
            self, "attack", read, lambda view: self._take(view, forget_set), self._fail
        )

    def move_threshold(self, threshold: float) -> None:
        """Show what the attack finds with this threshold."""
        view = self._view
        if view is None:
            return
        self._threshold = min(max(threshold, view.axis.edges[0]), view.axis.edges[-1])
        self._histograms.set_threshold(self._threshold)
        self._roc.set_threshold(self._threshold)
        self._numbers.set_threshold(self._threshold)
        with QSignalBlocker(self._spin):
            self._spin.setValue(self._threshold)
        self._sentence.setText(_in_words(view, self._threshold))

    def reset_threshold(self) -> None:
        """Back to where one in ten non-members is called a member."""
        if self._view is not None:
            self.move_threshold(self._view.threshold)

    def _choose_attack(self) -> None:
        self._attack = self._attacks.currentData()
        self.invalidate()

    def _take(self, view: AttackView, forget_set: int) -> None:
        if view.unavailable:
            self._say(view.unavailable)
            return
        self._view = view
        self._show_attack(view)
        self._histograms.show_view(view)
        self._roc.show_view(view)
        self._numbers.show_view(view)
        reasons = missing_reasons(view)
        self._missing.setText(reasons)
        self._missing.setVisible(bool(reasons))
        with QSignalBlocker(self._spin):
            self._spin.setDecimals(view.axis.decimals)
            self._spin.setRange(view.axis.edges[0], view.axis.edges[-1])
        # the scores of another attack or forget set have another scale
        is_same = self._threshold_of == (forget_set, view.attack)
        self._threshold_of = (forget_set, view.attack)
        self.move_threshold(self._threshold if is_same else view.threshold)
        self._stack.setCurrentIndex(1)
        self.refreshed.emit()

    def _show_attack(self, view: AttackView) -> None:
        with QSignalBlocker(self._attacks):
            self._attacks.clear()
            for attack in view.attacks:
                self._attacks.addItem(self._title_of(attack), attack)
            self._attacks.setCurrentIndex(self._attacks.findData(view.attack))
        self._attacker.setText(view.attacker)

    def _title_of(self, attack: str) -> str:
        known = self.session.registry.contributions(PluginKind.ATTACK)
        return next((one.declared.title for one in known if one.id == attack), attack)

    def _fail(self, fault: Exception) -> None:
        self.session.faults.report(fault)
        notice = notice_of(fault)
        self._say(notice.message, notice.remedy)

    def _say(self, sentence: str, hint: str = "") -> None:
        self._view = None
        self._empty.say(sentence, hint)
        self._stack.setCurrentIndex(0)
        self.refreshed.emit()

    def _name_controls(self) -> None:
        self._attacks.setAccessibleName("Attack")
        self._attacks.setToolTip("Which membership attack of the plan is shown")
        self._log.setAccessibleName("Logarithmic axes")
        self._log.setToolTip(
            "Shows what an attacker can tell with few mistakes; rates of 0 lie on the lower edge"
        )
        self._spin.setAccessibleName("Threshold")
        self._spin.setToolTip("Rows with a larger score are called members; drag the line, or type")
        self._spin.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self._spin.setKeyboardTracking(False)
        self._sentence.setWordWrap(True)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._attacker.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._reset.setToolTip("Where one in ten non-members is called a member under B")

    def _arranged(self) -> QWidget:
        attack, threshold = QLabel("Attack"), QLabel("Threshold")
        attack.setBuddy(self._attacks)
        threshold.setBuddy(self._spin)
        roc_title = QLabel("ROC curves")
        curves, beside_curves = QVBoxLayout(), QVBoxLayout()
        curves.setSpacing(2)
        curves.addWidget(roc_title)
        curves.addWidget(self._roc, 1)
        beside_curves.addWidget(self._numbers, 1)
        beside_curves.addStretch()
        lower = QHBoxLayout()
        lower.addLayout(curves, 2)
        lower.addLayout(beside_curves, 3)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(attack, self._attacks, self._attacker, self._log, stretch=2))
        layout.addWidget(self._histograms, 1)
        layout.addLayout(row(threshold, self._spin, self._reset, self._sentence, stretch=3))
        layout.addLayout(lower, 2)
        layout.addWidget(self._missing)
        return page


def _in_words(view: AttackView, threshold: float) -> str:
    """How many rows would be called members, under B if there is one."""
    model = view.b or view.a
    if model is None:
        return ""
    called = model.called(threshold)
    return (
        f"Under {'B' if model is view.b else 'A'}, {called.hits} of "
        f"{count(called.n_forget, 'forget row')} would be called members, "
        f"and {percent(called.fpr)} of non-members"
    )
