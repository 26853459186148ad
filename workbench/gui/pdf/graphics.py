"""Pieces and signs that are drawn: figures, pictures, badges, keys in a line of text."""

from __future__ import annotations

import base64
from typing import Protocol

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontInfo, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtSvg import QSvgRenderer

from workbench.core import palette
from workbench.core.palette import Tone
from workbench.gui.pdf.markup import Node, to_svg
from workbench.gui.pdf.pieces import Solid
from workbench.gui.pdf.style import POINT, Face, drawing_rules, font_of, on_paper

# Dots per unit of a drawing: its text, 11 units high, is from 5 to 8 points on paper.
_SMALLEST, _LARGEST = 0.47 * POINT, 0.61 * POINT


def renderer(drawing: Node) -> QSvgRenderer:
    """Of an `<svg>` of the report, in the colours of a light page."""
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "font-family": QFontInfo(font_of(Face())).family(),  # drawings know no second choice
        "viewbox": drawing.attributes["viewbox"],
        "class": drawing.attributes.get("class", ""),
    }
    rules = Node("style", {}, [drawing_rules()])
    whole = Node("svg", attributes, [rules, *drawing.children])
    return QSvgRenderer(on_paper(to_svg(whole)).encode())


def image(node: Node) -> QImage:
    """Of an `<img>` whose picture is in the page."""
    _, _, data = node.attributes["src"].partition("base64,")
    return QImage.fromData(base64.b64decode(data))


class Drawing(Solid):
    """A figure, kept in vectors; its height follows from the width that it gets."""

    def __init__(self, drawing: Node) -> None:
        self._renderer = renderer(drawing)
        unit = self._renderer.viewBoxF().width()
        super().__init__(_SMALLEST * unit, _LARGEST * unit)

    def lay_out(self, width: float) -> None:
        box = self._renderer.viewBoxF()
        self.width = min(width, self.widest)
        self.height = self.width * box.height() / box.width()

    def paint(self, painter: QPainter, x: float, y: float) -> None:
        self._renderer.render(painter, QRectF(x, y, self.width, self.height))


class Picture(Solid):
    """Pixels, never smoothed: each is one input or one attribution. `size`: of the longer side."""

    def __init__(self, picture: QImage, size: float) -> None:
        longest = max(picture.width(), picture.height())
        width = size * picture.width() / longest
        super().__init__(width, width, size * picture.height() / longest)
        self._picture = picture

    def lay_out(self, width: float) -> None:
        """Keeps its size."""

    def paint(self, painter: QPainter, x: float, y: float) -> None:
        paint_picture(painter, QRectF(x, y, self.width, self.height), self._picture)


class Badge(Solid):
    """An outcome: its sign and its name in its tone, framed. `size`: of the text, in points."""

    def __init__(self, name: str, icon: Node, tone: Tone, size: float) -> None:
        self._name = name
        self._icon = renderer(icon)
        self._tone = QColor(tone.light)
        self._font = font_of(Face(size=size, bold=True, spacing=102.0))
        self._em = size * POINT
        text = QFontMetricsF(self._font).horizontalAdvance(name)
        width = text + 2.75 * self._em
        super().__init__(width, width, 1.75 * self._em)

    def lay_out(self, width: float) -> None:
        """Keeps its size."""

    def paint(self, painter: QPainter, x: float, y: float) -> None:
        em, tint = self._em, QColor(self._tone)
        tint.setAlphaF(0.08)
        painter.setPen(QPen(self._tone, 0.1 * em))
        painter.setBrush(tint)
        painter.drawRoundedRect(QRectF(x, y, self.width, self.height), 0.35 * em, 0.35 * em)
        self._icon.render(painter, QRectF(x + 0.55 * em, y + 0.3 * em, 1.15 * em, 1.15 * em))
        painter.setFont(self._font)
        painter.setPen(self._tone)
        painter.drawText(round(x + 2.15 * em), round(y + 1.23 * em), self._name)


class Sign(Protocol):
    """Something drawn within a line of text, standing on its base line."""

    @property
    def size(self) -> QSizeF: ...

    def paint(self, painter: QPainter, place: QRectF) -> None: ...


class DrawnSign:
    """An icon or the marker of a role."""

    def __init__(self, drawing: Node, em: float) -> None:
        self.size = QSizeF(1.15 * em, em)
        self._renderer = renderer(drawing)

    def paint(self, painter: QPainter, place: QRectF) -> None:
        side = place.height()
        self._renderer.render(painter, QRectF(place.x(), place.y() + 0.1 * side, side, side))


class PictureSign:
    """A picture in a line: the scale of colours."""

    def __init__(self, picture: QImage, size: QSizeF) -> None:
        self.size = size
        self._picture = picture

    def paint(self, painter: QPainter, place: QRectF) -> None:
        paint_picture(painter, place, self._picture)


class Swatch:
    """The key of a histogram: filled for forget rows, an outline for non-members."""

    def __init__(self, tone: Tone, em: float, *, filled: bool) -> None:
        self.size = QSizeF(1.7 * em, 0.9 * em)
        self._tone = QColor(tone.light)
        self._filled = filled

    def paint(self, painter: QPainter, place: QRectF) -> None:
        inside = QColor(self._tone)
        inside.setAlphaF(0.35 if self._filled else 0.0)
        painter.setPen(QPen(self._tone, 1.2 * POINT))
        painter.setBrush(inside)
        painter.drawRect(QRectF(place.x(), place.y(), 1.4 * place.height(), place.height()))


class Tag:
    """A number in a circle, as on the curves that it explains."""

    def __init__(self, number: str, em: float) -> None:
        self.size = QSizeF(1.6 * em, 1.35 * em)
        self._number = number
        self._font = font_of(Face(size=0.85 * em / POINT, bold=True))

    def paint(self, painter: QPainter, place: QRectF) -> None:
        side = place.height()
        circle = QRectF(place.x(), place.y() + 0.12 * side, side, side)
        painter.setPen(QPen(QColor(palette.UNLEARNED.light), 0.9 * POINT))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle)
        painter.setFont(self._font)
        painter.setPen(QColor(palette.INK.light))
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, self._number)


def paint_picture(painter: QPainter, place: QRectF, picture: QImage) -> None:
    painter.drawImage(place, picture)
    painter.setPen(QPen(QColor(palette.LINE.light), 0.5 * POINT))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(place)
