"""How the report looks on paper. Lengths are in dots, ten to a typographic point."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QTextCharFormat

from workbench.core import palette
from workbench.core.locations import RESOURCES
from workbench.core.palette import Tone
from workbench.gui.pdf.markup import Node

POINT = 10.0
DOTS_PER_INCH = 720

PAGE_WIDTH, PAGE_HEIGHT = 595.28 * POINT, 841.89 * POINT  # A4
MARGIN = 48 * POINT
TOP, BOTTOM = 58 * POINT, 56 * POINT
WIDTH = PAGE_WIDTH - 2 * MARGIN
HEIGHT = PAGE_HEIGHT - TOP - BOTTOM

SANS = ("Noto Sans", "Segoe UI", "Helvetica Neue", "Liberation Sans", "Arial", "DejaVu Sans")
SERIF = ("Charter", "Bitstream Charter", "Cambria", "Georgia", "Liberation Serif", "DejaVu Serif")
MONO = ("SF Mono", "Menlo", "Consolas", "Liberation Mono", "DejaVu Sans Mono")


@dataclass(frozen=True, slots=True)
class Face:
    """How text looks. `size` in points, `leading` in line heights, `wraps`: may break a line."""

    size: float = 9.5
    family: tuple[str, ...] = SANS
    bold: bool = False
    tone: Tone = palette.INK
    leading: float = 1.12
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft
    spacing: float = 100.0
    capitals: bool = False
    wraps: bool = True


@cache
def font_of(face: Face) -> QFont:
    font = QFont(list(face.family))
    font.setPixelSize(round(face.size * POINT))
    font.setBold(face.bold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, face.spacing)
    if face.capitals:
        font.setCapitalization(QFont.Capitalization.AllUppercase)
    return font


@cache
def format_of(face: Face) -> QTextCharFormat:
    written = QTextCharFormat()
    written.setFont(font_of(face))
    written.setForeground(QColor(face.tone.light))
    return written


_QUIET = {"tone": palette.MUTED}
_HEADING = {"family": SERIF, "bold": True, "leading": 1.0}
_OVERLINE = {**_QUIET, "size": 7.5, "family": SANS, "bold": True, "spacing": 108, "capitals": True}
_RIGHT = Qt.AlignmentFlag.AlignRight
# What changes at an element, by its tag and by its classes; `scale` multiplies the size.
_CHANGES: dict[str, dict[str, Any]] = {
    "h1": {**_HEADING, "size": 27},
    "h2": {**_HEADING, "size": 19},
    "h3": {**_HEADING, "size": 13},
    "h4": {"bold": True, "size": 10},
    "b": {"bold": True},
    "code": {"family": MONO, "scale": 0.92, "bold": False},
    "small": {**_QUIET, "scale": 0.86, "bold": False},
    "table": {"size": 7.8, "leading": 1.04},
    "caption": {**_QUIET, "size": 8.5},
    "thead": {**_QUIET, "size": 7.2, "bold": True},
    "th": {"bold": True},
    "dt": {**_QUIET, "size": 8.5},
    "figcaption": {"size": 8.2, "leading": 1.05},
    ".overline": _OVERLINE,
    ".aside": {**_QUIET, "size": 8.5},
    ".byline": _QUIET,
    ".lead": {"size": 10.5},
    ".summary": {"family": SERIF, "size": 12},
    ".limits-line": {"bold": True},
    ".number": {"align": _RIGHT, "wraps": False},
    ".why": {**_QUIET, "size": 7.2},
    ".hash": {"size": 7},
    ".scoreboard": {"size": 7.1},
    ".outcomes": {"size": 9},
    ".legend": {**_QUIET, "size": 7.5},
    ".key-line": {**_QUIET, "size": 8.2},
    ".curve-key": {**_QUIET, "size": 7.2},
    ".scale": {"size": 8.2},
    ".straw_man": _QUIET,
    ".glossary": {"size": 9},
}


def face_of(node: Node, around: Face) -> Face:
    """The face inside `node`, given the one around it."""
    for key in (node.tag, *(f".{name}" for name in node.classes)):
        changes = dict(_CHANGES.get(key, {}))
        if "scale" in changes:
            changes["size"] = around.size * changes.pop("scale")
        around = replace(around, **changes)
    return around


@cache
def _tones() -> dict[str, Tone]:
    return {tone.name: tone for tone in vars(palette).values() if isinstance(tone, Tone)}


def on_paper(styled: str) -> str:
    """CSS variables replaced by their colour on a light page."""
    return re.sub(r"var\(--([\w-]+)\)", lambda found: _tones()[found[1]].light, styled)


@cache
def drawing_rules() -> str:
    """The rules of the report's style sheet that are about drawings, for use inside of one."""
    sheet = (RESOURCES / "report" / "report.css").read_text(encoding="utf-8")
    return on_paper("".join(re.findall(r"(?:svg|\.icon) [^{}]+\{[^{}]*\}", sheet)))
