"""Signs that are told apart by shape, so that colour is never needed to read them."""

from __future__ import annotations

from markupsafe import Markup

from workbench.core import palette
from workbench.core.vocabulary import Outcome, RunRole
from workbench.report import svg
from workbench.report.svg import element


def outcome_icon(outcome: Outcome | None) -> Markup:
    """A shape per outcome, told apart without colour: disc, octagon, triangle, square."""
    tone = palette.OUTCOMES[outcome] if outcome else palette.MUTED
    match outcome:
        case Outcome.PASS:
            body = element("circle", cx=8, cy=8, r=7.5, fill=tone.css)
            glyph = "M4.2 8.3l2.6 2.6 5-5.4"
        case Outcome.FAIL:
            corners = "5,0.5 11,0.5 15.5,5 15.5,11 11,15.5 5,15.5 0.5,11 0.5,5"
            body = element("polygon", points=corners, fill=tone.css)
            glyph = "M5 5l6 6m0-6l-6 6"
        case Outcome.INCONCLUSIVE:
            body = element("polygon", points="8,0.5 15.8,15 0.2,15", fill=tone.css)
            glyph = "M8 5.5v5m0 1.5v1.4"
        case _:
            body = element("rect", x=1, y=1, width=14, height=14, fill=tone.css)
            glyph = "M4.5 8h7"
    mark = element("path", d=glyph, class_="glyph")
    return element("svg", body, mark, viewBox="0 0 16 16", class_="icon", aria_hidden="true")


def role_key(role: RunRole) -> Markup:
    """The marker of a role, for legends."""
    drawn = svg.marker(palette.MARKERS[role], 8, 8, palette.ROLES[role].css, "")
    return element("svg", drawn, viewBox="0 0 16 16", class_="key", aria_hidden="true")
