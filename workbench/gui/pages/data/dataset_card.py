"""The facts about a dataset."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QWidget

from workbench.core.dataset import SPLITS
from workbench.gui.pages.data.class_chart import SPLIT_NAMES
from workbench.gui.pages.data.contents import DatasetSummary
from workbench.gui.widgets.blocks import muted

_FACTS = {
    "Task": "What a model of these rows is asked for",
    "Rows": "Non-members are in no training run; membership attacks need them",
    "Input": "Shape of one row",
    "Classes": "",
    "Columns": "Metadata that rules and selectors may ask about, beside class and row",
    "Source": "What it was imported with",
    "Fingerprint": "Hash of everything a number can depend on",
}
_SHORT = 12  # characters of a hash
_CLASSES_SHOWN = 12


class DatasetCard(QWidget):
    """Facts in lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: dict[str, QLabel] = {}
        facts = QFormLayout(self)
        facts.setContentsMargins(0, 0, 0, 0)
        facts.setVerticalSpacing(4)
        facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        for name, tip in _FACTS.items():
            caption, value = muted(name), QLabel()
            caption.setWordWrap(False)
            value.setWordWrap(True)
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for label in (caption, value):
                label.setToolTip(tip)
            facts.addRow(caption, value)
            self._values[name] = value

    def show_summary(self, summary: DatasetSummary) -> None:
        rows = summary.rows
        shown = {
            "Task": summary.task.replace("_", " "),
            "Rows": ", ".join(f"{rows[split]:,} {SPLIT_NAMES[split]}" for split in SPLITS),
            "Input": " \N{MULTIPLICATION SIGN} ".join(map(str, summary.input_shape)),
            "Classes": _classes(summary.class_names),
            "Columns": ", ".join(summary.columns) or "none",
            "Source": summary.source,
            "Fingerprint": summary.fingerprint[:_SHORT],
        }
        for name, text in shown.items():
            self._values[name].setText(text)
        self._values["Fingerprint"].setToolTip(summary.fingerprint)


def _classes(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:_CLASSES_SHOWN])
    more = len(names) - _CLASSES_SHOWN
    return f"{len(names)}: {shown}" + (f" and {more} more" if more > 0 else "")
