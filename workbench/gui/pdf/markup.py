"""The HTML of a report as a tree. It is our own HTML, so it is known to nest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

_VOID = {"br", "col", "img", "link", "meta"}
_SVG_SPELLING = {"viewbox": "viewBox"}  # HTML ignores case, SVG does not


@dataclass(slots=True)
class Node:
    """An element with its children: elements and text, in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def elements(self) -> list[Node]:
        return [child for child in self.children if isinstance(child, Node)]

    def walk(self) -> Iterator[Node]:
        """The element itself and everything below it."""
        yield self
        for child in self.elements:
            yield from child.walk()

    def all(self, *tags: str) -> list[Node]:
        return [node for node in self.walk() if node.tag in tags]

    def child(self, tag: str) -> Node:
        """The first element of this tag directly inside. StopIteration if there is none."""
        return next(child for child in self.elements if child.tag == tag)

    @property
    def text(self) -> str:
        """All text, white space as a browser would show it."""
        pieces = [child if isinstance(child, str) else child.text for child in self.children]
        return collapsed("".join(pieces)).strip(" ")


def collapsed(text: str) -> str:
    """Line ends and blanks as one blank; no-break and narrow blanks stay what they are."""
    blank = text.replace("\n", " ").replace("\t", " ").replace("\r", " ")
    while "  " in blank:
        blank = blank.replace("  ", " ")
    return blank


def parse(html: str) -> Node:
    """The `<html>` element, or whatever stands outermost."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root.elements[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - ours nests
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def to_svg(node: Node) -> str:
    """A drawing as XML, without the notes that only appear on hover."""
    attributes = "".join(
        f' {_SVG_SPELLING.get(name, name)}="{escape(value)}"'
        for name, value in node.attributes.items()
    )
    inner = "".join(
        escape(child) if isinstance(child, str) else to_svg(child)
        for child in node.children
        if isinstance(child, str) or child.tag != "title"
    )
    return f"<{node.tag}{attributes}>{inner}</{node.tag}>"
