"""How long each method took, against retraining, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from workbench.core import palette
from workbench.core.vocabulary import RunRole
from workbench.gui.metric_card import metric_tip
from workbench.gui.pages.compare.hint_chart import HintChart, short
from workbench.gui.pages.compare.spreads import MethodTime
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import muted
from workbench.metrics.catalogue import CATALOGUE
from workbench.report.display import count, duration

_LINE = 28  # pixels that a method needs at least
_AROUND = 64
_THICKNESS = 0.6  # of a line
_ROOM = 0.35  # right of the longest bar, for its words, of the width of all bars


class TimesPane(QWidget):
    """The chart, and what its numbers mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        card = CATALOGUE["unlearning_seconds"]
        self.chart = TimesChart()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.chart)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        words = muted(f"{card.definition} {card.caveat}")
        words.setToolTip(metric_tip(card.name))
        layout.addWidget(words)
        layout.addWidget(scroll, 1)

    def show_times(self, times: Sequence[MethodTime]) -> None:
        self.chart.show_times(times)


class TimesChart(HintChart):
    """One bar a method; the dashed line is retraining."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._times: tuple[MethodTime, ...] = ()
        super().__init__("Time of every method", "time to unlearn, logarithmic", "", parent)
        plot = self.getPlotItem()
        plot.getViewBox().setMouseEnabled(x=True, y=False)
        plot.invertY(True)
        plot.showLabel("left", False)

    def show_times(self, times: Sequence[MethodTime]) -> None:
        self._times = tuple(times)
        self.table = {
            "model": [one.name for one in times],
            "seconds": [one.seconds for one in times],
            "seeds": [one.n_seeds for one in times],
            "against retraining": [one.against_retraining for one in times],
        }
        self.setMinimumHeight(_LINE * len(times) + _AROUND)
        self.draw()

    def draw(self) -> None:
        plot = self.getPlotItem()
        plot.clear()
        if not self._times:
            return
        ends = [math.log10(one.seconds) for one in self._times]
        start = math.floor(min(ends) - 0.3)
        room = _ROOM * (max(ends) - start)
        names = [(line, short(one.name)) for line, one in enumerate(self._times)]
        plot.showGrid(x=True, y=False, alpha=0.15)
        plot.getAxis("left").setTicks([names])
        plot.getAxis("bottom").setTicks(_decades(start, max(ends) + room))
        plot.setRange(
            xRange=(start, max(ends) + room), yRange=(-0.6, len(self._times) - 0.4), padding=0
        )
        for line, (one, end) in enumerate(zip(self._times, ends, strict=True)):
            self._draw_time(line, one, start, end)

    def hint(self, x: float, y: float) -> str:  # noqa: ARG002
        line = round(y)
        if not 0 <= line < len(self._times):
            return ""
        one = self._times[line]
        seeds = f"mean of {count(one.n_seeds, 'seed')}"
        return ", ".join(
            filter(None, [f"{one.name}: {one.written}", one.against_retraining, seeds])
        )

    def _draw_time(self, line: int, one: MethodTime, start: float, end: float) -> None:
        tone = palette.ROLES[one.role]
        bar = pg.BarGraphItem(
            x0=[start],
            x1=[end],
            y=[line],
            height=_THICKNESS,
            brush=theme.colour(tone, 170),
            pen=pg.mkPen(theme.colour(tone), width=1),
        )
        self.addItem(bar)
        if one.role is RunRole.REFERENCE:
            pen = pg.mkPen(theme.colour(tone), width=1.2, style=Qt.PenStyle.DashLine)
            self.addItem(pg.InfiniteLine(end, angle=90, pen=pen))
        words = ", ".join(filter(None, [one.written, one.against_retraining]))
        text = pg.TextItem(words, color=theme.colour(palette.INK), anchor=(0, 0.5))
        text.fill = pg.mkBrush(theme.colour(palette.CARD))
        text.setPos(end + 0.01, line)
        self.addItem(text, ignoreBounds=True)


def _decades(start: float, end: float) -> list[list[tuple[float, str]]]:
    """Powers of ten with their names, and nine steps between them without."""
    powers = range(math.floor(start), math.ceil(end) + 1)
    steps = [(power + math.log10(step), "") for power in powers for step in range(2, 10)]
    return [[(float(power), duration(10.0**power)) for power in powers], steps]
