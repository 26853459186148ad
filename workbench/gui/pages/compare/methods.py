"""One metric over all methods: every seed a mark, the retrained range behind, the margin drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFont, QPainterPath, QStandardItemModel, QTransform
from PySide6.QtWidgets import QComboBox, QLabel, QScrollArea, QVBoxLayout, QWidget

from workbench.audit.metric_words import by_family
from workbench.core import palette
from workbench.core.vocabulary import RunRole, Unit
from workbench.gui.metric_card import metric_tip
from workbench.gui.pages.compare.hint_chart import HintChart, short
from workbench.gui.pages.compare.scores import Number
from workbench.gui.pages.compare.spreads import Model, Spread
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import muted, row
from workbench.gui.widgets.legend import Legend
from workbench.gui.widgets.marks import marker_path
from workbench.report.svg import padded
from workbench.report.wording import ROLE_NAMES

_OFFERED = 24  # metrics seen at once in the list
_LINE = 20  # pixels that a method needs at least
_AROUND = 56  # pixels of the axis
_INSET = 0.008  # of the axis, from its ends to arrows
_SPREAD = 0.62  # of a line, over which its seeds lie below each other
_HINT = "\N{MIDDLE DOT} each mark is one seed; click it to compare that model as B"


class MethodsPane(QWidget):
    """A metric to choose, and the chart of it."""

    run_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spreads: dict[str, Spread] = {}
        self._metrics = QComboBox()
        self._model = QStandardItemModel(self._metrics)
        self._metrics.setModel(self._model)
        self._metrics.setMaxVisibleItems(_OFFERED)
        self._metrics.setAccessibleName("Metric")
        self._metrics.setToolTip("Metrics with a criterion of the plan come first")
        self._metrics.setMinimumContentsLength(26)
        self._metrics.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        caption = QLabel("Metric")
        caption.setBuddy(self._metrics)
        self._demand = muted()
        self._legend = Legend()
        self.chart = MethodsChart()
        self.chart.run_chosen.connect(self.run_chosen)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.chart)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addLayout(row(caption, self._metrics, self._demand, stretch=2))
        layout.addWidget(scroll, 1)
        layout.addWidget(self._legend)
        self._metrics.activated.connect(self._show_metric)
        theme.changed.connect(self._show_legend)
        self._show_legend()

    def show_spreads(self, spreads: Sequence[Spread], a: int | None, b: int | None) -> None:
        """`a` and `b`: the runs that are compared."""
        chosen = self._metrics.currentText()
        self._spreads = {one.title: one for one in spreads}
        with QSignalBlocker(self._metrics):
            self._metrics.clear()
            self._offer("Criteria of the plan", [one for one in spreads if one.demand])
            others = [one for one in spreads if not one.demand]
            for family, own in by_family(others, lambda one: one.key[0]):
                self._offer(family, own)
            found = self._metrics.findText(chosen)
            self._metrics.setCurrentIndex(found if found > 0 else min(1, self._metrics.count() - 1))
        self.chart.chosen = {"A": a, "B": b}
        self._show_metric()

    def _offer(self, heading: str, spreads: Sequence[Spread]) -> None:
        """These metrics below a heading, which cannot be chosen."""
        if not spreads:
            return
        self._metrics.addItem(heading)
        item = self._model.item(self._metrics.count() - 1)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        font = QFont(self._metrics.font())
        font.setBold(True)
        item.setFont(font)
        for one in spreads:
            self._metrics.addItem(one.title)
            tip = metric_tip(one.key[0])
            self._metrics.setItemData(self._metrics.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)

    def _show_metric(self) -> None:
        spread = self._spreads.get(self._metrics.currentText())
        if spread is None:
            return
        self._metrics.setToolTip(metric_tip(spread.key[0]))
        self._demand.setText(_in_words(spread))
        self.chart.show_spread(spread)

    def _show_legend(self) -> None:
        self._legend.show_entries(
            [
                (ROLE_NAMES[role], theme.colour(palette.ROLES[role]))
                for role in palette.ROLES
                if role is not RunRole.CONTROL
            ],
            note=_HINT,
        )


def _in_words(spread: Spread) -> str:
    if not spread.demand:
        return "The plan demands nothing of this metric"
    if spread.zone is None:
        return spread.demand
    return f"{spread.demand}: on average {_between(spread.zone)}"


def _between(zone: tuple[float | None, float | None]) -> str:
    return "on the inner side of the dashed line" if None in zone else "between the dashed lines"


@dataclass(frozen=True)
class _Dot:
    """One seed as it is drawn: `y` counts lines from the top."""

    run_id: int
    y: float
    number: Number
    role: RunRole
    hint: str


class MethodsChart(HintChart):
    """Lines of models below each other. Straw men do not stretch the axis: arrows point at them."""

    run_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._spread: Spread | None = None
        self._dots: list[_Dot] = []
        self.chosen: dict[str, int | None] = {}
        super().__init__("All methods on one metric", "", "", parent)
        plot = self.getPlotItem()
        plot.getViewBox().setMouseEnabled(x=True, y=False)
        plot.invertY(True)
        plot.showLabel("left", False)
        self.scene().sigMouseClicked.connect(self._clicked)

    def show_spread(self, spread: Spread) -> None:
        self._spread = spread
        self._dots = [
            _Dot(seed.run_id, _height(line, place, len(model.seeds)), seed.number, model.role, hint)
            for line, model in enumerate(spread.models)
            for place, seed in enumerate(model.seeds)
            for hint in [f"{model.name}, seed {seed.seed}: {_written(seed.number)}"]
        ]
        self.table = _table(spread.models)
        self.setMinimumHeight(_LINE * len(spread.models) + _AROUND)
        self.draw()

    def draw(self) -> None:
        plot = self.getPlotItem()
        plot.clear()
        spread = self._spread
        if spread is None:
            return
        low, high = _frame(spread)
        percent = spread.unit == Unit.FRACTION
        unit = "%" if percent else spread.unit
        bare = unit in (Unit.SCORE, Unit.RATIO, Unit.STEPS)
        plot.setLabel("bottom", spread.title if bare else f"{spread.title} ({unit})")
        plot.getAxis("bottom").setScale(100 if percent else 1)
        names = [(line, short(model.name)) for line, model in enumerate(spread.models)]
        plot.showGrid(x=True, y=False, alpha=0.15)
        plot.getAxis("left").setTicks([names])
        plot.setRange(xRange=(low, high), yRange=(-0.6, len(spread.models) - 0.4), padding=0)
        self._draw_range(spread)
        for dot in self._dots:
            self._draw_dot(dot, low, high)
        for line, model in enumerate(spread.models):
            if all(seed.number.value is None for seed in model.seeds):
                self._write(model.seeds[0].number.cell.main, low, line, anchor=(0, 0.5))

    def hint(self, x: float, y: float) -> str:
        dot = self._nearest(x, y)
        return dot.hint if dot else ""

    def choose_at(self, x: float, y: float) -> None:
        """Choose the model whose mark is nearest on the line at `y`."""
        dot = self._nearest(x, y)
        if dot is not None:
            self.run_chosen.emit(dot.run_id)

    def _clicked(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            place = self.getPlotItem().getViewBox().mapSceneToView(event.scenePos())
            self.choose_at(place.x(), place.y())

    def _nearest(self, x: float, y: float) -> _Dot | None:
        on_line = [dot for dot in self._dots if round(dot.y) == round(y)]
        (low, high), _ = self.getPlotItem().getViewBox().viewRange()

        def distance(dot: _Dot) -> float:
            across = 0.0 if dot.number.value is None else (dot.number.value - x) / (high - low)
            return math.hypot(across * self.width(), (dot.y - y) * _LINE)

        return min(on_line, key=distance, default=None)

    def _draw_range(self, spread: Spread) -> None:
        if spread.band is not None:
            low, high = spread.band.low, spread.band.high
            shade = pg.LinearRegionItem(
                (low, high), movable=False, brush=theme.colour(palette.RETRAINED, 50), pen=None
            )
            for line in shade.lines:
                line.setPen(pg.mkPen(theme.colour(palette.RETRAINED), width=1))
            self.addItem(shade)
        edges = [edge for edge in spread.zone or () if edge is not None]
        for edge in edges:
            pen = pg.mkPen(theme.colour(palette.INK), width=1.2, style=Qt.PenStyle.DashLine)
            self.addItem(pg.InfiniteLine(edge, angle=90, pen=pen))

    def _draw_dot(self, dot: _Dot, low: float, high: float) -> None:
        value = dot.number.value
        if value is None:
            return
        colour = theme.colour(palette.ROLES[dot.role])
        if not low <= value <= high:
            inset = _INSET * (high - low)
            self._draw_arrow(dot, low + inset if value < low else high - inset)
            return
        start, end = dot.number.low, dot.number.high
        if start is not None and end is not None and dot.role is not RunRole.REFERENCE:
            whisker = pg.PlotCurveItem([start, end], [dot.y, dot.y], pen=pg.mkPen(colour, width=1))
            self.addItem(whisker)
        mark = pg.ScatterPlotItem(
            [value], [dot.y], symbol=_symbol(dot.role), size=9, brush=colour, pen=None
        )
        self.addItem(mark)
        self._draw_letter(dot, value)

    def _draw_letter(self, dot: _Dot, value: float) -> None:
        letters = self._letters(dot)
        if letters:
            ring = pg.mkPen(theme.colour(palette.ACCENT), width=2)
            self.addItem(
                pg.ScatterPlotItem([value], [dot.y], symbol="o", size=17, brush=None, pen=ring)
            )
            self._write(letters, value, dot.y, anchor=(-0.9, 0.5), bold=True)

    def _letters(self, dot: _Dot) -> str:
        """Which of A and B this is."""
        return " ".join(name for name, run in self.chosen.items() if run == dot.run_id)

    def _draw_arrow(self, dot: _Dot, edge: float) -> None:
        """A mark at the edge that points at a value beyond it, which is written beside it."""
        value = dot.number.value or 0.0
        colour = theme.colour(palette.ROLES[dot.role])
        points_left = value < edge
        place = {"x": [edge], "y": [dot.y], "symbol": "t3" if points_left else "t2"}
        self.addItem(pg.ScatterPlotItem(**place, size=11, brush=colour, pen=None))
        anchor = (-0.25, 0.5) if points_left else (1.25, 0.5)
        letters = self._letters(dot)
        text = f"{dot.number.cell.main} {letters}" if letters else dot.number.cell.main
        self._write(text, edge, dot.y, anchor=anchor, bold=bool(letters))

    def _write(
        self, text: str, x: float, y: float, *, anchor: tuple[float, float], bold: bool = False
    ) -> None:
        tone = palette.ACCENT if bold else palette.MUTED
        item = pg.TextItem(text, color=theme.colour(tone), anchor=anchor)
        font = QFont(self.font())
        font.setBold(bold)
        item.setFont(font)
        item.setPos(QPointF(x, y))
        self.addItem(item, ignoreBounds=True)


def _height(line: int, place: int, n: int) -> float:
    """Seeds of one model lie below each other, so that equal values can be told apart."""
    return line if n == 1 else line + _SPREAD * (place / (n - 1) - 0.5)


def _frame(spread: Spread) -> tuple[float, float]:
    values = [
        value
        for model in spread.models
        if model.role is not RunRole.STRAW_MAN
        for seed in model.seeds
        for value in (seed.number.low, seed.number.value, seed.number.high)
        if value is not None
    ]
    values += [spread.band.low, spread.band.high] if spread.band else []
    values += [edge for edge in spread.zone or () if edge is not None]
    if not values:
        return 0.0, 1.0
    return padded(values)


def _symbol(role: RunRole) -> QPainterPath:
    """The marker of a role as pyqtgraph wants it, in a box of 1 by 1 around the origin."""
    placed = QTransform.fromScale(1 / 13, 1 / 13).translate(-8, -8)
    return placed.map(marker_path(palette.MARKERS[role]))


def _written(number: Number) -> str:
    interval = f", interval {number.cell.extra}" if number.cell.extra else ""
    return f"{number.cell.main}{interval}"


def _table(models: Sequence[Model]) -> dict[str, list[object]]:
    lines = [(model, seed) for model in models for seed in model.seeds]
    return {
        "model": [model.name for model, _ in lines],
        "role": [str(model.role) for model, _ in lines],
        "seed": [seed.seed for _, seed in lines],
        "value": [seed.number.value for _, seed in lines],
        "low": [seed.number.low for _, seed in lines],
        "high": [seed.number.high for _, seed in lines],
    }
