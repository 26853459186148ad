"""What pages are made of: pieces get a width, have a height from then on, and are painted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from workbench.core import palette
from workbench.core.palette import Tone
from workbench.gui.pdf.style import POINT, Face, font_of

Span = tuple[float, float]


class Piece(Protocol):
    """`widest`: the width beyond which nothing is gained; `narrowest`: below it, words break.

    After `lay_out`, `height` holds, and `lines`: spans of it that a page may not cut through.
    """

    @property
    def widest(self) -> float: ...

    @property
    def narrowest(self) -> float: ...

    @property
    def height(self) -> float: ...

    @property
    def lines(self) -> list[Span]: ...

    def lay_out(self, width: float) -> None: ...

    def paint(self, painter: QPainter, x: float, y: float) -> None: ...


class Solid:
    """Base of pieces that cannot be cut. They keep the width that they were laid out with."""

    def __init__(self, narrowest: float, widest: float, height: float = 0) -> None:
        self.narrowest = narrowest
        self.widest = widest
        self.height = height
        self.width = widest

    @property
    def lines(self) -> list[Span]:
        return [(0.0, self.height)]

    def lay_out(self, width: float) -> None:
        self.width = width


class Stack:
    """Pieces below each other, `gap` apart."""

    def __init__(self, pieces: Sequence[Piece], gap: float = 0) -> None:
        self.pieces = pieces
        self._gap = gap

    @property
    def widest(self) -> float:
        return max((piece.widest for piece in self.pieces), default=0.0)

    @property
    def narrowest(self) -> float:
        return max((piece.narrowest for piece in self.pieces), default=0.0)

    @property
    def height(self) -> float:
        gaps = self._gap * max(len(self.pieces) - 1, 0)
        return sum(piece.height for piece in self.pieces) + gaps

    @property
    def lines(self) -> list[Span]:
        found: list[Span] = []
        top = 0.0
        for piece in self.pieces:
            found += _moved(piece.lines, top)
            top += piece.height + self._gap
        return found

    def lay_out(self, width: float) -> None:
        for piece in self.pieces:
            piece.lay_out(width)

    def paint(self, painter: QPainter, x: float, y: float) -> None:
        for piece in self.pieces:
            piece.paint(painter, x, y)
            y += piece.height + self._gap


@dataclass(frozen=True, slots=True)
class Look:
    """How a row is drawn. `across`, `down`: room inside each cell; `gap`: between two of them.

    `drop`: where the free height of a cell goes, from 0, below it, to 1, above it.
    `frame` is drawn around every cell, `bar` at the left of the row, `rule` above it.
    """

    across: float = 0.0
    down: float = 0.0
    gap: float = 0.0
    drop: float = 0.0
    frame: Tone | None = None
    bar: Tone | None = None
    tint: QColor | None = None
    rule: Tone | None = None


class Row:
    """Cells beside each other, None for an empty one. A width of None shares what others leave."""

    def __init__(
        self, cells: Sequence[Piece | None], widths: Sequence[float | None], look: Look
    ) -> None:
        self._cells = cells
        self._given = widths
        self._look = look
        self._width = 0.0

    @property
    def widest(self) -> float:
        return self._around() + sum(cell.widest for cell in self._cells if cell)

    @property
    def narrowest(self) -> float:
        return self._around() + sum(cell.narrowest for cell in self._cells if cell)

    @property
    def height(self) -> float:
        return max((cell.height for cell in self._cells if cell), default=0.0) + 2 * self._look.down

    @property
    def lines(self) -> list[Span]:
        placed = zip(self._cells, self._tops(), strict=True)
        return [span for cell, top in placed if cell for span in _moved(cell.lines, top)]

    def lay_out(self, width: float) -> None:
        self._width = width
        for cell, own in zip(self._cells, self._widths(), strict=True):
            if cell:
                cell.lay_out(own - 2 * self._look.across)

    def paint(self, painter: QPainter, x: float, y: float) -> None:
        look, whole = self._look, QRectF(x, y, self._width, self.height)
        if look.tint:
            painter.fillRect(whole, look.tint)
        if look.rule:
            painter.fillRect(QRectF(x, y, self._width, 0.6 * POINT), QColor(look.rule.light))
        if look.bar:
            painter.fillRect(QRectF(x, y, 2.5 * POINT, self.height), QColor(look.bar.light))
        for cell, own, top in zip(self._cells, self._widths(), self._tops(), strict=True):
            if cell:
                if look.frame:
                    _paint_frame(painter, QRectF(x, y, own, self.height), look.frame)
                cell.paint(painter, x + look.across, y + top)
            x += own + look.gap

    def _around(self) -> float:
        """The width that is not the cells'."""
        count = len(self._cells)
        return 2 * self._look.across * count + self._look.gap * (count - 1)

    def _widths(self) -> list[float]:
        taken = sum(own or 0.0 for own in self._given) + self._look.gap * (len(self._given) - 1)
        share = (self._width - taken) / max(self._given.count(None), 1)
        return [share if own is None else own for own in self._given]

    def _tops(self) -> list[float]:
        inside = self.height - 2 * self._look.down
        free = [inside - (cell.height if cell else 0.0) for cell in self._cells]
        return [self._look.down + self._look.drop * one for one in free]


class Entry(Solid):
    """A line of contents: what it leads to, and on which page, which `page_of` says by then."""

    def __init__(self, title: str, anchor: str, page_of: dict[str, int]) -> None:
        self._title, self._anchor, self._page_of = title, anchor, page_of
        self._font = font_of(Face(size=9))
        super().__init__(0, 0, 14.5 * POINT)

    def paint(self, painter: QPainter, x: float, y: float) -> None:
        metrics = QFontMetricsF(self._font)
        page = str(self._page_of[self._anchor])
        end = self.width - metrics.horizontalAdvance(page)
        title = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, end - 14 * POINT)
        start = metrics.horizontalAdvance(title)
        base = y + 10.5 * POINT
        painter.setFont(self._font)
        painter.setPen(QColor(palette.INK.light))
        painter.drawText(round(x), round(base), title)
        painter.drawText(round(x + end), round(base), page)
        painter.setPen(QPen(QColor(palette.MUTED.light), 0.7 * POINT, Qt.PenStyle.DotLine))
        dots = round(x + start + 5 * POINT), round(x + end - 5 * POINT)
        if dots[0] < dots[1]:
            painter.drawLine(dots[0], round(base), dots[1], round(base))


def _moved(spans: Sequence[Span], down: float) -> list[Span]:
    return [(top + down, end + down) for top, end in spans]


def _paint_frame(painter: QPainter, place: QRectF, tone: Tone) -> None:
    painter.setPen(QPen(QColor(tone.light), 0.7 * POINT))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(place, 4 * POINT, 4 * POINT)
