"""How numbers, times and hashes are written. Percent exist here and nowhere else."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from workbench.core.vocabulary import Unit

MINUS = "\N{MINUS SIGN}"
NBSP = "\N{NO-BREAK SPACE}"
THIN = "\N{NARROW NO-BREAK SPACE}"
TIMES = "\N{MULTIPLICATION SIGN}"
MISSING = "\N{EN DASH}"


def number(value: float | None, digits: int = 3) -> str:
    """Plain decimal with `digits` significant digits beyond the integer part at most."""
    if value is None:
        return MISSING
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-4 or size >= 1e7:
        written = f"{value:.2e}"
    elif size >= 1000:
        written = whole(value)
    else:
        decimals = max(0, digits - max(0, math.floor(math.log10(size)) + 1))
        written = f"{value:.{decimals}f}"
    return written.replace("-", MINUS)


def whole(value: float) -> str:
    """`12 345`, thousands apart."""
    return f"{value:,.0f}".replace(",", THIN).replace("-", MINUS)


def percent(value: float) -> str:
    """A fraction as percent, with one decimal, more only where it would read as 0."""
    scaled = 100 * value
    decimals = 1 if scaled == 0 or abs(scaled) >= 0.05 else 2
    return f"{scaled:.{decimals}f}{THIN}%".replace("-", MINUS)


def points(value: float) -> str:
    """A difference of fractions in percentage points, always with its sign."""
    return f"{100 * value:+.1f}{THIN}pp".replace("-", MINUS)


def duration(seconds: float | None) -> str:
    if seconds is None:
        return MISSING
    if seconds < 1:
        return f"{1000 * seconds:.0f}{THIN}ms"
    if seconds < 100:
        return f"{seconds:.1f}{THIN}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}{THIN}h {minutes}{THIN}min"
    return f"{minutes}{THIN}min {rest}{THIN}s"


def size(count: float | None) -> str:
    if count is None:
        return MISSING
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{amount:.0f}{THIN}{unit}" if unit == "bytes" else f"{amount:.1f}{THIN}{unit}"
        amount /= 1024
    raise AssertionError("unreachable")


def quantity(value: float | None, unit: str) -> str:
    """A metric value in its unit."""
    if value is None:
        return MISSING
    match unit:
        case Unit.FRACTION:
            return percent(value)
        case Unit.SECONDS:
            return duration(value)
        case Unit.BYTES:
            return size(value)
        case Unit.STEPS:
            return whole(value) if value == round(value) else number(value)
        case Unit.NATS | Unit.BITS:
            return f"{number(value)}{THIN}{unit}"
    return number(value)


def difference(value: float | None, unit: str) -> str:
    """A difference of two metric values, with its sign."""
    if value is None:
        return MISSING
    if unit == Unit.FRACTION:
        return points(value)
    written = quantity(abs(value), unit)
    return written if value == 0 else f"{'+' if value > 0 else MINUS}{written}"


def span(low: float | None, high: float | None, unit: str) -> str:
    """`57.9 to 81.2 %`: an interval with its unit written once; an open end is infinite."""
    first = f"{MINUS}∞" if low is None else quantity(low, unit)
    last = "∞" if high is None else quantity(high, unit)
    amount, _, sign = first.rpartition(THIN)
    shared = amount and last.endswith(f"{THIN}{sign}")
    return f"{amount if shared else first} to {last}"


def chosen(value: float | None, unit: str) -> str:
    """A limit that somebody set, as short as it was meant: 0.1 is `10 %`."""
    if value is None:
        return MISSING
    match unit:
        case Unit.FRACTION:
            return f"{100 * value:.6g}{THIN}%".replace("-", MINUS)
        case Unit.SECONDS | Unit.NATS | Unit.BITS | Unit.BYTES:
            return f"{value:.6g}{THIN}{unit}".replace("-", MINUS)
    return f"{value:.6g}".replace("-", MINUS)


def moment(text: str | None) -> str:
    """An ISO 8601 time as "3 May 2026, 14:05 UTC"; anything else unchanged."""
    if not text:
        return MISSING
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = "" if when.tzinfo is None else f" {when.tzname()}"
    return f"{when.day} {when:%B %Y, %H:%M}{zone}"


def settings(values: dict[str, Any]) -> str:
    """`{"epochs": 5}` as "epochs 5"; settings left empty are not mentioned."""
    written = (
        f"{name.replace('_', ' ')} {_setting(value)}"
        for name, value in values.items()
        if value != ""
    )
    return ", ".join(written) or MISSING


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return ", ".join(_setting(part) for part in value)
    if isinstance(value, dict):
        return f"({settings(value)})"
    return "none" if value is None else str(value)


def count(n: int, noun: str, plural: str = "") -> str:
    """`3 rows`, `1 row`, `no rows`."""
    amount = whole(n) if n else "no"
    return f"{amount} {noun if n == 1 else plural or noun + 's'}"
