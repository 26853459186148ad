"""Colours with fixed meanings, the same in every figure, readable without colour vision.

Row colours and model colours follow the qualitative set of Okabe and Ito (2008), darkened or
lightened until each reaches a contrast of 3:1 on its background. A colour never stands alone:
models also differ by marker, outcomes by shape and by their written name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workbench.core.vocabulary import Outcome, RunRole, Split


class Marker(StrEnum):
    DIAMOND = "diamond"
    CIRCLE = "circle"
    BAR = "bar"
    TRIANGLE = "triangle"
    CROSS = "cross"


@dataclass(frozen=True, slots=True)
class Tone:
    """One meaning: a CSS name and its colour on a light and on a dark page."""

    name: str
    light: str
    dark: str

    @property
    def css(self) -> str:
        return f"var(--{self.name})"


INK = Tone("ink", "#1d2329", "#e9ecef")
MUTED = Tone("muted", "#56606a", "#a8b1ba")
LINE = Tone("line", "#d8dce0", "#3a424a")
PAGE = Tone("page", "#f7f7f4", "#15181b")
CARD = Tone("card", "#ffffff", "#1d2226")
ACCENT = Tone("accent", "#0b5c94", "#7cc0f2")

FORGET = Tone("forget", "#c04f00", "#ff9350")
RETAIN = Tone("retain", "#0069a8", "#62b6f0")
TEST = Tone("test", "#a0548a", "#e39acb")
NON_MEMBER = Tone("non-member", "#68727c", "#a9b3bc")

ORIGINAL = Tone("original", "#1d2329", "#e9ecef")
UNLEARNED = Tone("unlearned", "#a86f00", "#f2b134")
RETRAINED = Tone("retrained", "#007a5a", "#3fcaa0")
STRAW_MAN = Tone("straw-man", "#8a6a58", "#c7a590")

PASSED = Tone("pass", "#00694e", "#4fd1a8")
FAILED = Tone("fail", "#b3261e", "#ff8b80")
INCONCLUSIVE = Tone("inconclusive", "#835c00", "#f0c15c")
INVALID = Tone("invalid", "#56606a", "#a8b1ba")

SPLITS: dict[Split, Tone] = {
    Split.FORGET: FORGET,
    Split.RETAIN: RETAIN,
    Split.TEST: TEST,
    Split.NON_MEMBER: NON_MEMBER,
}
ROLES: dict[RunRole, Tone] = {
    RunRole.ORIGINAL: ORIGINAL,
    RunRole.REFERENCE: RETRAINED,
    RunRole.CONTROL: RETRAINED,
    RunRole.CANDIDATE: UNLEARNED,
    RunRole.STRAW_MAN: STRAW_MAN,
}
MARKERS: dict[RunRole, Marker] = {
    RunRole.ORIGINAL: Marker.DIAMOND,
    RunRole.REFERENCE: Marker.BAR,
    RunRole.CONTROL: Marker.TRIANGLE,
    RunRole.CANDIDATE: Marker.CIRCLE,
    RunRole.STRAW_MAN: Marker.CROSS,
}
OUTCOMES: dict[Outcome, Tone] = {
    Outcome.PASS: PASSED,
    Outcome.FAIL: FAILED,
    Outcome.INCONCLUSIVE: INCONCLUSIVE,
    Outcome.INVALID: INVALID,
}

_TONES = (
    *(INK, MUTED, LINE, PAGE, CARD, ACCENT),
    *(FORGET, RETAIN, TEST, NON_MEMBER),
    *(ORIGINAL, UNLEARNED, RETRAINED, STRAW_MAN),
    *(PASSED, FAILED, INCONCLUSIVE, INVALID),
)

# Ends and middle of the diverging scale of attribution maps: against, none, for the class.
DIVERGING = ((0, 84, 148), (247, 247, 247), (178, 72, 0))


def css_variables() -> str:
    """Custom properties for a light page, a dark page, and paper (always light)."""
    light = "".join(f"--{tone.name}:{tone.light};" for tone in _TONES)
    dark = "".join(f"--{tone.name}:{tone.dark};" for tone in _TONES)
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
    )
