"""The probabilities that each model gives to the leading classes of one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QResizeEvent
from PySide6.QtWidgets import QWidget

from workbench.core import palette
from workbench.core.palette import Tone
from workbench.gui.pages.inspect.contents import RowView
from workbench.gui.theme import theme
from workbench.gui.widgets.chart import Chart
from workbench.report.display import percent, span

_GROUP = 0.86
"""Height of the bars of one class together; classes are 1 apart."""
_WORDS = 146
"""Pixels beside the longest bar, for its name and number."""
_LABELS = 60
"""Pixels that the names of the classes take about."""
_LINE = 14  # pixels that a bar needs for its words
_MOST = 5  # classes
_LONGEST = 14  # letters of a class name
_SHORTEST = 60  # pixels of a bar of 100 %
_FILLS = {
    "Original": Qt.BrushStyle.Dense4Pattern,
    "A": Qt.BrushStyle.SolidPattern,
    "B": Qt.BrushStyle.BDiagPattern,
}

Values = NDArray[np.floating[Any]]


class Predictions(Chart):
    """Bars for original, A and B; for the retrained models their range with a line at the mean."""

    _view: RowView | None = None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Predicted probabilities", "", "", parent)
        self.setMouseEnabled(x=False, y=False)
        self.setMinimumSize(200, 130)
        self.getPlotItem().getViewBox().invertY(True)
        self.getAxis("bottom").setTicks([[(0, "0 %"), (1, "100 %")], [(0.5, "")]])

    def show_row(self, view: RowView) -> None:
        self._view = view
        classes = view.leading(_MOST)
        columns = {name: answer.probabilities for name, answer in view.named}
        columns |= {one.run.title: one.probabilities for one in view.references}
        self.table = {"class": [view.class_names[one] for one in classes]} | {
            name: values[classes].tolist() for name, values in columns.items()
        }
        self.draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.draw()

    def draw(self) -> None:
        view = self._view
        if view is None:
            return
        plot = self.getPlotItem()
        plot.clear()
        plot.showGrid(x=True, y=False, alpha=0.15)
        series = len(view.named) + bool(view.references)
        classes = view.leading(max(1, min(_MOST, self.height() // (_LINE * series + 4))))
        places = np.arange(len(classes)) - _GROUP / 2 + _GROUP / series / 2
        height = 0.8 * _GROUP / series
        for name, answer in view.named:
            tone = palette.ROLES[answer.run.role]
            self._draw_bars(name, tone, places, height, answer.probabilities[classes])
            places = places + _GROUP / series
        if view.references:
            every = np.stack([one.probabilities[classes] for one in view.references])
            self._draw_band(places, height, every)
        self.getAxis("left").setTicks([[(i, _tick(view, one)) for i, one in enumerate(classes)]])
        self.getAxis("left").setTextPen(theme.colour(palette.INK))
        bars = max(self.width() - _LABELS - _WORDS, _SHORTEST)
        plot.setXRange(0, 1 + _WORDS / bars, padding=0)
        plot.setYRange(-0.5, len(classes) - 0.5, padding=0.02)

    def _draw_bars(
        self, name: str, tone: Tone, places: Values, height: float, shown: Values
    ) -> None:
        colour = theme.colour(tone)
        bars = pg.BarGraphItem(
            x0=0,
            y=places,
            width=shown,
            height=height,
            brush=QBrush(colour, _FILLS[name]),
            pen=pg.mkPen(colour, width=1),
        )
        self.addItem(bars)
        self._write([f"{name} {percent(value)}" for value in shown], shown, places)

    def _draw_band(self, places: Values, height: float, every: Values) -> None:
        """Shares of every retrained model (k, classes) as ranges."""
        low, high, mean = every.min(axis=0), every.max(axis=0), every.mean(axis=0)
        colour = theme.colour(palette.RETRAINED)
        bars = pg.BarGraphItem(
            x0=low,
            y=places,
            width=high - low,
            height=height,
            brush=theme.colour(palette.RETRAINED, 90),
            pen=pg.mkPen(colour, width=1),
        )
        self.addItem(bars)
        means = pg.BarGraphItem(
            x0=mean, y=places, width=0.004, height=height, brush=colour, pen=pg.mkPen(colour)
        )
        self.addItem(means)
        words = [f"Retrained {span(a, b, 'fraction')}" for a, b in zip(low, high, strict=True)]
        self._write(words, high, places)

    def _write(self, words: Sequence[str], ends: Values, places: Values) -> None:
        for text, end, place in zip(words, ends, places, strict=True):
            label = pg.TextItem(text, color=theme.colour(palette.INK), anchor=(0, 0.5))
            font = self.font()
            font.setPointSizeF(8)
            label.setFont(font)
            label.setPos(end, place)
            self.addItem(label)


def _tick(view: RowView, class_: int) -> str:
    name = view.class_names[class_]
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
    return f"{name} (label)" if class_ == view.target else name
