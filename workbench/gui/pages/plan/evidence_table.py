"""The rungs of the reference ladder beside a plan: what each takes, and what it lets one claim."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from workbench.audit.rung_cost import RungCost
from workbench.core.vocabulary import Rung
from workbench.gui.widgets.blocks import muted

_HEADS = ("Rung", "Models", "Time", "May claim")
_NUMBERS = (1, 2)
_MARK = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}"


class EvidenceTable(QWidget):
    """One line a rung, the one that the plan reaches marked; the rest is said on hovering."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Evidence")
        self._lines = {rung: tuple(QLabel() for _ in _HEADS) for rung in Rung}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        for column, head in enumerate(_HEADS):
            label = muted(head)
            label.setWordWrap(False)
            grid.addWidget(label, 0, column, _alignment(column))
        for line, labels in enumerate(self._lines.values(), start=1):
            for column, label in enumerate(labels):
                label.setTextFormat(Qt.TextFormat.PlainText)
                grid.addWidget(label, line, column, _alignment(column))
            labels[-1].setWordWrap(True)
        grid.setColumnStretch(len(_HEADS) - 1, 1)

    def show_rungs(self, rungs: tuple[RungCost, ...]) -> None:
        """Show these, or nothing if there are none."""
        self.setVisible(bool(rungs))
        for one in rungs:
            self._show(one)

    def _show(self, one: RungCost) -> None:
        words = (
            f"{_MARK} {one.rung}" if one.is_planned else str(one.rung),
            f"{one.trainings:,}",
            short_time(one.seconds),
            one.step.brief,
        )
        for label, text in zip(self._lines[one.rung], words, strict=True):
            label.setText(text)
            label.setToolTip(f"<p>{_details(one)}</p>")
            font = label.font()
            font.setBold(one.is_planned)
            label.setFont(font)
        name = f"{one.rung}, planned" if one.is_planned else str(one.rung)
        self._lines[one.rung][0].setAccessibleName(name)


def short_time(seconds: float | None) -> str:
    """A rough time in as few letters as it takes; a question mark if it is not known."""
    if seconds is None:
        return "?"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def _details(one: RungCost) -> str:
    size = "" if one.size is None else f" Their weights take {one.size / 1e6:,.1f} MB."
    return (
        f"Takes {one.step.needs}: {one.trainings:,} trained models and {one.unlearnings:,} runs of "
        f"methods, of which {one.further_trainings:,} and {one.further_unlearnings:,} are beyond "
        f"this plan.{size} {one.unknown} May claim: {one.step.claim}"
    )


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in _NUMBERS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignTop
