"""How an attack scores the forget rows and rows that no model saw, with a threshold to drag."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.core import palette
from workbench.gui.pages.privacy.contents import AttackView
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import muted, row
from workbench.gui.widgets.chart import Chart
from workbench.gui.widgets.legend import Legend
from workbench.report.display import count
from workbench.report.score_axis import ScoreAxis

Shares = NDArray[np.float64]

_HEADROOM = 1.08
_STEPS = 200  # of the arrow keys, from one end to the other


class ScoreHistogram(Chart):
    """Shares of forget rows (bars) and of non-members (outline) by score, and a threshold."""

    threshold_moved = Signal(float)

    _axis: ScoreAxis | None = None
    _forget: Shares = np.empty(0)
    _non_member: Shares = np.empty(0)
    _top: float = 1.0

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, "", "", parent)
        self.setMouseEnabled(x=False, y=False)
        self.setMinimumSize(120, 96)
        self.getAxis("left").setWidth(34)
        self._line = pg.InfiniteLine(movable=True, angle=90)
        self._line.sigDragged.connect(self._dragged)
        self.draw()

    def show_shares(self, axis: ScoreAxis, forget: Shares, non_member: Shares, top: float) -> None:
        """Shares (bins,) each; `top` is the largest share of all charts."""
        self._axis, self._forget, self._non_member = axis, forget, non_member
        self._top = top
        self._line.setBounds((0, axis.end))
        self.getAxis("bottom").setTicks([axis.ticks()])
        self.table = {
            "from": axis.edges[:-1],
            "to": axis.edges[1:],
            "share of forget rows": forget.tolist(),
            "share of non-members": non_member.tolist(),
        }
        self.draw()

    def set_threshold(self, threshold: float) -> None:
        if self._axis is not None:
            self._line.setValue(float(self._axis.place(threshold)))

    def draw(self) -> None:
        plot = self.getPlotItem()
        plot.clear()
        if self._axis is None:
            return
        places = np.arange(self._axis.end + 1)
        forget, others = theme.colour(palette.FORGET), theme.colour(palette.NON_MEMBER)
        plot.addItem(
            pg.BarGraphItem(
                x0=places[:-1],
                x1=places[1:],
                height=self._forget,
                brush=theme.colour(palette.FORGET, 150),
                pen=pg.mkPen(forget, width=0.5),
            )
        )
        plot.plot(
            places,
            self._non_member,
            stepMode="center",
            pen=pg.mkPen(others, width=2),
            fillLevel=0,
            brush=theme.colour(palette.NON_MEMBER, 40),
        )
        self._line.setPen(pg.mkPen(theme.colour(palette.ACCENT), width=2))
        self._line.setHoverPen(pg.mkPen(theme.colour(palette.INK), width=3))
        plot.addItem(self._line)
        plot.setXRange(0, self._axis.end, padding=0.02)
        plot.setYRange(0, _HEADROOM * self._top, padding=0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move the threshold."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not steps or self._axis is None:
            super().keyPressEvent(event)
            return
        self._move_to(float(self._line.value()) + steps * self._axis.end / _STEPS)

    def _dragged(self) -> None:
        self._move_to(float(self._line.value()))

    def _move_to(self, place: float) -> None:
        if self._axis is not None:
            self.threshold_moved.emit(self._axis.score(place))


class Histograms(QWidget):
    """Three histograms on the same axes: model A, model B, and the mean of the retrained ones."""

    threshold_moved = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._legend = Legend()
        self._titles = [QLabel() for _ in range(3)]
        names = ("Scores under model A", "Scores under model B", "Scores under retrained models")
        self.charts = [ScoreHistogram(name) for name in names]
        panels = QHBoxLayout()
        for label, chart in zip(self._titles, self.charts, strict=True):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            panel = QVBoxLayout()
            panel.setSpacing(2)
            panel.addWidget(label)
            panel.addWidget(chart, 1)
            panels.addLayout(panel, 1)
            chart.threshold_moved.connect(self.threshold_moved)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        # a legend that wraps would take the room of a second line
        self._legend.setWordWrap(False)
        layout.addLayout(row(self._legend, muted("right of the line: called members"), stretch=1))
        layout.addLayout(panels, 1)
        self._view: AttackView | None = None
        theme.changed.connect(self._explain)

    def show_view(self, view: AttackView) -> None:
        self._view = view
        shown = [
            (f"{name}  {model.run.title}", model.forget_shares, model.non_member_shares)
            if model
            else None
            for name, model in (("A", view.a), ("B", view.b))
        ]
        band = view.band
        shown.append(
            (
                f"Mean of {len(view.references)} retrained",
                band.forget_shares,
                band.non_member_shares,
            )
            if band
            else None
        )
        tops = [float(max(one[1].max(), one[2].max())) for one in shown if one]
        for index, one in enumerate(shown):
            label, chart = self._titles[index], self.charts[index]
            label.setVisible(one is not None)
            chart.setVisible(one is not None)
            if one:
                label.setText(one[0])
                label.setToolTip(one[0])
                chart.show_shares(view.axis, one[1], one[2], max(tops))
        self._explain()

    def set_threshold(self, threshold: float) -> None:
        for chart in self.charts:
            chart.set_threshold(threshold)

    def _explain(self) -> None:
        if self._view is None:
            return
        self._legend.show_entries(
            (
                (count(self._view.n_forget, "forget row"), theme.colour(palette.FORGET)),
                (
                    f"{count(self._view.n_non_members, 'comparable non-member')} (outline)",
                    theme.colour(palette.NON_MEMBER),
                ),
            )
        )
