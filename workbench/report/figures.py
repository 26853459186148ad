"""The figures of a report as inline SVG: every seed is a dot, every estimate has its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from workbench.core import palette
from workbench.core.vocabulary import RunRole
from workbench.report import svg
from workbench.report.display import MINUS
from workbench.report.score_axis import ScoreAxis
from workbench.report.svg import Formatter, Scale, element

WIDTH = 360
_LABEL = 118
_RIGHT = WIDTH - 14
_LONGEST = 19


@dataclass(frozen=True, slots=True)
class Dot:
    """One seed: its value and, where there is one, its interval."""

    value: float
    low: float | None
    high: float | None
    note: str

    @property
    def extent(self) -> list[float]:
        return [v for v in (self.low, self.value, self.high) if v is not None]


@dataclass(frozen=True, slots=True)
class Row:
    """The seeds of one candidate, reference or control."""

    label: str
    role: RunRole
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """A curve with its legend entry; `tag` is written on the curve where it is not ""."""

    label: str
    role: RunRole
    points: tuple[svg.Point, ...]
    tag: str = ""


def share_tick(value: float) -> str:
    return f"{100 * value:.3g}%"


def plain_tick(value: float) -> str:
    return f"{value:.3g}".replace("-", MINUS)


def dot_plot(
    rows: Sequence[Row],
    band: tuple[float, float] | None,
    axis: str,
    show: Formatter,
    label: str,
) -> Markup:
    """A metric across models: one line of dots each, the retrained band shaded behind all.

    Straw men do not stretch the axis: one that lies outside is an arrow with its value.
    """
    values = [
        value
        for row in rows
        if row.role is not RunRole.STRAW_MAN
        for dot in row.dots
        for value in dot.extent
    ]
    scale = Scale(*svg.padded([*values, *(band or ())]), _LABEL, _RIGHT)
    heights = [max(19.0, _pitch(row) * len(row.dots) + 6) for row in rows]
    bottom = 6 + sum(heights)
    parts = [svg.x_axis(scale, bottom, 4, axis, show)]
    if band is not None:
        parts.insert(0, _band(scale, band, 4, bottom))
    top = 6.0
    for row, height in zip(rows, heights, strict=True):
        parts.append(_dot_row(row, scale, top, height, show))
        top += height
    return svg.drawing(WIDTH, bottom + 36, label, *parts)


def _band(scale: Scale, band: tuple[float, float], top: float, bottom: float) -> Markup:
    left, right = scale(band[0]), scale(band[1])
    width = max(right - left, 2.0)
    return element(
        "rect", x=(left + right - width) / 2, y=top, width=width, height=bottom - top, class_="band"
    )


def _pitch(row: Row) -> float:
    """Distance between two seeds; those of the band carry no interval and lie closer."""
    return 5.0 if row.role is RunRole.REFERENCE else 8.0


def _dot_row(row: Row, scale: Scale, top: float, height: float, show: Formatter) -> Markup:
    colour = palette.ROLES[row.role].css
    name = row.label if len(row.label) <= _LONGEST else row.label[: _LONGEST - 1] + "…"
    middle = top + height / 2
    caption = element(
        "text", element("title", row.label), name, x=_LABEL - 10, y=middle + 4, text_anchor="end"
    )
    parts = [caption]
    first = middle - _pitch(row) / 2 * (len(row.dots) - 1)
    for index, dot in enumerate(row.dots):
        parts.append(_dot(dot, row.role, scale, first + _pitch(row) * index, colour, show))
    return Markup("").join(parts)


def _dot(dot: Dot, role: RunRole, scale: Scale, y: float, colour: str, show: Formatter) -> Markup:
    if not scale.low <= dot.value <= scale.high:
        return _off_scale(dot, scale, y, colour, show)
    drawn = svg.marker(palette.MARKERS[role], scale(dot.value), y, colour, dot.note, size=3.4)
    if dot.low is None or dot.high is None:
        return drawn
    low, high = max(dot.low, scale.low), min(dot.high, scale.high)
    return svg.line((scale(low), y), (scale(high), y), "whisker", colour) + drawn


def _off_scale(dot: Dot, scale: Scale, y: float, colour: str, show: Formatter) -> Markup:
    """An arrow at the edge of the plot, with the value that lies beyond it."""
    right = dot.value > scale.high
    x, turn, anchor = (scale.end, -1, "end") if right else (scale.start, 1, "start")
    path = f"{x:.1f},{y:.1f} {x + 6 * turn:.1f},{y - 4:.1f} {x + 6 * turn:.1f},{y + 4:.1f}"
    arrow = element("polygon", element("title", dot.note), points=path, fill=colour)
    return arrow + svg.text(x + 10 * turn, y + 4, show(dot.value), anchor=anchor, class_="beyond")


def roc_plot(traces: Sequence[Trace], band: Sequence[Trace], lowest: float, label: str) -> Markup:
    """ROC curves over a logarithmic false-positive axis from `lowest` (1 / non-members).

    The curves of `band` are drawn as the range that they span.
    """
    left, right, top, bottom = 44, _RIGHT, 26, 214
    across = Scale(min(lowest, 0.1), 1, left, right, log=True)
    up = Scale(0, 1, bottom, top)
    parts = [
        svg.y_axis(up, left, right, "true-positive rate", share_tick),
        svg.x_axis(across, bottom, top, "false-positive rate", share_tick),
        _roc_band(band, across, up),
        svg.polyline(_chance(across, up), "chance", palette.MUTED.css),
    ]
    for trace in traces:
        points = [(across(x), up(y)) for x, y in _from(trace, across.low)]
        style = f"trace {trace.role}"
        parts.append(svg.polyline(points, style, palette.ROLES[trace.role].css))
    parts += _tags(traces, across, up)
    return svg.drawing(WIDTH, bottom + 36, label, *parts)


def _from(trace: Trace, start: float) -> list[svg.Point]:
    """The part of a curve right of `start`, as steps: nothing is interpolated between points."""
    height = _height(trace, start)
    steps = [(start, height)]
    for x, y in trace.points:
        if x > start:
            steps += [(x, height), (x, y)]
            height = y
    return steps


def _height(trace: Trace, position: float) -> float:
    """The curve at `position`: that of its last point not right of it (ROC curves are steps)."""
    reached = [y for x, y in trace.points if x <= position]
    return reached[-1] if reached else 0.0


def _roc_band(band: Sequence[Trace], across: Scale, up: Scale) -> Markup:
    if not band:
        return Markup("")
    steps = [across.low ** (1 - index / 90) for index in range(91)]
    heights = [[_height(trace, x) for trace in band] for x in steps]
    upper = [(across(x), up(max(ys))) for x, ys in zip(steps, heights, strict=True)]
    lower = [(across(x), up(min(ys))) for x, ys in zip(steps, heights, strict=True)]
    outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*upper, *reversed(lower)])
    return element("polygon", points=outline, class_="band roc")


def _chance(across: Scale, up: Scale) -> list[svg.Point]:
    steps = [across.low ** (1 - index / 40) for index in range(41)]
    return [(across(x), up(x)) for x in steps]


def _tags(traces: Sequence[Trace], across: Scale, up: Scale) -> list[Markup]:
    """A small number on each tagged curve, staggered along the axis so that they keep apart."""
    tagged = [trace for trace in traces if trace.tag]
    parts = []
    for index, trace in enumerate(tagged):
        share = 0.4 + 0.57 * (index + 0.5) / len(tagged)
        position = across.low ** (1 - share)
        x, y = across(position), up(_height(trace, position))
        colour = palette.ROLES[trace.role].css
        parts.append(element("circle", cx=x, cy=y, r=7, class_="tag", stroke=colour))
        parts.append(svg.text(x, y + 3.5, trace.tag, anchor="middle", class_="tag-text"))
    return parts


def histogram_plot(
    edges: Sequence[float],
    forget: Sequence[float],
    non_member: Sequence[float],
    top_share: float,
    axis: str,
    label: str,
) -> Markup:
    """Shares of forget rows (filled) and never-trained rows (outlined) per score bin."""
    left, right, top, bottom = 44, _RIGHT, 22, 132
    scores = ScoreAxis(tuple(edges))
    across = Scale(0, scores.end, left, right)
    up = Scale(0, top_share or 1.0, bottom, top)
    outline = _steps(forget, across, up)
    area = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(left, bottom), *outline, (right, bottom)])
    parts = [
        svg.y_axis(up, left, right, "share of rows", share_tick),
        svg.x_axis_at(
            [(across(place), label) for place, label in scores.ticks()],
            (left, right),
            bottom,
            top,
            axis,
        ),
        element("polygon", points=area, class_="area", fill=palette.FORGET.css),
        svg.polyline(outline, "trace", palette.FORGET.css),
        svg.polyline(_steps(non_member, across, up), "trace outlined", palette.NON_MEMBER.css),
    ]
    return svg.drawing(WIDTH, bottom + 36, label, *parts)


def _steps(shares: Sequence[float], across: Scale, up: Scale) -> list[svg.Point]:
    """The outline of bars, each one unit of `across` wide."""
    points: list[svg.Point] = []
    for place, share in enumerate(shares):
        points += [(across(place), up(share)), (across(place + 1), up(share))]
    return points


def curve_plot(traces: Sequence[Trace], axis: str, label: str) -> Markup:
    """A quantity over the seconds of a run, one line per seed."""
    left, right, top, bottom = 44, _RIGHT, 22, 132
    points = [point for trace in traces for point in trace.points]
    low, high = svg.padded([y for _, y in points])
    across = Scale(0, max(x for x, _ in points) or 1.0, left, right)
    up = Scale(low, high, bottom, top)
    parts = [
        svg.y_axis(up, left, right, axis, plain_tick),
        svg.x_axis(across, bottom, top, "seconds since the run started", plain_tick),
    ]
    for trace in traces:
        colour = palette.ROLES[trace.role].css
        drawn = [(across(x), up(y)) for x, y in trace.points]
        if len(drawn) == 1:
            x, y = drawn[0]
            parts.append(svg.marker(palette.Marker.CIRCLE, x, y, colour, trace.label, size=2.5))
        else:
            parts.append(svg.polyline(drawn, "trace", colour))
    return svg.drawing(WIDTH, bottom + 36, label, *parts)
