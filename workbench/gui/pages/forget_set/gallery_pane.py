"""Pictures of the training rows, all or those selected, in a chosen order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QSlider, QVBoxLayout, QWidget

from workbench.core.dataset import Dataset
from workbench.gui.pages.forget_set.contents import Summary
from workbench.gui.session.reading import Reader
from workbench.gui.session.rows import RowTable
from workbench.gui.widgets.blocks import row
from workbench.gui.widgets.gallery import GalleryModel, GalleryView
from workbench.gui.widgets.thumbnails import Thumbnails, no_pictures, pictures_of

Rows = NDArray[np.int64]

_ORDERS = {
    "row": "Row",
    "class": "Class",
    "loss": "Highest loss",
    "confidence": "Lowest confidence",
}
_SMALLEST, _USUAL, _LARGEST = 32, 62, 160  # pixels


@dataclass(frozen=True)
class Shown:
    """Row ids (n,) in the order of the tiles, and their classes (n,)."""

    rows: Rows
    classes: NDArray[np.int64]


class GalleryPane(QWidget):
    """`picked` carries row ids and the CombineMode of the gesture, None for the one chosen."""

    picked = Signal(list, object)

    def __init__(self, reader: Reader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._table: RowTable | None = None
        self._pictured: Dataset | None = None
        self._summary: Summary | None = None
        self._thumbnails = Thumbnails(reader.background, no_pictures, self)
        self._thumbnails.failed.connect(reader.report)
        self._model = GalleryModel(self._thumbnails, self)
        self.view = GalleryView(self._model)
        self._which = QComboBox()
        self._which.addItems(["All", "Selected"])
        self._which.setAccessibleName("Rows to show")
        self._order = QComboBox()
        self._order.setAccessibleName("Order of the rows")
        self._size = QSlider(Qt.Orientation.Horizontal)
        self._size.setRange(_SMALLEST, _LARGEST)
        self._size.setValue(_USUAL)
        self._size.setAccessibleName("Size of the pictures")
        self._size.setToolTip("Size of the pictures")
        self._size.setFixedWidth(64)
        label = QLabel("by")
        label.setBuddy(self._order)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(self._which, label, self._order, self._size, stretch=2))
        layout.addWidget(self.view, 1)
        self.view.set_tile_size(_USUAL)
        self._which.currentIndexChanged.connect(self._arrange)
        self._order.currentIndexChanged.connect(self._arrange)
        self._size.valueChanged.connect(self.view.set_tile_size)
        self.view.picked.connect(self.picked)

    def show_table(self, table: RowTable) -> None:
        """Show the rows of a table."""
        self._table, self._summary = table, None
        before = self._order.currentData()
        with QSignalBlocker(self._order):
            self._order.clear()
            for column, words in _ORDERS.items():
                if column in table.columns:
                    self._order.addItem(words, column)
            self._order.setCurrentIndex(max(0, self._order.findData(before)))
        self._arrange()

    def show_summary(self, summary: Summary) -> None:
        """Check the selected rows."""
        self._summary = summary
        self._model.set_selected(summary.of_dataset)
        if self._shows_selected:
            self._arrange()

    @property
    def _shows_selected(self) -> bool:
        return self._which.currentIndex() == 1

    def _arrange(self) -> None:
        table, column = self._table, self._order.currentData()
        if table is None:
            return
        mask = None
        if self._shows_selected and self._summary is not None:
            mask = self._summary.mask
        self._reader.ask(
            self,
            "order",
            lambda _: arranged(table, mask, column),
            lambda shown: self._take(table.dataset, shown),
        )

    def _take(self, dataset: Dataset, shown: Shown) -> None:
        if dataset is not self._pictured:  # with the rows, which mean others in another dataset
            self._pictured = dataset
            self._thumbnails.set_source(pictures_of(dataset))
        self._model.set_rows(shown.rows, shown.classes, dataset.class_names)
        self.view.scrollToTop()


def arranged(table: RowTable, mask: NDArray[np.bool_] | None, column: str) -> Shown:
    """The rows of a mask (n,), or all, in the order of a column."""
    places = np.arange(len(table.rows)) if mask is None else np.flatnonzero(mask)
    values = table.columns[column][places]
    keys = -values if column == "loss" else values
    places = places[np.argsort(keys, kind="stable")]
    return Shown(table.rows[places], table.columns["class"][places])
