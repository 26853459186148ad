"""The curves of one run: loss, accuracy or whatever else its method reports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from workbench.core import palette
from workbench.core.palette import Tone
from workbench.gui.pages.runs.contents import Curve
from workbench.gui.theme import theme
from workbench.gui.widgets.chart import Chart

_TONES = {"forget": palette.FORGET, "retain": palette.RETAIN, "test": palette.TEST}
_LINES = {
    "": Qt.PenStyle.SolidLine,
    " (dashed)": Qt.PenStyle.DashLine,
    " (dotted)": Qt.PenStyle.DotLine,
}


class CurvesChart(Chart):
    """Curves of one quantity over the seconds of the run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._curves: tuple[Curve, ...] = ()
        self._items: list[pg.PlotDataItem] = []
        self._is_log = False
        super().__init__("Curves of the run", "seconds since the start", "", parent)
        self.setMouseEnabled(x=False, y=False)
        for side in ("bottom", "left"):
            self.getPlotItem().getAxis(side).enableAutoSIPrefix(False)

    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    @property
    def leaves_out(self) -> bool:
        """Whether values at or below 0 are missing because the scale is logarithmic."""
        return self._is_log and any(bool((curve.values <= 0).any()) for curve in self._curves)

    @property
    def legend(self) -> list[tuple[str, QColor]]:
        """What each curve is called and the colour it is drawn in."""
        return [
            (curve.name + line, theme.colour(tone))
            for curve, (tone, line) in zip(self._curves, self._styles(), strict=True)
        ]

    def set_log(self, is_log: bool) -> None:
        """Whether the values are drawn on a logarithmic scale."""
        self._is_log = is_log
        self.getPlotItem().setLogMode(x=False, y=is_log)
        self.draw()

    def show_curves(self, curves: Sequence[Curve]) -> None:
        """Draw these; they measure the same quantity."""
        self._curves = tuple(curves)
        self.draw()

    def copy_table(self) -> None:
        self.table = self._as_table()
        super().copy_table()

    def draw(self) -> None:
        if len(self._items) != len(self._curves):
            self._make_items(len(self._curves))
        for item, curve, (tone, line) in zip(
            self._items, self._curves, self._styles(), strict=True
        ):
            values = (
                np.where(curve.values > 0, curve.values, np.nan) if self._is_log else curve.values
            )
            item.setData(curve.seconds, values, connect="finite")
            item.setPen(pg.mkPen(theme.colour(tone), width=2, style=_LINES[line]))
        quantity = self._curves[0].quantity if self._curves else ""
        self.getPlotItem().setLabel("left", quantity)

    def _make_items(self, count: int) -> None:
        for item in self._items:
            self.removeItem(item)
        self._items = [self.plot() for _ in range(count)]

    def _styles(self) -> list[tuple[Tone, str]]:
        """Curves about the same rows have the same colour and another line."""
        tones = [_tone(curve.name) for curve in self._curves]
        lines = tuple(_LINES)
        return [(tone, lines[tones[:at].count(tone) % len(lines)]) for at, tone in enumerate(tones)]

    def _as_table(self) -> dict[str, list[object]]:
        table: dict[str, list[object]] = {"curve": [], "seconds": [], "value": []}
        for curve in self._curves:
            table["curve"] += [curve.name] * len(curve.values)
            table["seconds"] += curve.seconds.tolist()
            table["value"] += curve.values.tolist()
        return table


def _tone(name: str) -> Tone:
    """The colour of the rows that a curve is about, if its name says which."""
    return _TONES.get(name.partition(" ")[0], palette.ACCENT)
