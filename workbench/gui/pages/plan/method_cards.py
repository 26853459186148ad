"""Cards of methods: one that is in the plan, and one that could be added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from workbench.audit.plan import MethodChoice
from workbench.core.vocabulary import Exactness
from workbench.gui.pages.plan.contents import Offer
from workbench.gui.widgets.blocks import button, fault_label, heading, muted, row, set_fault
from workbench.gui.widgets.params_form import ParamsForm
from workbench.plugin_api import Contribution, Need

_EXACTNESS = {
    Exactness.EXACT: "By design the result is one that never saw the forget set",
    Exactness.CERTIFIED: "It comes with a mathematical bound on what may be left",
    Exactness.APPROXIMATE: "It promises nothing; the audit shows what it reached",
}
_NEEDS = {
    Need.FORGET: "forget rows",
    Need.RETAIN: "retain rows",
    Need.LABELS: "labels",
    Need.RECIPE: "the recipe",
    Need.ARCHITECTURE: "the architecture",
    Need.OUTPUTS: "stored outputs",
}


class _Card(QFrame):
    """A raised ground with the title of a method and its badge."""

    def __init__(self, title: str, declared: Contribution | None) -> None:
        super().__init__()
        self.setProperty("card", "true")
        self.parts = QVBoxLayout(self)
        self.parts.setContentsMargins(12, 10, 12, 10)
        self.parts.setSpacing(6)
        self.head = QHBoxLayout()
        name = heading(title)
        name.setWordWrap(True)
        self.head.addWidget(name, 1)
        if declared is not None and declared.exactness is not None:
            self.head.addWidget(_badge(declared.exactness), 0, Qt.AlignmentFlag.AlignVCenter)
        self.parts.addLayout(self.head)


class ChosenMethod(_Card):
    """A method in the plan: label and seeds, and its settings behind a button."""

    changed = Signal()
    removed = Signal()

    def __init__(self, method: str, offer: Offer | None) -> None:
        super().__init__(
            offer.title if offer else method, offer.contributed.declared if offer else None
        )
        self._method, self._offer = method, offer
        self._params: ParamsForm | None = None
        self._given: Mapping[str, Any] = {}
        self._read_only = False
        self._choice = ParamsForm(MethodChoice, only=("label", "seeds"))
        self._choice.changed.connect(self.changed)
        self._settings = QToolButton()
        self._settings.setText("Settings")
        self._settings.setCheckable(True)
        self._settings.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._settings.setArrowType(Qt.ArrowType.RightArrow)
        self._settings.setAutoRaise(True)
        self._settings.toggled.connect(self._show_settings)
        self._remove = button("Remove")
        self._remove.clicked.connect(self.removed)
        self._fault = fault_label()
        self.head.addWidget(self._remove, 0, Qt.AlignmentFlag.AlignVCenter)
        self.parts.addWidget(self._choice)
        self.parts.addWidget(self._fault)
        self.parts.addLayout(row(self._settings))
        self._settings.setVisible(offer is not None and offer.params is not None)
        set_fault(self._fault, offer.problem if offer else "No plugin offers this method here")

    def is_of(self, method: object, offer: Offer | None) -> bool:
        """Whether this card can go on showing this method."""
        return (method, offer) == (self._method, self._offer)

    def show_choice(self, choice: Mapping[str, Any], *, read_only: bool) -> None:
        self._choice.set_values({"id": self._method, **choice})
        label = choice.get("label") or self._method
        self._settings.setAccessibleName(f"Settings of {label}")
        self._remove.setAccessibleName(f"Remove {label}")
        self._given, self._read_only = choice.get("params", {}), read_only
        self._choice.set_read_only(read_only)
        self._remove.setVisible(not read_only)
        if self._params is not None:
            self._params.set_values(self._given)
            self._params.set_read_only(read_only)

    def values(self) -> dict[str, Any]:
        """What the user may have changed of the choice."""
        changed = self._choice.values()
        changed["params"] = self._params.values() if self._params else dict(self._given)
        return changed

    def go_to(self, field: str) -> None:
        if field.startswith("params") or not field:
            self._settings.setChecked(self._settings.isVisibleTo(self))
        self._choice.focus(field if field in ("label", "seeds") else "label")

    def _show_settings(self, is_open: bool) -> None:
        """The form is made when it is first opened: a plan may have many methods."""
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._settings.setArrowType(arrow)
        if is_open and self._params is None and self._offer and self._offer.params:
            self._params = ParamsForm(self._offer.params, self._given)
            self._params.set_read_only(self._read_only)
            self._params.changed.connect(self.changed)
            self.parts.addWidget(self._params)
        if self._params is not None:
            self._params.setVisible(is_open)


class OfferedMethod(_Card):
    """A method that could be added: what it does, what it needs and costs, where it is from."""

    added = Signal()
    trust_asked = Signal(object)

    def __init__(self, offer: Offer) -> None:
        declared = offer.contributed.declared
        super().__init__(offer.title, declared)
        self._add = button("Add to plan", f"Add {offer.title} to the plan")
        self._add.clicked.connect(lambda: self.added.emit())
        self._unfit = fault_label()
        self.parts.addWidget(_wrapped(declared.summary))
        for text in _facts(declared):
            self.parts.addWidget(muted(text))
        self.parts.addWidget(self._unfit)
        actions: list[QWidget] = [self._add]
        if not offer.is_trusted:
            trust = button("Trust…", f"Trust the plugin of {offer.title}")
            plugin = offer.contributed.plugin
            trust.setToolTip(f"Look at the files of {plugin.folder} and let them run")
            trust.clicked.connect(lambda: self.trust_asked.emit(plugin))
            actions.append(trust)
        self.parts.addLayout(row(*actions))

    def show_fit(self, unfit: str, *, read_only: bool) -> None:
        self._add.setEnabled(not unfit and not read_only)
        set_fault(self._unfit, unfit)


def _facts(declared: Contribution) -> list[str]:
    needs = ", ".join(_NEEDS[need] for need in declared.needs) or "only the model"
    facts = [f"Needs {needs}"]
    if declared.cost:
        facts.append(f"Costs {declared.cost}")
    if declared.citation:
        facts.append(declared.citation)
    return facts


def _badge(exactness: Exactness) -> QLabel:
    badge = muted(str(exactness))
    badge.setWordWrap(False)
    badge.setToolTip(_EXACTNESS[exactness])
    return badge


def _wrapped(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
