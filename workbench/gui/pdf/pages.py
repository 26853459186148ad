"""Where everything goes: what belongs together stays together, headers come back on every page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from workbench.gui.pdf.pieces import Piece, Span


@dataclass(frozen=True, slots=True)
class Item:
    """A piece in the order of reading, already laid out.

    `before`: room above it, unless it starts a page. `keep`: it may not end a page before the next
    item. `head` is repeated above it wherever it starts a page. `anchor`: contents refer to it.
    """

    piece: Piece
    before: float = 0.0
    keep: bool = False
    new_page: bool = False
    anchor: str = ""
    head: Piece | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A piece, or the span of its height that `part` names, at a distance from the top."""

    piece: Piece
    top: float
    part: Span


@dataclass(slots=True)
class Page:
    places: list[Place] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    used: float = 0.0

    def add(self, piece: Piece, before: float, part: Span) -> None:
        top = self.used + before
        self.places.append(Place(piece, top, part))
        self.used = top + part[1] - part[0]


def paginate(items: Sequence[Item], height: float) -> list[Page]:
    """Every item on pages of `height`. Only what is taller than a page is cut, between lines."""
    pages = [Page()]
    for group in _groups(items):
        if pages[-1].places and (group[0].new_page or not _fits(group, pages[-1], height)):
            pages.append(Page())
        for item in group:
            whole = item.piece.height <= height
            if pages[-1].places and whole and not _fits([item], pages[-1], height):
                pages.append(Page())
            _add(item, pages, height)
    return pages


def page_numbers(pages: Sequence[Page]) -> dict[str, int]:
    """The page of every anchor, counted from 1."""
    return {anchor: number for number, page in enumerate(pages, 1) for anchor in page.anchors}


def _groups(items: Sequence[Item]) -> Iterator[list[Item]]:
    group: list[Item] = []
    for item in items:
        group.append(item)
        if not item.keep:
            yield group
            group = []
    if group:
        yield group


def _fits(group: Sequence[Item], page: Page, height: float) -> bool:
    needed = sum(item.before + item.piece.height for item in group)
    return page.used + needed <= height


def _add(item: Item, pages: list[Page], height: float) -> None:
    page, before = pages[-1], item.before
    if not page.places:
        before = 0.0
        if item.head is not None:
            page.add(item.head, 0.0, (0.0, item.head.height))
    if item.anchor:
        page.anchors.append(item.anchor)
    start = 0.0
    while start < item.piece.height:
        end = _cut(item.piece, start, height - pages[-1].used - before)
        pages[-1].add(item.piece, before, (start, end))
        if end < item.piece.height:
            pages.append(Page())
        start, before = end, 0.0


def _cut(piece: Piece, start: float, room: float) -> float:
    """Where a page with `room` left ends, if it shows `piece` from `start` on."""
    limit = start + room
    if piece.height <= limit:
        return piece.height
    lines = piece.lines
    whole = [
        end
        for _, end in lines
        if start < end <= limit and not any(top < end < bottom for top, bottom in lines)
    ]
    return max(whole, default=limit)
