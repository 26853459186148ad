"""From the HTML of a report to the items on its pages: one rule for every kind of part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from workbench.core import palette
from workbench.core.palette import Tone
from workbench.gui.pdf.graphics import Badge, Drawing, Picture, image
from workbench.gui.pdf.markup import Node
from workbench.gui.pdf.pages import Item
from workbench.gui.pdf.pieces import Entry, Look, Piece, Row, Stack
from workbench.gui.pdf.style import POINT, WIDTH, Face, face_of
from workbench.gui.pdf.tables import table_items
from workbench.gui.pdf.text import Text

_HEADINGS = {"h1": 6, "h2": 34, "h3": 17, "h4": 10}  # room above, in points
_BLOCKS = {
    *(*_HEADINGS, "header", "main", "section", "article", "div", "nav", "details", "p", "table"),
    *("ul", "ol", "li", "dl", "dt", "dd", "figure", "figcaption", "img"),
}
_LABEL = 78 * POINT  # fits the longest outcome
_FACT = 112 * POINT
_CARD = Look(across=9 * POINT, down=8 * POINT, gap=10 * POINT, frame=palette.LINE)
_LISTED = Look(down=1.5 * POINT, gap=8 * POINT, drop=0.5)
_RULED = Look(down=4 * POINT, gap=8 * POINT, rule=palette.LINE)
_BARS: dict[str, Tone] = {"limits-line": palette.MUTED, "notice": palette.INCONCLUSIVE}
_BADGES = {outcome.lower(): tone for outcome, tone in palette.OUTCOMES.items()}
_ON_NEW_PAGES = ("audited", "definitions")
_APPENDIX = "appendix"


class Composer:
    """Composes one report. `page_of` is filled afterwards: the page of every anchor."""

    def __init__(self, page_of: dict[str, int]) -> None:
        self._page_of = page_of
        self._section = ""
        self._closed: list[tuple[str, Node]] = []

    def compose(self, report: Node) -> list[Item]:
        """The report in its order, and after it what is closed on the screen; all laid out."""
        items = self._items(report.child("body"), Face())
        if self._closed:
            title = Node("h2", {}, ["Appendix"])
            heading = self._heading(title, face_of(title, Face()))
            items += [replace(heading[0], anchor=_APPENDIX, new_page=True)]
        for index, (section, details) in enumerate(self._closed):
            items += self._opened(index, section, details)
        for item in items:
            item.piece.lay_out(WIDTH)
            if item.head:
                item.head.lay_out(WIDTH)
        return items

    def _items(self, parent: Node, face: Face) -> list[Item]:
        """What is inside `parent`: its blocks, and paragraphs of what stands between them."""
        items: list[Item] = []
        between: list[Node | str] = []
        previous: Node | None = None
        for child in parent.children:
            if isinstance(child, str) or not _is_block(child, parent):
                between.append(child)
                continue
            items += _paragraph(between, face)
            between = []
            block = self._block(child, face_of(child, face))
            if items and _is_introduced(child, previous):
                items[-1] = replace(items[-1], keep=True)
            items += block
            previous = child
        return _paired(items + _paragraph(between, face))

    def _inside(self, parent: Node, face: Face) -> Piece:
        """What is inside `parent`, as one piece."""
        return Stack([item.piece for item in self._items(parent, face)], 2 * POINT)

    def _block(self, node: Node, face: Face) -> list[Item]:
        match node.tag, node.classes:
            case "p", ["on-paper", *_]:  # says what printing the HTML leaves out
                return []
            case (("h1" | "h2" | "h3" | "h4"), _):
                return self._heading(node, face)
            case "p", [("limits-line" | "notice") as kind]:
                look = Look(across=10 * POINT, down=5 * POINT, bar=_BARS[kind])
                return [Item(Row([Text(node.children, face)], [None], look), before=9 * POINT)]
            case "p", ["key-line" | "scale"]:
                return _paragraph(_set_apart(node.elements), face, before=7)
            case "p", _:
                return _paragraph(node.children, face, before=5)
            case "table", _:
                return table_items(node, face, self._inside)
            case "section", _:
                return self._section_items(node, face)
            case "details", _:
                return [self._reference(node)]
            case "nav", _:
                return [self._contents(node)]
            case "div", ["verdict"]:
                badge, summary = (self._alone(child, face) for child in node.elements)
                look = Look(gap=14 * POINT, drop=0.5)
                return [Item(Row([badge, summary], [badge.widest, None], look), 8 * POINT)]
            case "div", ["cards" | "panels", *_]:
                return self._grid(node.elements, face, _CARD)
            case (("ul" | "ol" | "dl"), [*kind]):
                return self._list(node.elements, kind, face)
            case "span", ["badge", tone, *small]:
                size = min(0.87 * face.size, 6.8) if small else 11
                drawn = Badge(node.text, node.child("svg"), _badge_tone(tone), size)
                return [Item(drawn)]
            case "svg", _:
                return [Item(Drawing(node), before=3 * POINT)]
            case "img", _:
                return [Item(Picture(image(node), 42 * POINT))]
        return self._items(node, face)

    def _heading(self, node: Node, face: Face) -> list[Item]:
        items = [replace(item, keep=True) for item in self._items(node, face)]
        return [replace(items[0], before=_HEADINGS[node.tag] * POINT), *items[1:]]

    def _section_items(self, section: Node, face: Face) -> list[Item]:
        anchor = section.attributes["id"]
        self._section = _own_text(section.child("h2"))
        items = self._items(section, face)
        if "forget-set" in section.classes or anchor in _ON_NEW_PAGES:
            items[0] = replace(items[0], new_page=True)
        return [replace(items[0], anchor=anchor), *items[1:]]

    def _contents(self, nav: Node) -> Item:
        """What is on which page, the appendix included."""
        entries = [
            Entry(link.text, link.attributes["href"].removeprefix("#"), self._page_of)
            for link in nav.elements
        ]
        if self._closed:
            entries.append(Entry("Appendix", _APPENDIX, self._page_of))
        return _contents(entries, before=14)

    def _reference(self, details: Node) -> Item:
        """What is closed here, and where the appendix opens it."""
        anchor = f"{_APPENDIX}-{len(self._closed)}"
        self._closed.append((self._section, details))
        return Item(Entry(_summary(details), anchor, self._page_of), before=2 * POINT)

    def _opened(self, index: int, section: str, details: Node) -> list[Item]:
        overline = Node("span", {"class": "overline"}, [section])
        title = Node("h3", {}, [overline, _summary(details)])
        heading = self._heading(title, face_of(title, Face()))
        inside = [child for child in details.elements if child.tag != "summary"]
        first = replace(heading[0], anchor=f"{_APPENDIX}-{index}")
        return [first, *heading[1:], *self._items(Node("div", {}, [*inside]), Face())]

    def _list(self, entries: Sequence[Node], kind: Sequence[str], face: Face) -> list[Item]:
        items = self._entries(entries, kind, face)
        return [replace(item, before=9 * POINT) if item is items[0] else item for item in items]

    def _entries(self, entries: Sequence[Node], kind: Sequence[str], face: Face) -> list[Item]:
        match kind:
            case ["facts"]:
                items = [self._beside(one.elements, _FACT, face, _RULED) for one in entries]
                return [*(replace(item, keep=True) for item in items[:-1]), *items[-1:]]
            case ["controls"]:
                return [self._beside(one.elements, _LABEL, face, _RULED) for one in entries]
            case ["outcomes"]:
                return [self._beside(one.elements, _LABEL, face, _LISTED) for one in entries]
            case ["legend"]:
                items = [self._beside(one.elements, _LABEL, face, _LISTED) for one in entries]
                return _in_columns([item.piece for item in items], Look(gap=12 * POINT))
            case ["curve-key"]:
                texts = [Text(_set_apart(one.children), face) for one in entries]
                return _in_columns(texts, Look(gap=8 * POINT))
            case ["glossary"]:
                return [Item(Row([self._term(one, face)], [None], _RULED)) for one in entries]
        point = Look(gap=4 * POINT)
        return [
            Item(Row([Text(["•"], face), Text(one.children, face)], [6 * POINT, None], point), 40)
            for one in entries
        ]

    def _term(self, entry: Node, face: Face) -> Piece:
        if entry.tag == "p":
            return self._inside(entry, face)
        term, definition = entry.elements
        named = Text(term.children, replace(face, bold=True))
        return Stack([named, self._inside(definition, face)], 2 * POINT)

    def _beside(self, nodes: Iterable[Node], first: float, face: Face, look: Look) -> Item:
        label, rest = (self._alone(node, face) for node in nodes)
        return Item(Row([label, rest], [first, None], look))

    def _alone(self, node: Node, face: Face) -> Piece:
        return self._inside(Node("div", {}, [node]), face)

    def _grid(self, nodes: Iterable[Node], face: Face, look: Look) -> list[Item]:
        pieces = [self._inside(node, face_of(node, face)) for node in nodes]
        return _in_columns(pieces, look, before=10)


def _contents(entries: Sequence[Piece], before: float) -> Item:
    """Entries in two columns, each read downwards."""
    half = -(-len(entries) // 2)
    columns = [Stack(entries[:half]), Stack(entries[half:])]
    return Item(Row(columns, [None, None], Look(gap=28 * POINT)), before=before * POINT)


def _paired(items: Sequence[Item]) -> list[Item]:
    """With entries that follow each other in columns."""
    found: list[Item] = []
    for are_entries, run in groupby(items, key=lambda item: isinstance(item.piece, Entry)):
        if are_entries:
            found.append(_contents([item.piece for item in run], before=4))
        else:
            found += run
    return found


def _paragraph(inline: Sequence[Node | str], face: Face, before: float = 2) -> list[Item]:
    """One item, or none if there is nothing to be seen."""
    seen = any(part.strip() if isinstance(part, str) else True for part in inline)
    return [Item(Text(inline, face), before=before * POINT)] if seen else []


def _in_columns(pieces: Sequence[Piece], look: Look, before: float = 2) -> list[Item]:
    """Two pieces a row."""
    filled = [*pieces, *([None] * (len(pieces) % 2))]
    rows = [filled[start : start + 2] for start in range(0, len(filled), 2)]
    return [Item(Row(row, [None, None], look), before=before * POINT) for row in rows]


def _is_block(node: Node, parent: Node) -> bool:
    """Whether a style sheet would give it lines of its own."""
    if node.tag == "svg":
        return not {"icon", "key"} & set(node.classes)
    if node.tag == "small":
        return parent.tag in ("td", "th")
    standing = {"badge", "overline"} & set(node.classes)
    return node.tag in _BLOCKS or parent.tag == "figcaption" or bool(standing)


def _is_introduced(node: Node, previous: Node | None) -> bool:
    """Whether the paragraph before a table, a figure or a list of contents is about it."""
    shown = {"scroll", "panels", "key-line", "details"} & {node.tag, *node.classes}
    return bool(shown) and previous is not None and previous.tag == "p"


def _set_apart(parts: Sequence[Node | str]) -> list[Node | str]:
    """What a style sheet keeps apart gets blanks between."""
    return [one for part in parts for one in (part, "\N{EN SPACE}")]


def _badge_tone(kind: str) -> Tone:
    return _BADGES.get(kind, palette.INVALID)


def _own_text(node: Node) -> str:
    return "".join(part for part in node.children if isinstance(part, str)).strip()


def _summary(details: Node) -> str:
    return details.child("summary").text
