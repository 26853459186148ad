"""The probabilities that each model gives to the leading classes of one row."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QPen
from PySide6.QtWidgets import QWidget

from workbench.core import palette
from workbench.core.vocabulary import RunRole
from workbench.gui.pages.inspect.contents import RowView
from workbench.gui.theme import theme
from workbench.gui.widgets.chart import Chart
from workbench.report.display import percent

_GROUP = 0.84
"""Height of the bars of one class together; classes are 1 apart."""
_ROOM = 0.22
"""Beside the longest bar, for its number."""
_FILLS = {
    "Original": Qt.BrushStyle.Dense4Pattern,
    "A": Qt.BrushStyle.SolidPattern,
    "B": Qt.BrushStyle.BDiagPattern,
}


class Predictions(Chart):
    """Bars for original, A and B; for the retrained models their range with a line at the mean."""

    _view: RowView | None = None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Predicted probabilities", "", "", parent)
        self.setMouseEnabled(x=False, y=False)
        self.setMinimumSize(200, 150)
        self.getPlotItem().showGrid(x=False, y=False)
        self.getPlotItem().getViewBox().invertY(True)

    def show_row(self, view: RowView) -> None:
        self._view = view
        names = [view.class_names[class_] for class_ in view.classes]
        columns = {name: answer.probabilities for name, answer in view.named}
        columns |= {one.run.title: one.probabilities for one in view.references}
        self.table = {"class": names} | {
            name: [float(values[class_]) for class_ in view.classes]
            for name, values in columns.items()
        }
        self.draw()

    def draw(self) -> None:
        plot = self.getPlotItem()
        plot.clear()
        view = self._view
        if view is None:
            return
        plot.getAxis("left").setTicks([[(i, _tick(view, c)) for i, c in enumerate(view.classes)]])
        plot.getAxis("left").setTextPen(theme.colour(palette.INK))
        series = len(view.named) + bool(view.references)
        height = _GROUP / series
        for index, (name, answer) in enumerate(view.named):
            places = np.arange(len(view.classes)) + (index + 0.5) * height - _GROUP / 2
            self._draw_bars(name, answer.run.role, places, height, answer.probabilities)
        if view.references:
            places = np.arange(len(view.classes)) + (series - 0.5) * height - _GROUP / 2
            self._draw_band(view, places, height)
        plot.setXRange(0, 1 + _ROOM, padding=0)
        plot.setYRange(-0.5, len(view.classes) - 0.5, padding=0.02)
        plot.getAxis("bottom").setTicks([[(i / 4, f"{25 * i} %") for i in range(5)]])

    def _draw_bars(
        self, name: str, role: RunRole, places: np.ndarray, height: float, values: np.ndarray
    ) -> None:
        assert self._view is not None  # noqa: S101 - only called while drawing a view
        shown = values[list(self._view.classes)]
        colour = theme.colour(palette.ROLES[role])
        self.addItem(
            pg.BarGraphItem(
                x0=0,
                y=places,
                width=shown,
                height=0.8 * height,
                brush=QBrush(colour, _FILLS[name]),
                pen=pg.mkPen(colour, width=1),
            )
        )
        for place, value in zip(places, shown, strict=True):
            self._write(f"{name} {percent(value)}", value, place)
