"""Small pieces every page is made of: titles, muted words, cards, rows and columns."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)


def title(text: str) -> QLabel:
    """The largest words of a page."""
    return _label(text, role="title")


def page_head(step: str, purpose: str, *buttons: QPushButton) -> QHBoxLayout:
    """The first line of a page: its title, what it is for, and what can be done on it."""
    return row(title(step), muted(purpose), *buttons, stretch=1)


def heading(text: str) -> QLabel:
    """The head of a part of a page."""
    return _label(text, role="heading")


def muted(text: str = "") -> QLabel:
    """An explanation; wraps, and stays out of the way."""
    label = _label(text, muted="true")
    label.setWordWrap(True)
    return label


def fault_label() -> QLabel:
    """What is wrong, beside what it is wrong with; hidden while empty."""
    label = _label("", role="fault")
    label.setWordWrap(True)
    label.hide()
    return label


def set_fault(label: QLabel, text: str) -> None:
    """Show a fault in a label of `fault_label`, or take it away."""
    label.setText(text)
    label.setVisible(bool(text))


def button(text: str, name: str = "", *, primary: bool = False) -> QPushButton:
    """A button with an accessible name, its text if no other is given."""
    made = QPushButton(text)
    made.setAccessibleName(name or text.rstrip("…"))
    if primary:
        made.setProperty("primary", "true")
    return made


def card(*parts: QWidget | QLayout) -> QFrame:
    """Parts below each other on a raised ground."""
    frame = QFrame()
    frame.setProperty("card", "true")
    fill(QVBoxLayout(frame), parts, margin=12)
    return frame


def column(*parts: QWidget | QLayout, stretch: int | None = None) -> QVBoxLayout:
    """Parts below each other; `stretch` is the index of the one that takes what room is left."""
    layout = QVBoxLayout()
    fill(layout, parts)
    if stretch is not None:
        layout.setStretch(stretch, 1)
    return layout


def row(*parts: QWidget | QLayout, stretch: int | None = None) -> QHBoxLayout:
    """Parts beside each other; `stretch` is the index of the one that takes what room is left."""
    layout = QHBoxLayout()
    fill(layout, parts)
    if stretch is None:
        layout.addStretch(1)
    else:
        layout.setStretch(stretch, 1)
    return layout


def fill(
    layout: QVBoxLayout | QHBoxLayout, parts: tuple[QWidget | QLayout, ...], margin: int = 0
) -> None:
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(8)
    for part in parts:
        if isinstance(part, QWidget):
            layout.addWidget(part)
        else:
            layout.addLayout(part)


class EmptyState(QWidget):
    """What a page shows in place of what is not there yet: why, and the way on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = heading("")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        self._hint = muted()
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(self._sentence)
        layout.addWidget(self._hint)
        layout.addStretch(2)

    def say(self, sentence: str, hint: str = "") -> None:
        self._sentence.setText(sentence)
        self._hint.setText(hint)
        self.setAccessibleDescription(f"{sentence}. {hint}".strip())


def _label(text: str, **properties: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    for name, value in properties.items():
        label.setProperty(name, value)
    return label
