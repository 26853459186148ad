"""Intervals against the zone in which they pass, as small inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from workbench.core import palette
from workbench.core.vocabulary import Outcome
from workbench.report import svg
from workbench.report.svg import Formatter, Scale, element

_WIDTH = 200.0


@dataclass(frozen=True, slots=True)
class Zone:
    """Where an estimate passes; None leaves that side open. `low` and `high` frame the drawing.

    `show` writes a value of the axis; on a ratio axis positions are logarithms of the ratio.
    """

    start: float | None
    end: float | None
    low: float
    high: float

    @classmethod
    def around(cls, start: float | None, end: float | None, found: Sequence[float]) -> Zone:
        """A frame for the zone and for what was found, as far as that is near the zone."""
        edges = [edge for edge in (start, end) if edge is not None]
        if len(edges) == 2:
            reach = 0.7 * (edges[1] - edges[0])
            near = [min(max(v, edges[0] - reach), edges[1] + reach) for v in found]
            room = [edges[0] - reach / 4, edges[1] + reach / 4]
            return cls(start, end, *svg.padded([*near, *room], share=0.02))
        return cls(start, end, *svg.padded([*edges, *found], share=0.12))

    @property
    def scale(self) -> Scale:
        return Scale(self.low, self.high, 8, _WIDTH - 8)


def margin_plot(
    estimate: float | None,
    low: float | None,
    high: float | None,
    zone: Zone,
    outcome: Outcome,
    label: str,
) -> Markup:
    """An interval against the zone that passes. What leaves the drawing ends in an arrow."""
    middle, scale, colour = 13.0, zone.scale, palette.OUTCOMES[outcome].css
    parts = [_zone(zone, 26)]
    if low is not None or high is not None:
        parts += _interval(
            scale,
            -math.inf if low is None else low,
            math.inf if high is None else high,
            middle,
            colour,
        )
    if estimate is not None and scale.low <= estimate <= scale.high:
        parts.append(svg.marker(palette.Marker.CIRCLE, scale(estimate), middle, colour, label))
    elif estimate is not None and low is None and high is None:
        parts += _interval(scale, estimate, estimate, middle, colour)
    return svg.drawing(_WIDTH, 26, label, *parts)


def margin_axis(zone: Zone, show: Formatter, label: str) -> Markup:
    """The limits of a zone in figures, drawn above the intervals that are held against it."""
    scale = zone.scale
    parts = [_zone(zone, 8, top=16)]
    for edge in (zone.start, zone.end):
        if edge is not None:
            near_start = scale(edge) < 24
            near_end = scale(edge) > _WIDTH - 24
            anchor = "start" if near_start else "end" if near_end else "middle"
            parts.append(svg.text(scale(edge), 11, show(edge), anchor=anchor))
    return svg.drawing(_WIDTH, 24, label, *parts)


def _zone(zone: Zone, height: float, top: float = 0) -> Markup:
    scale = zone.scale
    left = 0.0 if zone.start is None else scale(zone.start)
    right = _WIDTH if zone.end is None else scale(zone.end)
    parts = [
        element(
            "rect", x=left, y=top, width=max(right - left, 1.0), height=height, class_="passing"
        )
    ]
    parts += [
        svg.line((scale(edge), top), (scale(edge), top + height), "limit")
        for edge in (zone.start, zone.end)
        if edge is not None
    ]
    if zone.start is not None and zone.end is not None:
        centre = scale((zone.start + zone.end) / 2)
        parts.append(svg.line((centre, top), (centre, top + height), "centre"))
    return Markup("").join(parts)


def _interval(scale: Scale, low: float, high: float, y: float, colour: str) -> list[Markup]:
    start, end = (min(max(v, scale.low), scale.high) for v in (low, high))
    parts = [svg.line((scale(start), y), (scale(end), y), "interval", colour)]
    for value, shown in ((low, start), (high, end)):
        x = scale(shown)
        if value == shown:
            parts.append(svg.line((x, y - 4), (x, y + 4), "interval", colour))
        else:
            tip = x + (6 if value > shown else -6)
            path = f"{x:.1f},{y - 4:.1f} {tip:.1f},{y:.1f} {x:.1f},{y + 4:.1f}"
            parts.append(element("polygon", points=path, fill=colour))
    return parts
