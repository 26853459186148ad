"""Tables on paper: columns as wide as their contents need, split where a page is too narrow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtGui import QColor

from workbench.core import palette
from workbench.gui.pdf.markup import Node
from workbench.gui.pdf.pages import Item
from workbench.gui.pdf.pieces import Look, Piece, Row
from workbench.gui.pdf.style import POINT, WIDTH, Face, face_of
from workbench.gui.pdf.text import Text

_ACROSS = 2.4 * POINT
_CELL = Look(across=_ACROSS, down=2.2 * POINT, rule=palette.LINE)
_HEAD = Look(across=_ACROSS, down=2.2 * POINT, drop=1.0)

_SHORT = 10  # rows
_KEY_WIDTH = 110 * POINT

InCell = Callable[[Node, Face], Piece]
Size = tuple[float, float]


def table_items(table: Node, face: Face, in_cell: InCell) -> list[Item]:
    """Caption, header and rows over the whole width of a page.

    A number and its interval stand beside each other if the page is wide enough for all columns.
    """
    lines = _lines(table, face, _beside(in_cell))
    sizes = _sizes(lines)
    if sum(narrowest for narrowest, _ in sizes) > WIDTH:
        lines = _lines(table, face, in_cell)
        sizes = _sizes(lines)
    groups = _groups(sizes, _key_columns(table))
    items = []
    for index, columns in enumerate(groups):
        if index:  # the key columns come again, and a piece is in one place only
            lines = _lines(table, face, in_cell)
        widths = column_widths([sizes[column] for column in columns], WIDTH)
        rows = [line.row(columns, widths) for line in lines]
        items += _items(table, face, rows, [line.is_heading for line in lines])
    return items


def column_widths(sizes: Sequence[Size], width: float) -> list[float]:
    """Widths that fill `width`, for columns that need (at least, at most) so much each.

    What is left beyond the least is shared equally, but no column gets more than it has use for.
    """
    widths = [low for low, _ in sizes]
    left = width - sum(widths)
    wishes = sorted((high - low, index) for index, (low, high) in enumerate(sizes))
    for rank, (wish, index) in enumerate(wishes):
        more = max(min(wish, left / (len(wishes) - rank)), 0.0)
        widths[index] += more
        left -= more
    return [own * width / sum(widths) for own in widths]


class _Line:
    """One row of the source: the pieces of its cells, one a column or one over all columns."""

    def __init__(self, row: Node, face: Face, in_cell: InCell, look: Look) -> None:
        cells = [(cell, face_of(cell, face)) for cell in row.elements]
        if look is _HEAD:  # titles of columns may break where numbers may not
            cells = [(cell, replace(own, wraps=True)) for cell, own in cells]
        self.cells = [in_cell(cell, own) for cell, own in cells]
        self.is_whole = any("colspan" in cell.attributes for cell in row.elements)
        self.is_heading = "family" in row.classes
        self._look = look

    def row(self, columns: Sequence[int], widths: Sequence[float]) -> Row:
        if self.is_whole:
            return Row(self.cells, [sum(widths)], self._look)
        return Row([self.cells[column] for column in columns], widths, self._look)


def _lines(table: Node, face: Face, in_cell: InCell) -> list[_Line]:
    """The header, then every body."""
    head = table.child("thead")
    own = face_of(head, face)
    body = [row for part in table.elements if part.tag == "tbody" for row in part.elements]
    return [
        *(_Line(row, face_of(row, own), in_cell, _HEAD) for row in head.elements),
        *(_Line(row, face_of(row, face), in_cell, _look(table, row)) for row in body),
    ]


def _beside(in_cell: InCell) -> InCell:
    """As `in_cell`, but numbers on one line with what is set small below them elsewhere."""

    def piece(cell: Node, face: Face) -> Piece:
        if "number" not in cell.classes:
            return in_cell(cell, face)
        return Text([part for child in cell.children for part in (" ", child)], face)

    return piece


def _items(table: Node, face: Face, rows: Sequence[Row], headings: Sequence[bool]) -> list[Item]:
    """A short table is not split; of a long one, neither end nor a heading is alone on a page."""
    title = table.child("caption")
    caption = Text(title.children, face_of(title, face))
    head, *body = rows
    last = len(body) - 1
    kept = {0, last - 1, *(index for index, heads in enumerate(headings[1:]) if heads)}
    return [
        Item(caption, before=11 * POINT, keep=True),
        Item(head, before=2 * POINT, keep=True),
        *(
            Item(row, keep=index < last and (last < _SHORT or index in kept), head=head)
            for index, row in enumerate(body)
        ),
    ]


def _look(table: Node, row: Node) -> Look:
    if "numbers" in table.classes:
        return replace(_CELL, down=1.3 * POINT)
    if {"criterion", "maps"} & set(table.classes):
        return replace(_CELL, drop=0.5)
    if "reference" in row.classes:
        tint = QColor(palette.RETRAINED.light)
        tint.setAlphaF(0.11)
        return replace(_CELL, tint=tint)
    return _CELL


def _sizes(lines: Sequence[_Line]) -> list[Size]:
    """What every column needs, at least and at most, its padding included."""
    columns = zip(*(line.cells for line in lines if not line.is_whole), strict=True)
    return [
        (
            max(cell.narrowest for cell in column) + 2 * _ACROSS,
            max(cell.widest for cell in column) + 2 * _ACROSS,
        )
        for column in columns
    ]


def _key_columns(table: Node) -> int:
    """How many columns stand before the first number: they say what a row is about."""
    titles = table.child("thead").all("th")
    return next((i for i, title in enumerate(titles) if "number" in title.classes), len(titles))


def _groups(sizes: Sequence[Size], keys: int) -> list[list[int]]:
    """All columns, or as many at a time as a page is wide enough for beside the key columns."""
    key, numbers = list(range(keys)), list(range(keys, len(sizes)))
    if not numbers or sum(narrowest for narrowest, _ in sizes) <= WIDTH:
        return [[*key, *numbers]]
    taken = sum(min(widest, _KEY_WIDTH) for _, widest in sizes[:keys])
    fitting = max(int((WIDTH - taken) / max(sizes[column][0] for column in numbers)), 1)
    count = math.ceil(len(numbers) / fitting)
    each = math.ceil(len(numbers) / count)
    return [key + numbers[start : start + each] for start in range(0, len(numbers), each)]
