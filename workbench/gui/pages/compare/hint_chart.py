"""A chart that explains what is under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip, QWidget

from workbench.gui.widgets.chart import Chart

_LONGEST = 24  # characters of a name beside an axis


class HintChart(Chart):
    """A subclass says in `hint` what is where. Axes keep their unit, however large the numbers."""

    def __init__(self, name: str, x_title: str, y_title: str, parent: QWidget | None = None):
        super().__init__(name, x_title, y_title, parent)
        for side in ("bottom", "left"):
            self.getPlotItem().getAxis(side).enableAutoSIPrefix(False)

    def hint(self, x: float, y: float) -> str:
        """What to say about a place in units of the axes; "" for nothing."""
        raise NotImplementedError

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.hint(*self.place_of(event.pos())), self)
            return True
        return bool(super().viewportEvent(event))

    def place_of(self, position: QPoint) -> tuple[float, float]:
        """A position in the widget, in units of the axes."""
        found = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(position))
        return found.x(), found.y()


def short(name: str) -> str:
    """A name as it fits beside an axis."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
