"""The bar on top of the comparing pages: plan, forget set, model A and model B."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from workbench.gui.session.choice import Choice, RunOption

_FIELDS = {
    "plan": ("Plan", "Which plan is looked at"),
    "forget_set": ("Forget set", "Which forget set of the plan is looked at"),
    "a": ("A", "Model A; every page compares A with B"),
    "b": ("B", "Model B; every page compares A with B"),
}


class ChoiceBar(QWidget):
    """Shows and changes the shared choice. `fields` leaves some of it out."""

    def __init__(
        self,
        choice: Choice,
        parent: QWidget | None = None,
        *,
        fields: Iterable[str] = tuple(_FIELDS),
    ) -> None:
        super().__init__(parent)
        self._choice = choice
        self._boxes: dict[str, QComboBox] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for field in fields:
            label, tip = _FIELDS[field]
            box = QComboBox()
            box.setAccessibleName(label if len(label) > 1 else f"Model {label}")
            box.setToolTip(tip)
            box.setMinimumContentsLength(8)
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            caption = QLabel(label)
            caption.setBuddy(box)
            layout.addWidget(caption)
            layout.addWidget(box, 1)
            self._boxes[field] = box
            box.activated.connect(lambda _, field=field: self._chosen(field))
        choice.changed.connect(self._show)
        self._show()

    def _chosen(self, field: str) -> None:
        self._choice.set(**{field: self._boxes[field].currentData()})

    def _show(self) -> None:
        plan, chosen = self._choice.plan, self._choice.chosen
        runs = plan.runs_on(chosen.forget_set) if plan else ()
        offered: dict[str, list[tuple[str, int]]] = {
            "plan": [(one.name, one.id) for one in self._choice.options],
            "forget_set": [(name, id_) for id_, name in plan.forget_sets.items()] if plan else [],
            "a": _titles(runs),
            "b": _titles(runs),
        }
        for field, box in self._boxes.items():
            with QSignalBlocker(box):
                box.clear()
                for text, data in offered[field]:
                    box.addItem(text, data)
                box.setCurrentIndex(box.findData(getattr(chosen, field)))
            box.setEnabled(box.count() > 0)


def _titles(runs: Iterable[RunOption]) -> list[tuple[str, int]]:
    return [(run.title, run.id) for run in runs]
