"""What a filter can offer for a column: its values, or its range; and the rule they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.errors import UsageError
from workbench.core.selection import AllOf, Compare, OneOf, Rule, Scalar
from workbench.gui.session.rows import MAP_X, MAP_Y, RowTable

_MOST_CHOICES = 500


@dataclass(frozen=True)
class Facet:
    """A column as a list of (value, label, rows with it), or as a range if there is no list.

    `left_out` counts the values that are too many to be listed.
    """

    column: str
    choices: tuple[tuple[Scalar, str, int], ...] = ()
    left_out: int = 0
    low: float = 0.0
    high: float = 0.0

    @property
    def is_range(self) -> bool:
        return not self.choices


def read_facets(table: RowTable) -> tuple[Facet, ...]:
    """One for each column of the rule language, classes first."""
    names = ["class", *(n for n in table.columns if n not in ("class", MAP_X, MAP_Y))]
    return tuple(_facet(table, name, table.columns[name]) for name in names)


def value_label(table: RowTable, column: str, value: Scalar) -> str:
    """A value as the window shows it: classes by name, yes or no."""
    if column == "class":
        return table.dataset.class_names[int(value)]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def choices_rule(column: str, values: Sequence[Scalar]) -> Rule:
    """UsageError if no value is chosen."""
    if not values:
        raise UsageError("Check at least one value.")
    if len(values) == 1:
        return Compare(column=column, op="==", value=values[0])
    return OneOf(column=column, values=tuple(values))


def range_rule(column: str, low: str, high: str) -> Rule:
    """From the texts of both ends, either of which may be empty. UsageError says what is wrong."""
    ends: list[Rule] = []
    if low.strip():
        ends.append(Compare(column=column, op=">=", value=_number(low)))
    if high.strip():
        ends.append(Compare(column=column, op="<=", value=_number(high)))
    if not ends:
        raise UsageError("Give at least one end of the range.")
    return ends[0] if len(ends) == 1 else AllOf(rules=tuple(ends))


def _facet(table: RowTable, name: str, values: NDArray[Any]) -> Facet:
    if name != "row" and values.dtype.kind != "f":
        found, counts = np.unique(values, return_counts=True)
        if len(found) <= _MOST_CHOICES or values.dtype.kind in "US":
            listed = tuple(
                (value, value_label(table, name, value), count)
                for value, count in zip(found.tolist(), counts.tolist(), strict=True)
            )
            return Facet(name, listed[:_MOST_CHOICES], max(0, len(listed) - _MOST_CHOICES))
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Facet(name)
    return Facet(name, low=float(finite.min()), high=float(finite.max()))


def _number(text: str) -> float | int:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise UsageError(f"“{text.strip()}” is not a number.")
    return int(number) if number.is_integer() else number
