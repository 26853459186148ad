"""Accuracy class by class: bars for A and B over the range of the retrained models."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from workbench.audit.metric_words import SPLIT_NAMES
from workbench.core import palette
from workbench.core.vocabulary import Split
from workbench.gui.pages.compare.class_accuracy import SPLITS, ClassAccuracy
from workbench.gui.pages.compare.hint_chart import HintChart, short
from workbench.gui.session.choice import RunOption
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import muted, row
from workbench.gui.widgets.legend import Legend
from workbench.report.display import count, percent, span

_NAMES_SHOWN = 24  # class names under the axis
_WIDTH = 0.36  # of a bar; classes are 1 apart
_ABSENT_SHOWN = 8


class ClassesPane(QWidget):
    """The rows to choose, the chart, and which classes have no rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Mapping[Split, ClassAccuracy] = {}
        self._splits = QComboBox()
        self._splits.setAccessibleName("Rows")
        self._splits.setToolTip("Which rows the accuracy is about")
        for split in SPLITS:
            self._splits.addItem(f"{SPLIT_NAMES[split]} rows", split)
        caption = QLabel("Accuracy on")
        caption.setBuddy(self._splits)
        self._note = muted()
        self._legend = Legend()
        self.chart = ClassChart()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addLayout(row(caption, self._splits, self._note, stretch=2))
        layout.addWidget(self.chart, 1)
        layout.addWidget(self._legend)
        self._splits.activated.connect(self._show_split)
        theme.changed.connect(self._show_legend)

    def show_classes(
        self, found: Mapping[Split, ClassAccuracy], a: RunOption, b: RunOption
    ) -> None:
        """`a` and `b`: the runs that are compared."""
        self._found = found
        self.chart.runs = (a, b)
        self._show_split()
        self._show_legend()

    def show_split(self, split: Split) -> None:
        """Show the accuracy on these rows."""
        with QSignalBlocker(self._splits):
            self._splits.setCurrentIndex(self._splits.findData(split))
        self._show_split()

    def _show_split(self) -> None:
        found = self._found.get(Split(self._splits.currentData()))
        if found is None:
            return
        self._note.setText(_absence(found))
        self.chart.show_accuracy(found)

    def _show_legend(self) -> None:
        if self.chart.runs is None:
            return
        a, b = self.chart.runs
        entries = [
            (f"A, {a.title}: outline", theme.colour(palette.ROLES[a.role])),
            (f"B, {b.title}: filled", theme.colour(palette.ROLES[b.role])),
            ("range and mean of the retrained models", theme.colour(palette.RETRAINED)),
        ]
        self._legend.show_entries(entries)


def _absence(found: ClassAccuracy) -> str:
    if not found.class_names:
        return "There are no such rows"
    if not found.absent:
        return "Every class has rows here"
    shown = ", ".join(found.absent[:_ABSENT_SHOWN])
    more = len(found.absent) - _ABSENT_SHOWN
    rest = f" and {more} more" if more > 0 else ""
    noun = "Class without rows here" if len(found.absent) == 1 else "Classes without rows here"
    return f"{noun}: {shown}{rest}"


class ClassChart(HintChart):
    """Two bars a class, A as an outline and B filled, over the range of the retrained models."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.runs: tuple[RunOption, RunOption] | None = None
        self._found: ClassAccuracy | None = None
        super().__init__("Accuracy by class", "class", "accuracy (%)", parent)
        plot = self.getPlotItem()
        plot.getAxis("left").setScale(100)
        plot.getViewBox().setMouseEnabled(x=True, y=False)
        self.setMinimumHeight(160)

    def show_accuracy(self, found: ClassAccuracy) -> None:
        self._found = found
        self.table = {
            "class": found.class_names,
            "rows": found.rows.tolist(),
            "A": found.a.tolist(),
            "B": found.b.tolist(),
        }
        if len(found.band):
            self.table |= {
                "retrained mean": found.band.mean(axis=0).tolist(),
                "retrained low": found.band.min(axis=0).tolist(),
                "retrained high": found.band.max(axis=0).tolist(),
            }
        self.draw()

    def draw(self) -> None:
        plot = self.getPlotItem()
        plot.clear()
        found, runs = self._found, self.runs
        if found is None or runs is None:
            return
        places = np.arange(len(found.class_names))
        step = -(-len(places) // _NAMES_SHOWN) or 1
        names = [(int(place), short(found.class_names[place])) for place in places[::step]]
        plot.getAxis("bottom").setTicks([names])
        plot.setRange(xRange=(-0.6, max(len(places), 1) - 0.4), yRange=(0, 1.02), padding=0)
        self._draw_band(found, places)
        tones = [theme.colour(palette.ROLES[run.role]) for run in runs]
        self._draw_bars(places - _WIDTH / 2, found.a, pen=pg.mkPen(tones[0], width=2), brush=None)
        self._draw_bars(
            places + _WIDTH / 2, found.b, pen=pg.mkPen(tones[1], width=1), brush=tones[1]
        )

    def hint(self, x: float, y: float) -> str:  # noqa: ARG002
        found, place = self._found, round(x)
        if found is None or not 0 <= place < len(found.class_names):
            return ""
        lines = [
            f"Class {found.class_names[place]}, {count(int(found.rows[place]), 'row')}",
            f"A: {percent(float(found.a[place]))}",
            f"B: {percent(float(found.b[place]))}",
        ]
        if len(found.band):
            band = found.band[:, place]
            spread = span(float(band.min()), float(band.max()), "fraction")
            lines.append(f"Retrained: {percent(float(band.mean()))}, {spread}")
        return "\n".join(lines)

    def _draw_bars(self, places: np.ndarray, shares: np.ndarray, **look: object) -> None:
        self.addItem(pg.BarGraphItem(x=places, y0=0, height=shares, width=_WIDTH * 0.86, **look))

    def _draw_band(self, found: ClassAccuracy, places: np.ndarray) -> None:
        if not len(found.band):
            return
        low, high = found.band.min(axis=0), found.band.max(axis=0)
        tone = palette.RETRAINED
        width = 2.5 * _WIDTH
        self.addItem(
            pg.BarGraphItem(
                x=places,
                y0=low,
                height=high - low,
                width=width,
                brush=theme.colour(tone, 60),
                pen=pg.mkPen(theme.colour(tone, 120), width=1),
            )
        )
        mean = found.band.mean(axis=0)
        ends = np.stack([places - width / 2, places + width / 2], axis=1).ravel()
        line = pg.PlotCurveItem(
            ends,
            np.repeat(mean, 2),
            connect="pairs",
            pen=pg.mkPen(theme.colour(tone), width=2),
        )
        line.setZValue(10)
        self.addItem(line)
