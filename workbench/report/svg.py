"""A small vocabulary for inline SVG: escaped elements, scales, ticks, axes and markers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from workbench.core.palette import Marker

Formatter = Callable[[float], str]
Point = tuple[float, float]


def element(tag: str, *children: str | Markup, **attributes: str | float) -> Markup:
    """`<tag ...>children</tag>`. Text is escaped; `stroke_width` becomes `stroke-width`."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for name, value in attributes.items()
    )
    inner = Markup("").join(children)
    return Markup(f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>")  # noqa: S704


def drawing(width: float, height: float, label: str, *children: Markup) -> Markup:
    """An `<svg>` that fills the width of its box and speaks `label` to a screen reader."""
    return element(
        "svg",
        *children,
        viewBox=f"0 0 {_short(width)} {_short(height)}",
        role="img",
        aria_label=label,
        style=f"max-width:{_short(1.25 * width)}px",
    )


def text(x: float, y: float, content: str, *, anchor: str = "start", class_: str = "") -> Markup:
    return element("text", content, x=x, y=y, text_anchor=anchor, class_=class_)


def line(start: Point, end: Point, class_: str, stroke: str = "") -> Markup:
    style = {"stroke": stroke} if stroke else {}
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_, **style)


def polyline(points: Sequence[Point], class_: str, stroke: str) -> Markup:
    path = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
    return element("polyline", points=path, class_=class_, stroke=stroke)


def marker(kind: Marker, x: float, y: float, colour: str, note: str, size: float = 4) -> Markup:
    """A data point; `note` appears on hover."""
    s = size
    hint = element("title", note)
    match kind:
        case Marker.CIRCLE:
            return element("circle", hint, cx=x, cy=y, r=s, fill=colour)
        case Marker.BAR:
            return element("rect", hint, x=x - 1.2, y=y - s, width=2.4, height=2 * s, fill=colour)
        case Marker.CROSS:
            path = f"M{_short(x - s)} {_short(y - s)}l{2 * s} {2 * s}m0 {-2 * s}l{-2 * s} {2 * s}"
            return element("path", hint, d=path, stroke=colour, stroke_width=2, fill="none")
        case Marker.DIAMOND:
            r = s * 1.25
            return _polygon([(x, y - r), (x + r, y), (x, y + r), (x - r, y)], colour, hint)
        case Marker.TRIANGLE:
            return _polygon([(x, y - s), (x + s, y + s), (x - s, y + s)], colour, hint)


def _polygon(points: Sequence[Point], colour: str, hint: Markup) -> Markup:
    path = " ".join(f"{_short(x)},{_short(y)}" for x, y in points)
    return element("polygon", hint, points=path, fill=colour)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values from [low, high] to drawing units [start, end], linearly or by log10."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = self._bend(self.low), self._bend(self.high)
        share = (self._bend(max(value, self.low) if self.log else value) - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def _bend(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def ticks(self, about: int = 5) -> list[float]:
        """Round values inside the scale: powers of ten, or steps of 1, 2 or 5."""
        if self.log:
            first, last = math.ceil(self._bend(self.low)), math.floor(self._bend(self.high))
            return [10.0**power for power in range(first, last + 1)]
        raw = (self.high - self.low) / about
        size = 10.0 ** math.floor(math.log10(raw))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(index * step, 12) for index in range(first, last + 1)]


def padded(values: Sequence[float], share: float = 0.06) -> tuple[float, float]:
    """Range of `values` with room at both ends; never of zero width."""
    low, high = min(values), max(values)
    room = share * (high - low) or max(abs(high), 1.0) * share
    return low - room, high + room


def x_axis(scale: Scale, y: float, top: float, label: str, show: Formatter) -> Markup:
    """Tick labels under `y`, faint grid lines up to `top`, and the axis title."""
    ticks = [(scale(tick), show(tick)) for tick in scale.ticks()]
    return x_axis_at(ticks, (scale.start, scale.end), y, top, label)


def x_axis_at(
    ticks: Sequence[tuple[float, str]],
    ends: tuple[float, float],
    y: float,
    top: float,
    label: str,
) -> Markup:
    """The same with `ticks` at given places, from one of `ends` to the other."""
    parts = [line((ends[0], y), (ends[1], y), "axis")]
    for x, shown in ticks:
        parts += [line((x, top), (x, y), "grid"), text(x, y + 14, shown, anchor="middle")]
    middle = sum(ends) / 2
    parts.append(text(middle, y + 30, label, anchor="middle", class_="axis-title"))
    return Markup("").join(parts)


def y_axis(scale: Scale, x: float, right: float, label: str, show: Formatter) -> Markup:
    """Tick labels left of `x`, faint grid lines to `right`, and the axis title above."""
    parts = []
    for tick in scale.ticks():
        y = scale(tick)
        parts += [line((x, y), (right, y), "grid"), text(x - 6, y + 4, show(tick), anchor="end")]
    parts.append(text(2, scale.end - 10, label, class_="axis-title"))
    return Markup("").join(parts)


def _short(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
