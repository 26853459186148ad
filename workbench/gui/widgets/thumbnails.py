"""Pictures of dataset rows, made in batches on a background thread and kept while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from workbench.core.dataset import Dataset
from workbench.core.pictures import Pixels, as_pixels, is_image
from workbench.gui.background import Background

Rows = NDArray[np.int64]
Source = Callable[[Rows], list[QImage]]
"""Pictures of rows, in their order. Called on a background thread."""

_BATCH = 96
_LARGEST_SIDE = 128  # pixels of an image
_LARGEST_STRIP = 64
_ROOM = 64 * 1024**2  # bytes


class Thumbnails(QObject):
    """A picture is asked for whenever it is painted; what is no longer painted is not made."""

    arrived = Signal()
    failed = Signal(Exception)
    """The source could not make pictures: told once, and rows it fails for have an empty one."""

    def __init__(
        self,
        background: Background,
        source: Source,
        parent: QObject | None = None,
        *,
        room: int = _ROOM,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._source = source
        self._room = room
        self._kept: OrderedDict[int, QImage] = OrderedDict()
        self._kept_bytes = 0
        self._wanted: dict[int, None] = {}
        self._loading: Rows | None = None
        self._has_failed = False
        self._load_soon = QTimer(self, singleShot=True, interval=0)  # after all of one painting
        self._load_soon.timeout.connect(self._load)

    def picture(self, row: int) -> QImage | None:
        """The picture of a row, or None until it has arrived; empty if it cannot be made."""
        if row in self._kept:
            self._kept.move_to_end(row)
            return self._kept[row]
        self._wanted.pop(row, None)
        self._wanted[row] = None
        if self._loading is None and not self._load_soon.isActive():
            self._load_soon.start()
        return None

    def set_source(self, source: Source) -> None:
        """Forget all pictures and take them from another source."""
        self._background.drop(self, "load")
        self._load_soon.stop()
        self._source = source
        self._has_failed = False
        self._loading = None
        self._kept.clear()
        self._kept_bytes = 0
        self._wanted.clear()
        self.arrived.emit()

    def _load(self) -> None:
        rows, source = np.array([*self._wanted][-_BATCH:], dtype=np.int64), self._source
        self._loading = rows
        self._background.ask(self, "load", lambda: source(rows), self._take, self._fail)

    def _take(self, pictures: list[QImage]) -> None:
        rows, self._loading = self._loading, None
        if rows is None:
            return
        for row, picture in zip(rows.tolist(), pictures, strict=True):
            self._kept[row] = picture
            self._kept_bytes += picture.sizeInBytes()
        while self._kept_bytes > self._room and len(self._kept) > len(rows):
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= oldest.sizeInBytes()
        # What was scrolled away meanwhile is not wanted again; what is painted now, is.
        self._wanted.clear()
        self.arrived.emit()

    def _fail(self, fault: Exception) -> None:
        if self._loading is not None:
            self._take([QImage() for _ in self._loading])
        if not self._has_failed:
            self._has_failed = True
            self.failed.emit(fault)


def no_pictures(rows: Rows) -> list[QImage]:
    """A source for as long as there is no dataset."""
    return [QImage() for _ in rows]


def pictures_of(dataset: Dataset) -> Source:
    """Makes pictures of rows of a dataset."""
    inputs, white = dataset.inputs, dataset.preprocessing.divide_by
    return lambda rows: images_of(inputs[rows], white)


def images_of(inputs: NDArray[Any], white: float = 1.0) -> list[QImage]:
    """Pictures of stored inputs (k, h, w), (k, 1, h, w) or (k, 3, h, w); anything else as strips.

    `white` is what preprocessing divides by. What is not finite is as dark as the darkest.
    """
    picture = _image if is_image(inputs.shape[1:]) else _strip
    return [picture(_finite(values), white) for values in inputs]


def _image(values: NDArray[Any], white: float) -> QImage:
    return _as_qimage(as_pixels(values, white, _LARGEST_SIDE))


def _strip(values: NDArray[Any], white: float) -> QImage:
    """One bar per feature, the brighter the larger."""
    line = as_pixels(values.reshape(1, -1), white, _LARGEST_STRIP)
    return _as_qimage(np.repeat(line, max(4, line.shape[1] // 2), axis=0))


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    finite = np.isfinite(values)
    if finite.all():
        return values
    return np.where(finite, values, values[finite].min() if finite.any() else 0)


def _as_qimage(pixels: Pixels) -> QImage:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape[:2]
    has_colour = pixels.ndim == 3
    kind = QImage.Format.Format_RGB888 if has_colour else QImage.Format.Format_Grayscale8
    return QImage(pixels.data, width, height, pixels.strides[0], kind).copy()
