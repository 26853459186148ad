"""The rows of a scope as a column of tiles to go through."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.dataset import Dataset
from workbench.gui.background import Background
from workbench.gui.pages.inspect.contents import RowList
from workbench.gui.widgets.blocks import muted
from workbench.gui.widgets.gallery import GalleryModel, GalleryView
from workbench.gui.widgets.thumbnails import Thumbnails, no_pictures, pictures_of
from workbench.gui.widgets.tile_painting import TileRole

_SIDE = 64  # pixels of a picture
_WIDTH = 118


class RowStrip(QWidget):
    """`chosen`: the user went to a row; what is shown is for others to say, with `mark`."""

    chosen = Signal(int)

    def __init__(self, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = Thumbnails(background, no_pictures, self)
        self._thumbnails.failed.connect(background.report)
        self._model = GalleryModel(self._thumbnails, self)
        self._tiles = GalleryView(self._model)
        self._tiles.set_tile_size(_SIDE)
        self._tiles.setAccessibleName("Rows to look at")
        self._tiles.setAccessibleDescription("Arrow keys go from row to row.")
        self._dataset: Dataset | None = None
        self._shown = -1
        self._empty = muted()
        self._place = QLabel()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._tiles)
        self._stack.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._place)
        self.setFixedWidth(_WIDTH)
        self._tiles.selectionModel().currentChanged.connect(self._go_to)

    def use(self, dataset: Dataset) -> None:
        """Where rows and their pictures come from."""
        if dataset is not self._dataset:
            self._dataset = dataset
            self._thumbnails.set_source(pictures_of(dataset))

    def show_rows(self, rows: RowList) -> None:
        """Offer these rows, or say why there are none."""
        if self._dataset is None:
            return
        targets, names = self._dataset.targets, self._dataset.class_names
        self._model.set_rows(rows.rows, targets[rows.rows], names)
        self._empty.setText(rows.empty_because)
        self._stack.setCurrentIndex(1 if rows.empty_because else 0)
        self.mark(self._shown)

    def mark(self, row: int) -> None:
        """Say which row is shown, among these or not."""
        self._shown = row
        if self._dataset is None:
            return
        self._model.set_selected(np.arange(len(self._dataset)) == row)
        place, count = self._current(), self._model.rowCount()
        self._place.setText(f"{count} rows" if count else "")
        if place is not None:
            self._place.setText(f"{place + 1} of {count}")
        # no tile is the current one while another row is shown, so that each can be gone to
        self._tiles.setCurrentIndex(QModelIndex() if place is None else self._model.index(place))
        self._tiles.clearSelection()

    def step(self, by: int) -> None:
        """Go that many rows on; from a row that is not among these, to the first."""
        count, place = self._model.rowCount(), self._current()
        if count:
            there = 0 if place is None else min(max(place + by, 0), count - 1)
            self.chosen.emit(int(self._model.rows[there]))

    def _current(self) -> int | None:
        index = self._model.index_of(self._shown)
        return index.row() if index.isValid() else None

    def _go_to(self, index: QModelIndex) -> None:
        row = index.data(TileRole.ROW)
        if row is not None and row != self._shown:
            self.chosen.emit(row)
