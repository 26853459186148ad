"""Light and dark, made from the one palette of `workbench.core.palette`."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from workbench.core import palette
from workbench.core.palette import Tone

Wanted = Literal["system", "light", "dark"]

_STYLE = """
QToolTip {{ color: {ink}; background: {card}; border: 1px solid {line}; padding: 4px; }}
QFrame[card="true"] {{ background: {card}; border: 1px solid {line}; border-radius: 6px; }}
QLabel[muted="true"] {{ color: {muted}; }}
QLabel[role="title"] {{ font-size: 15pt; font-weight: 600; }}
QLabel[role="heading"] {{ font-size: 11pt; font-weight: 600; }}
QLabel[role="fault"] {{ color: {fail}; }}
QPushButton[primary="true"] {{
  background: {accent}; color: {page}; border: 1px solid {accent}; border-radius: 4px;
  padding: 5px 14px; font-weight: 600;
}}
QPushButton[primary="true"]:disabled {{ background: {line}; color: {muted}; border-color: {line}; }}
QPushButton[primary="true"]:focus {{ border: 2px solid {ink}; }}
QToolButton:checked {{
  background: {accent}; color: {page}; border: 1px solid {accent}; border-radius: 4px;
}}
QLineEdit, QPlainTextEdit {{ border: 1px solid {line}; border-radius: 3px; }}
QLineEdit:focus, QPlainTextEdit:focus {{ border-color: {accent}; }}
QCheckBox::indicator:unchecked, QAbstractItemView::indicator:unchecked {{
  width: 12px; height: 12px; border: 1px solid {muted}; border-radius: 2px; background: {card};
}}
QMenuBar, QMainWindow > QToolBar {{ background: {page}; border: none; }}
QMainWindow > QToolBar {{ border-bottom: 1px solid {line}; padding: 2px 6px; spacing: 4px; }}
QLabel[banner="true"] {{ background: {card}; border-bottom: 1px solid {line}; padding: 6px 16px; }}
QHeaderView::section {{
  background: {page}; color: {muted}; border: none; border-bottom: 1px solid {line};
  padding: 4px 6px;
}}
QTableView {{ gridline-color: {line}; }}
"""


class Theme(QObject):
    """The colours of the application. Widgets that paint repaint when `changed` is emitted.

    There is one, `theme` below, because Qt has one palette for the whole application.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._dark = False

    @property
    def is_dark(self) -> bool:
        return self._dark

    def colour(self, tone: Tone, alpha: int = 255) -> QColor:
        """What a meaning looks like now; `alpha` in 0..255."""
        colour = QColor(tone.dark if self._dark else tone.light)
        colour.setAlpha(alpha)
        return colour

    def apply(self, application: QApplication, wanted: Wanted) -> None:
        """Dress the application. Offscreen platforms ignore colour schemes, so a palette is set."""
        system = application.styleHints().colorScheme() is Qt.ColorScheme.Dark
        self._dark = wanted == "dark" or (wanted == "system" and system)
        application.setStyle("Fusion")
        application.setPalette(self._palette())
        names = ("INK", "MUTED", "LINE", "PAGE", "CARD", "ACCENT")
        colours = {name.lower(): self.colour(getattr(palette, name)).name() for name in names}
        application.setStyleSheet(_STYLE.format(**colours, fail=self.colour(palette.FAILED).name()))
        self.changed.emit()

    def _palette(self) -> QPalette:
        ink, muted = self.colour(palette.INK), self.colour(palette.MUTED)
        page, card = self.colour(palette.PAGE), self.colour(palette.CARD)
        accent = self.colour(palette.ACCENT)
        role = QPalette.ColorRole
        made = QPalette()
        for roles, colour in {
            (role.Window, role.Button, role.AlternateBase): page,
            (role.Base, role.ToolTipBase): card,
            (role.WindowText, role.Text, role.ButtonText, role.ToolTipText): ink,
            (role.PlaceholderText,): muted,
            (role.Highlight, role.Link, role.Accent): accent,
            (role.HighlightedText, role.BrightText): page,
            (role.Mid, role.Dark, role.Midlight): self.colour(palette.LINE),
            (role.Light,): card,
        }.items():
            for one in roles:
                made.setColor(one, colour)
        for one in (role.WindowText, role.Text, role.ButtonText):
            made.setColor(QPalette.ColorGroup.Disabled, one, muted)
        return made


theme = Theme()
