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
        """`note` comes last, without a colour."""
        parts = [
            f'<span style="color:{colour.name()}">\N{BLACK SQUARE}</span>{_NO_BREAK}'
            + escape(name).replace(" ", _NO_BREAK)
            for name, colour in entries
        ]
        self.setText("  ".join([*parts, escape(note)] if note else parts))
