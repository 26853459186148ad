"""ROC curves of the models under one attack, with the retrained band and the threshold on them."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from workbench.core import palette
from workbench.gui.pages.privacy.contents import Attacked, AttackView, Values
from workbench.gui.pages.privacy.lines import MARKERS, pen
from workbench.gui.theme import theme
from workbench.gui.widgets.chart import Chart


class RocChart(Chart):
    """True against false positive rate; both on a logarithmic scale if asked for."""

    _view: AttackView | None = None
    _logarithmic: bool = False
    _threshold: float = 0.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("ROC curves", "false positive rate", "true positive rate", parent)
        self.setMinimumSize(240, 150)
        self.getAxis("left").setWidth(58)
        self._legend = self.getPlotItem().addLegend(offset=(-8, -8), verSpacing=-6)
        self._markers: dict[str, pg.ScatterPlotItem] = {}
        self.draw()

    def show_view(self, view: AttackView) -> None:
        self._view = view
        self.table = _table(view)
        self.draw()

    def set_logarithmic(self, logarithmic: bool) -> None:
        self._logarithmic = logarithmic
        self.draw()

    def set_threshold(self, threshold: float) -> None:
        """Mark on each curve what the threshold gives."""
        self._threshold = threshold
        for name, model in self._named():
            called = model.called(threshold)
            self._markers[name].setData(*self._scaled([called.fpr], [called.tpr]))

    def draw(self) -> None:
        plot = self.getPlotItem()
        plot.clear()
        if self._view is None:
            return
        for side in ("bottom", "left"):
            plot.getAxis(side).setLogMode(self._logarithmic)
        self._dress_legend()
        self._draw_diagonal()
        self._draw_band(self._view)
        self._markers = {}
        for name, model in self._named():
            self._draw_model(name, model)
        self.set_threshold(self._threshold)
        lowest = np.log10(self._floor) if self._logarithmic else 0.0
        highest = 0.0 if self._logarithmic else 1.0
        plot.setRange(xRange=(lowest, highest), yRange=(lowest, highest), padding=0.02)

    @property
    def _floor(self) -> float:
        """What stands for a rate of 0 on a logarithmic scale: half of the smallest other one."""
        view = self._view
        return 0.5 / max(view.n_non_members, view.n_forget, 1) if view else 1.0

    def _named(self) -> list[tuple[str, Attacked]]:
        if self._view is None:
            return []
        pairs = (("Original", self._view.original), ("A", self._view.a), ("B", self._view.b))
        return [(name, model) for name, model in pairs if model is not None]

    def _scaled(
        self, fpr: Values | list[float], tpr: Values | list[float]
    ) -> tuple[Values, Values]:
        x, y = np.asarray(fpr, dtype=np.float64), np.asarray(tpr, dtype=np.float64)
        if not self._logarithmic:
            return x, y
        return np.log10(np.maximum(x, self._floor)), np.log10(np.maximum(y, self._floor))

    def _draw_diagonal(self) -> None:
        ends = self._scaled([0, 1], [0, 1])
        guess = pg.mkPen(theme.colour(palette.MUTED), width=1, style=Qt.PenStyle.DotLine)
        self.getPlotItem().plot(*ends, pen=guess)

    def _draw_band(self, view: AttackView) -> None:
        plot, band = self.getPlotItem(), view.band
        if band is None:
            return
        edge = pg.mkPen(None)
        low = pg.PlotCurveItem(*self._scaled(band.fpr, band.low), pen=edge)
        high = pg.PlotCurveItem(*self._scaled(band.fpr, band.high), pen=edge)
        fill = pg.FillBetweenItem(low, high, brush=theme.colour(palette.RETRAINED, 45))
        for item in (low, high, fill):
            plot.addItem(item)
        thin = pg.mkPen(theme.colour(palette.RETRAINED, 110), width=1)
        for index, model in enumerate(view.references):
            name = "Retrained" if index == 0 else None
            plot.plot(*self._scaled(model.fpr, model.tpr), pen=thin, name=name)

    def _draw_model(self, name: str, model: Attacked) -> None:
        plot = self.getPlotItem()
        line = pen(name, model.run.role)
        plot.plot(*self._scaled(model.fpr, model.tpr), pen=line, name=name)
        colour = theme.colour(palette.ROLES[model.run.role])
        marker = pg.ScatterPlotItem(
            size=10,
            symbol=MARKERS[name],
            brush=colour,
            pen=pg.mkPen(theme.colour(palette.CARD), width=1.5),
        )
        plot.addItem(marker)
        self._markers[name] = marker

    def _dress_legend(self) -> None:
        self._legend.setLabelTextColor(theme.colour(palette.INK))
        self._legend.setLabelTextSize("8pt")
        self._legend.setBrush(theme.colour(palette.CARD, 150))


def _table(view: AttackView) -> dict[str, list[object]]:
    """Points of all curves below each other."""
    named = [*view.models, *view.references]
    models = dict.fromkeys(named)
    return {
        "model": [one.run.title for one in models for _ in one.fpr],
        "false positive rate": [float(v) for one in models for v in one.fpr],
        "true positive rate": [float(v) for one in models for v in one.tpr],
    }
