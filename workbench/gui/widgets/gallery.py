"""Rows of a dataset as tiles: a picture, a caption, and a check mark on what is selected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QListView, QWidget

from workbench.core.selection import CombineMode
from workbench.gui.widgets.thumbnails import Rows, Thumbnails
from workbench.gui.widgets.tile_painting import TileDelegate, TileRole

Index = QModelIndex | QPersistentModelIndex

_NO_ROWS: Rows = np.empty(0, dtype=np.int64)
_MOVES = {
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
}


class GalleryModel(QAbstractListModel):
    """Tiles for row ids, by `TileRole`. It holds arrays only, so any number of rows is cheap."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._rows = _NO_ROWS
        self._classes = _NO_ROWS
        self._class_names: Sequence[str] = ()
        self._badges: Sequence[QColor] = ()
        self._selected = np.empty(0, dtype=bool)
        thumbnails.arrived.connect(self._note_pictures)

    @property
    def rows(self) -> Rows:
        """Row ids (n,) in the order of the tiles."""
        return self._rows

    def set_rows(self, rows: Rows, classes: NDArray[np.int64], class_names: Sequence[str]) -> None:
        """Show row ids (n,) of the classes (n,), in this order."""
        self.beginResetModel()
        self._rows, self._classes, self._class_names = rows, classes, tuple(class_names)
        self.endResetModel()

    def set_selected(self, selected: NDArray[np.bool_]) -> None:
        """Check the tiles of rows that are True in a mask over all row ids of the dataset."""
        self._selected = selected
        self._note(TileRole.IS_SELECTED, Qt.ItemDataRole.ToolTipRole)

    def set_badges(self, colours: Sequence[QColor]) -> None:
        """Colours of the classes."""
        self._badges = tuple(colours)
        self._note(TileRole.BADGE)

    def is_selected(self, row: int) -> bool:
        return row < len(self._selected) and bool(self._selected[row])

    def index_of(self, row: int) -> QModelIndex:
        """The tile of a row id; invalid if it is not shown."""
        places = np.flatnonzero(self._rows == row)
        return self.index(int(places[0])) if len(places) else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, class_id = int(self._rows[index.row()]), int(self._classes[index.row()])
        match role:
            case TileRole.ROW:
                return row
            case TileRole.CLASS_ID:
                return class_id
            case TileRole.IS_SELECTED:
                return self.is_selected(row)
            case TileRole.BADGE:
                return self._badges[class_id] if class_id < len(self._badges) else None
            case TileRole.PICTURE:
                return self._thumbnails.picture(row)
            case Qt.ItemDataRole.DisplayRole:
                return f"#{row} \N{MIDDLE DOT} {self._class_name(class_id)}"
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                state = ", selected" if self.is_selected(row) else ""
                return f"Row {row}, class {self._class_name(class_id)}{state}"
        return None

    def _class_name(self, class_id: int) -> str:
        names = self._class_names
        return names[class_id] if class_id < len(names) else str(class_id)

    def _note_pictures(self) -> None:
        self._note(TileRole.PICTURE)

    def _note(self, *roles: int) -> None:
        if len(self._rows):
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), list(roles))


class GalleryView(QListView):
    """Tiles in lines. A click, a dragged frame, Shift with arrows or Ctrl+A pick rows; Space and
    Ctrl with a click switch them one by one. What is selected is for others to say, by the model.
    """

    picked = Signal(list, object)
    """Row ids, and how they combine with the selection: a CombineMode, or None for the mode that
    the user has set.
    """

    def __init__(self, model: GalleryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tiles = model
        self._delegate = TileDelegate(self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Gallery of rows")
        self.setAccessibleDescription(
            "Arrow keys move, Space switches one row, Shift with arrows picks several, "
            "Ctrl+A picks all."
        )
        self.set_tile_size(TileDelegate.side)

    def set_tile_size(self, side: int) -> None:
        """Pixels along each side of a picture."""
        self._delegate.side = side
        size = self._delegate.tile_size(self.fontMetrics())
        self.setGridSize(size)
        self.verticalScrollBar().setSingleStep(size.height() // 3)

    def show_row(self, row: int) -> None:
        """Scroll to the tile of a row id and make it the current one, if it is shown."""
        index = self._tiles.index_of(row)
        if index.isValid():
            self.setCurrentIndex(index)
            self.clearSelection()

    # Qt would lay out or look at each of perhaps 100,000 tiles in the next three.

    def dataChanged(self, _first: Index, _last: Index, _roles: Sequence[int] = ()) -> None:
        self.viewport().update()

    def selectionChanged(self, _selected: QItemSelection, _deselected: QItemSelection) -> None:
        self.viewport().update()

    def keyboardSearch(self, _text: str) -> None:
        """Typing does not search."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        rows = self._take_gesture()
        if event.button() == Qt.MouseButton.LeftButton and rows:
            switches = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            self.picked.emit(rows, self._switched(rows) if switches else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            rows = [int(self.currentIndex().data(TileRole.ROW))]
            self.picked.emit(rows, self._switched(rows))
            return
        super().keyPressEvent(event)
        if event.matches(QKeySequence.StandardKey.SelectAll):
            self.picked.emit(self._take_gesture(), None)
        elif event.key() in _MOVES:
            rows = self._take_gesture()
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.picked.emit(rows, None)

    def _take_gesture(self) -> list[int]:
        """Rows under the gesture that just ended. Qt's own selection lasts no longer than it."""
        parts = self.selectionModel().selection().toList()
        places = [np.arange(part.top(), part.bottom() + 1) for part in parts]
        self.clearSelection()
        if not places:
            return []
        rows: list[int] = self._tiles.rows[np.unique(np.concatenate(places))].tolist()
        return rows

    def _switched(self, rows: Sequence[int]) -> CombineMode:
        """Take rows away if all of them are selected, add them otherwise."""
        are_selected = all(self._tiles.is_selected(row) for row in rows)
        return CombineMode.SUBTRACT if are_selected else CombineMode.ADD
