"""A font whose every character is the same box, so that pictures do not depend on the machine."""

from __future__ import annotations

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

FAMILY = "Workbench Blocks"
_UNITS, _WIDTH, _TOP, _BOTTOM, _GAP = 1000, 560, 700, 0, 70
_SPACES = (0x20, 0xA0, 0x2009, 0x202F)
_SHOWN = [*range(0x21, 0x7F), *range(0xA1, 0x250), *range(0x370, 0x400), *range(0x2010, 0x2C00)]


def _box() -> TTGlyphPen:
    pen = TTGlyphPen(None)
    corners = (
        (_GAP, _BOTTOM),
        (_GAP, _TOP),
        (_WIDTH - _GAP, _TOP),
        (_WIDTH - _GAP, _BOTTOM),
    )
    pen.moveTo(corners[0])
    for corner in corners[1:]:
        pen.lineTo(corner)
    pen.closePath()
    return pen


def write_block_font(path: Path) -> None:
    """A TrueType file with boxes for what the window writes, and nothing for spaces."""
    names = [".notdef", "space", "box"]
    font = FontBuilder(_UNITS, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap(dict.fromkeys(_SHOWN, "box") | dict.fromkeys(_SPACES, "space"))
    empty = TTGlyphPen(None).glyph()
    font.setupGlyf({".notdef": _box().glyph(), "space": empty, "box": _box().glyph()})
    font.setupHorizontalMetrics(dict.fromkeys(names, (_WIDTH, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": FAMILY, "styleName": "Regular"})
    font.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    font.setupPost()
    font.save(path)
