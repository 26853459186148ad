"""Values of the features of a row that is no image, one bar each."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QBrush, QColor
from PySide6.QtWidgets import QWidget

from workbench.core import palette
from workbench.gui.theme import theme
from workbench.gui.widgets.chart import Chart


class FeatureBars(Chart):
    """Bars up and down from zero; with `is_signed` in the colours of the diverging scale."""

    _values: NDArray[np.float64] = np.empty(0)
    _scale: float = 1.0

    _is_signed: bool = False

    def __init__(
        self, name: str, parent: QWidget | None = None, *, is_signed: bool = False
    ) -> None:
        super().__init__(name, "feature", "", parent)
        self._is_signed = is_signed
        self.setMinimumSize(96, 96)

    def set_values(self, values: NDArray[np.float64], scale: float) -> None:
        """Values (d,); the axis reaches from minus to plus `scale`."""
        self._values, self._scale = values, scale
        self.table = {"feature": list(range(len(values))), "value": values.tolist()}
        self.draw()

    def draw(self) -> None:
        plot = self.getPlotItem()
        plot.clear()
        if not len(self._values):
            return
        bars = pg.BarGraphItem(
            x=np.arange(len(self._values)),
            height=self._values,
            width=0.8,
            brushes=self._brushes(),
            pen=pg.mkPen(None),
        )
        plot.addItem(bars)
        zero = pg.InfiniteLine(0, angle=0, pen=pg.mkPen(theme.colour(palette.MUTED)))
        plot.addItem(zero)
        lowest = -self._scale if self._values.min() < 0 else 0
        plot.setYRange(lowest, self._scale or 1.0, padding=0.03)
        plot.setXRange(-0.5, len(self._values) - 0.5, padding=0)

    def _brushes(self) -> list[QBrush]:
        if not self._is_signed:
            return [QBrush(theme.colour(palette.ACCENT))] * len(self._values)
        below, _, above = (QBrush(QColor(*colour)) for colour in palette.DIVERGING)
        return [above if value > 0 else below for value in self._values]
