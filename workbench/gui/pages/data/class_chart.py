"""How many rows each class has in each split."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from workbench.core import palette
from workbench.core.dataset import SPLITS
from workbench.core.palette import Tone
from workbench.core.vocabulary import Split
from workbench.gui.pages.data.contents import DatasetSummary
from workbench.gui.theme import theme
from workbench.gui.widgets.chart import Chart

SPLIT_NAMES = {Split.TRAIN: "training", Split.TEST: "test", Split.NON_MEMBER: "non-member"}
SPLIT_TONES: dict[Split, Tone] = {
    Split.TRAIN: palette.RETAIN,  # nothing is forgotten yet
    Split.TEST: palette.TEST,
    Split.NON_MEMBER: palette.NON_MEMBER,
}
_GROUP = 0.8  # of the room of a class
_MOST_TICKS = 20


class ClassChart(Chart):
    """One group of bars for each class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._summary: DatasetSummary | None = None
        super().__init__("Rows of each class and split", "Class", "Rows", parent)
        self.getPlotItem().setMouseEnabled(x=False, y=False)

    def show_summary(self, summary: DatasetSummary) -> None:
        self._summary = summary
        self.draw()
        self.autoRange()

    def draw(self) -> None:
        plot, summary = self.getPlotItem(), self._summary
        plot.clear()
        if summary is None:
            return
        places = np.arange(len(summary.class_names))
        width = _GROUP / len(SPLITS)
        for nth, split in enumerate(SPLITS):
            colour = theme.colour(SPLIT_TONES[split])
            bars = pg.BarGraphItem(
                x=places + (nth - (len(SPLITS) - 1) / 2) * width,
                height=summary.counts[split],
                width=width * 0.92,
                brush=colour,
                pen=None,
            )
            plot.addItem(bars)
        every = -(-len(places) // _MOST_TICKS)
        ticks = [(place, summary.class_names[place]) for place in places[::every].tolist()]
        plot.getAxis("bottom").setTicks([ticks])
        self.table = {"class": summary.class_names} | {
            SPLIT_NAMES[split]: summary.counts[split].tolist() for split in SPLITS
        }
