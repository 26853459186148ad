"""Beside the plan: what it will do, what it may claim, and what keeps it from being locked."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from workbench.core.vocabulary import RunRole
from workbench.gui.pages.plan.contents import Assessment, LockedPlan
from workbench.gui.pages.plan.evidence_table import EvidenceTable
from workbench.gui.widgets.blocks import button, heading, muted
from workbench.gui.widgets.marks import role_icon
from workbench.gui.widgets.param_fields import title_of

_WIDTH = 236
_ROLES = {
    RunRole.ORIGINAL: ("Original", "The untouched model, which every attack must see through"),
    RunRole.REFERENCE: ("Retrained, band", "Models that never saw the forget rows"),
    RunRole.CONTROL: ("Retrained, control", "Retrained models that are judged and must pass"),
    RunRole.STRAW_MAN: ("Straw men", "Methods that are known to be wrong and must fail"),
    RunRole.CANDIDATE: ("Methods", "What is audited"),
}
_PATH = Qt.ItemDataRole.UserRole


class Summary(QFrame):
    """`fault_chosen` carries the path of a fault; the buttons are told what to do by the page."""

    fault_chosen = Signal(str)
    lock_asked = Signal()
    start_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", "true")
        self.setFixedWidth(_WIDTH)
        self._state = muted()
        self._runs = QLabel()
        self._counts = {role: _Count(role) for role in RunRole}
        self._cost = muted()
        self._claim = muted()
        self._evidence_head = heading("Evidence")
        self._evidence = EvidenceTable()
        self._claims = muted()
        self._shortfalls = muted()
        self._faults_head = heading("")
        self._faults = QListWidget()
        self._faults.setAccessibleName("What keeps the plan from being locked")
        self._faults.setWordWrap(True)
        self._faults.setFrameShape(QFrame.Shape.NoFrame)
        self._faults.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._faults.itemClicked.connect(self._choose)
        self._faults.itemActivated.connect(self._choose)
        self._lock = button("Lock plan…", primary=True)
        self._lock.clicked.connect(self.lock_asked)
        self._start = button("Start runs", primary=True)
        self._start.clicked.connect(self.start_asked)
        self._build()

    def show_draft(self, assessment: Assessment | None, *, read_only: bool) -> None:
        """What the draft would do; it can be locked when nothing is wrong with it."""
        faults = assessment.faults if assessment else ()
        self._state.setText("A draft, which can still be changed and undone")
        self._show(assessment)
        self._show_faults(assessment)
        self._start.hide()
        self._lock.show()
        self._lock.setEnabled(assessment is not None and not faults and not read_only)
        self._lock.setToolTip("Mend what is listed above first" if faults else "")

    def show_locked(
        self, plan: LockedPlan, assessment: Assessment | None, *, is_running: bool, read_only: bool
    ) -> None:
        """What a locked plan does, and how far it is."""
        self._state.setText(
            f"Locked as {plan.hash[:12]}. {plan.runs_done} runs are done"
            if plan.runs
            else f"Locked as {plan.hash[:12]}, and not started"
        )
        self._state.setToolTip(plan.hash)
        self._show(assessment)
        self._show_faults(None)
        total = assessment.cost.runs if assessment and assessment.cost else None
        is_done = plan.runs > 0 and (total is None or plan.runs_done >= total)
        self._lock.hide()
        self._start.setVisible(not is_done)
        self._start.setText("Resume runs" if plan.runs else "Start runs")
        self._start.setEnabled(not is_running and not read_only)
        self._start.setToolTip("A plan is running" if is_running else "")

    def _build(self) -> None:
        counts = QGridLayout()
        counts.setVerticalSpacing(2)
        for line, role in enumerate(_ROLES):
            self._counts[role].add_to(counts, line)
        counts.setColumnStretch(1, 1)
        inside = QWidget()
        parts = QVBoxLayout(inside)
        parts.setContentsMargins(0, 0, 4, 0)
        for part in (self._state, self._runs):
            parts.addWidget(part)
        parts.addLayout(counts)
        for part in (self._cost, self._claim, self._shortfalls, self._evidence_head):
            parts.addWidget(part)
        parts.addWidget(self._evidence)
        parts.addWidget(self._claims)
        parts.addStretch(1)
        scroll = QScrollArea()
        scroll.setAccessibleName("What this plan will do")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        for ground in (scroll.viewport(), inside):
            ground.setAutoFillBackground(False)  # the card shows through
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 6, 12)
        layout.addWidget(heading("What this plan will do"))
        layout.addWidget(scroll, 3)
        layout.addWidget(self._faults_head)
        layout.addWidget(self._faults, 2)
        layout.addWidget(self._lock)
        layout.addWidget(self._start)

    def _show(self, assessment: Assessment | None) -> None:
        cost = assessment.cost if assessment else None
        total = cost.runs if cost else 0
        self._runs.setText(f"{total} runs" if cost else "Complete it to see its runs and its cost")
        self._runs.setWordWrap(True)
        for role, count in self._counts.items():
            count.show(cost.by_role.get(role, 0) if cost else None)
        self._cost.setVisible(cost is not None)
        if cost is not None:
            self._cost.setText(f"{_time(cost.seconds)}. {cost.basis}")
        self._claim.setText(f"May claim: {assessment.claim}" if assessment else "")
        rungs = assessment.rungs if assessment else ()
        self._evidence_head.setVisible(bool(rungs))
        self._evidence.show_rungs(rungs)
        self._claims.setText("\n".join(assessment.claims) if assessment else "")
        self._claims.setVisible(bool(assessment and assessment.claims))
        notes = list(assessment.shortfalls) if assessment else []
        if assessment and assessment.not_tested:
            notes.append(f"Not decided by any criterion: {', '.join(assessment.not_tested)}.")
        self._shortfalls.setText("\n".join(notes))
        self._shortfalls.setVisible(bool(notes))

    def _show_faults(self, assessment: Assessment | None) -> None:
        faults = assessment.faults if assessment else ()
        self._faults_head.setText(f"To fix first ({len(faults)})")
        self._faults_head.setVisible(bool(faults))
        self._faults.setVisible(bool(faults))
        shown = [(item.text(), item.data(_PATH)) for item in self._items()]
        wanted = [(f"{where(fault.path)}: {fault.message}", fault.path) for fault in faults]
        if shown == wanted:
            return
        self._faults.clear()
        for text, path in wanted:
            item = QListWidgetItem(text)
            item.setData(_PATH, path)
            item.setToolTip(f"{text} Click to go there.")
            self._faults.addItem(item)

    def _items(self) -> list[QListWidgetItem]:
        return [self._faults.item(i) for i in range(self._faults.count())]

    def _choose(self, item: QListWidgetItem) -> None:
        self.fault_chosen.emit(item.data(_PATH))


class _Count:
    """How many runs are made in one role."""

    def __init__(self, role: RunRole) -> None:
        title, tip = _ROLES[role]
        self._role = role
        self._icon = QLabel()
        self._title = QLabel(title)
        self._number = QLabel()
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight)
        for label in (self._title, self._number):
            label.setToolTip(tip)

    def add_to(self, grid: QGridLayout, line: int) -> None:
        for column, label in enumerate((self._icon, self._title, self._number)):
            grid.addWidget(label, line, column)

    def show(self, number: int | None) -> None:
        self._icon.setPixmap(role_icon(self._role).pixmap(14, 14))
        self._number.setText("" if number is None else str(number))
        for label in (self._icon, self._title, self._number):
            label.setVisible(number is not None)


def where(path: str) -> str:
    """A path like "methods.0.params.alpha" in words: "Methods 1, params, alpha"."""
    if not path:
        return "The plan"
    words = [f"{int(part) + 1}" if part.isdecimal() else part for part in path.split(".")]
    told = title_of(words[0])
    for word in words[1:]:
        told += f" {word}" if word.isdecimal() else f", {word.replace('_', ' ')}"
    return told


def _time(seconds: float | None) -> str:
    """An estimate is rough, and should look it."""
    if seconds is None:
        return "The time is not known"
    minutes = seconds / 60
    if minutes < 1:
        return "Less than a minute of computing"
    if minutes < 90:
        return f"About {minutes:.0f} min of computing"
    return f"About {minutes / 60:.0f} h of computing"
