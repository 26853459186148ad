"""How the models differ in the figures of this page: by tone, and always by line too."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen

from workbench.core import palette
from workbench.core.vocabulary import RunRole
from workbench.gui.theme import theme

_STYLES = {
    "Original": Qt.PenStyle.DotLine,
    "A": Qt.PenStyle.SolidLine,
    "B": Qt.PenStyle.DashLine,
}
MARKERS = {"Original": "d", "A": "o", "B": "s"}


def pen(name: str, role: RunRole) -> QPen:
    """The line of "Original", "A" or "B"."""
    line: QPen = pg.mkPen(theme.colour(palette.ROLES[role]), width=2, style=_STYLES[name])
    return line
