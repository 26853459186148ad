"""What the colours of a figure mean, as a line of words that wraps."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QWidget

_NO_BREAK = "\N{NO-BREAK SPACE}"


class Legend(QLabel):
    """A coloured square before each name."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setProperty("muted", "true")

    def show_entries(self, entries: Iterable[tuple[str, QColor]], note: str = "") -> None:
        """A name for each colour, then a note in words."""
        named = [_square(colour) + _NO_BREAK + _kept(name) for name, colour in entries]
        self.setText("  ".join([*named, escape(note)] if note else named))

    def show_scale(self, low: str, colours: Iterable[QColor], high: str) -> None:
        """Colours that rise from one end to another."""
        squares = "".join(map(_square, colours))
        self.setText(f"{_kept(low)}{_NO_BREAK}{squares}{_NO_BREAK}{_kept(high)}")


def _square(colour: QColor) -> str:
    return f'<span style="color:{colour.name()}">\N{BLACK SQUARE}</span>'


def _kept(text: str) -> str:
    """The text, never broken over two lines."""
    return escape(text).replace(" ", _NO_BREAK)
