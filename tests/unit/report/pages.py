"""Reading a rendered report as a person would: its text, its tables, what it loads."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

VOID = {"meta", "br", "img", "col", "link", "hr", "input"}


class Page(HTMLParser):
    """`text`: all text; `links`: what src, href and the like point to; `tags`: every start tag.

    Raises ValueError if an element is closed that is not open, so that a page must nest.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._pieces: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        if self._open:
            raise ValueError(f"never closed: {self._open}")
        self.text = " ".join("".join(self._pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            raise ValueError(f"</{tag}> closes {self._open[-1:]}")
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self._pieces.append(data)

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        pointing = ("src", "href", "xlink:href", "action", "data", "poster", "srcset")
        self.links += [value or "" for name, value in attrs if name in pointing]
        self._pieces.append(" ")


def drawings(html: str) -> list[str]:
    return re.findall(r"<svg\b.*?</svg>", html, flags=re.DOTALL)


def parsed(drawing: str) -> ElementTree.Element:
    """The drawing as XML; ParseError if it is not well-formed."""
    return ElementTree.fromstring(drawing)  # noqa: S314 - made by us, not read from anywhere


def flat(text: str) -> str:
    """Text with every kind of space as one plain space, as `Page.text` has it."""
    return " ".join(text.split())
