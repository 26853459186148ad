"""The row itself: its picture, its label and where it belongs."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from workbench.core import palette
from workbench.core.pictures import is_image
from workbench.core.vocabulary import Split
from workbench.gui.pages.inspect.contents import RowView
from workbench.gui.pages.inspect.feature_bars import FeatureBars
from workbench.gui.theme import theme
from workbench.gui.widgets.thumbnails import images_of

_SHORTEST = 110
_SPLITS = {
    Split.FORGET: "forget row",
    Split.RETAIN: "retain row",
    Split.TEST: "test row",
    Split.NON_MEMBER: "non-member",
}


class Picture(QWidget):
    """An image as large as it fits, its pixels as squares."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setAccessibleName(name)
        self.setMinimumSize(_SHORTEST, _SHORTEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_image(self, image: QImage) -> None:
        self._image = image
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._image.isNull():
            return
        painter = QPainter(self)
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(QPoint((self.width() - size.width()) // 2, 0), size)
        painter.drawImage(target, self._image)
        painter.setPen(QPen(theme.colour(palette.LINE), 1))
        painter.drawRect(target.adjusted(0, 0, -1, -1))


class RowCard(QWidget):
    """What is known of the row, and below it its picture or its features."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = Picture("The row as a picture")
        self._features = FeatureBars("The row as features")
        self._input = QStackedWidget()
        self._input.addWidget(self._picture)
        self._input.addWidget(self._features)
        self._facts = QLabel()
        self._facts.setTextFormat(Qt.TextFormat.PlainText)
        self._facts.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._facts)
        layout.addWidget(self._input, 1)

    def show_row(self, view: RowView) -> None:
        is_picture = is_image(view.inputs.shape)
        if is_picture:
            self._picture.set_image(images_of(view.inputs[None], view.white)[0])
        else:
            values = np.asarray(view.inputs, dtype=np.float64).ravel()
            self._features.set_values(values, float(np.abs(values).max()))
        self._input.setCurrentIndex(0 if is_picture else 1)
        others = (f"{name} {value}" for name, value in view.metadata.items())
        lines = (f"Labelled {view.label}, {_SPLITS[view.split]}", ", ".join(others))
        self._facts.setText("\n".join(filter(None, lines)))
