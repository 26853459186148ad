"""Selections as rules: "class == 3 and subject in (17, 21)", evaluated over columns of rows.

A rule is data (JSON in the project file), never code. Gestures combine rules as sets of rows do,
so a selection made by hand stays as short to say as it was to make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from workbench.core.errors import UsageError
from workbench.core.params import Params
from workbench.core.polygon import points_inside

Scalar = bool | int | float | str
Columns = Mapping[str, NDArray[Any]]
Mask = NDArray[np.bool_]


class Compare(Params):
    """Rows whose column stands in relation `op` to `value`."""

    kind: Literal["compare"] = "compare"
    column: str
    op: Literal["==", "!=", "<", "<=", ">", ">="]
    value: Scalar


class OneOf(Params):
    """Rows whose column is one of `values`."""

    kind: Literal["one_of"] = "one_of"
    column: str
    values: tuple[Scalar, ...]


class Inside(Params):
    """Rows whose columns `x` and `y` lie inside a closed polygon; sides may cross (even-odd)."""

    kind: Literal["inside"] = "inside"
    x: str
    y: str
    polygon: tuple[tuple[float, float], ...] = Field(min_length=3)


class AllOf(Params):
    kind: Literal["all_of"] = "all_of"
    rules: tuple[Rule, ...]


class AnyOf(Params):
    kind: Literal["any_of"] = "any_of"
    rules: tuple[Rule, ...]


class Not(Params):
    kind: Literal["not"] = "not"
    rule: Rule


class CombineMode(StrEnum):
    """What a gesture does with the rows that are already selected."""

    NEW = "new"
    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


Rule = Annotated[Compare | OneOf | Inside | AllOf | AnyOf | Not, Field(discriminator="kind")]

AllOf.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()

RULE: TypeAdapter[Rule] = TypeAdapter(Rule)

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_INT64 = np.iinfo(np.int64)


def select(rule: Rule, columns: Columns) -> Mask:
    """Evaluate `rule` to a boolean mask (n,). UsageError names an unknown column."""
    match rule:
        case Compare(column=name, op=op, value=value):
            return np.asarray(_OPERATORS[op](*_comparable(name, columns, value)), dtype=bool)
        case OneOf(column=name, values=values):
            return _is_one_of(name, columns, values)
        case Inside(x=x, y=y, polygon=polygon):
            return points_inside(_numbers(x, columns), _numbers(y, columns), polygon)
        case AllOf(rules=rules):
            return reduce(np.logical_and, (select(part, columns) for part in rules))
        case AnyOf(rules=rules):
            return reduce(np.logical_or, (select(part, columns) for part in rules))
        case Not(rule=inner):
            return ~select(inner, columns)


def combine(mode: CombineMode, current: Rule | None, new: Rule) -> Rule | None:
    """The rule of a selection after a gesture; None selects nothing.

    Rows picked one by one are kept as two lists, added and left out, however many picks it took.
    """
    if mode is CombineMode.NEW:
        return new
    if current is None:
        return new if mode is CombineMode.ADD else None
    if mode is CombineMode.INTERSECT:
        return _all_of(current, new)
    if isinstance(new, OneOf) and new.column == "row":
        picked = _Picked.of(current)
        add = mode is CombineMode.ADD
        return (picked.with_rows(new.values) if add else picked.without_rows(new.values)).rule
    return _any_of(current, new) if mode is CombineMode.ADD else _all_of(current, Not(rule=new))


@dataclass(frozen=True)
class _Picked:
    """A rule as (base, but for the rows `out`) or one of the rows `into`; no row is in both."""

    base: Rule | None
    out: tuple[Scalar, ...] = ()
    into: tuple[Scalar, ...] = ()

    @classmethod
    def of(cls, rule: Rule) -> _Picked:
        base: Rule | None
        match rule:
            case OneOf(column="row", values=into):
                return cls(None, (), into)
            case AnyOf(rules=(*parts, OneOf(column="row", values=into))) if parts:
                base = _any_of(*parts)
            case _:
                base, into = rule, ()
        match base:
            case AllOf(rules=(*parts, Not(rule=OneOf(column="row", values=out)))) if parts:
                base = _all_of(*parts)
            case _:
                out = ()
        return cls(base, _less(out, into), into)

    def with_rows(self, rows: tuple[Scalar, ...]) -> _Picked:
        return _Picked(self.base, _less(self.out, rows), _union(self.into, rows))

    def without_rows(self, rows: tuple[Scalar, ...]) -> _Picked:
        return _Picked(self.base, _union(self.out, rows), _less(self.into, rows))

    @property
    def rule(self) -> Rule | None:
        into = OneOf(column="row", values=self.into) if self.into else None
        if self.base is None:
            return into
        out = Not(rule=OneOf(column="row", values=self.out)) if self.out else None
        left = _all_of(self.base, out) if out else self.base
        return _any_of(left, into) if into else left


def _any_of(*rules: Rule) -> Rule:
    parts = [part for rule in rules for part in (rule.rules if isinstance(rule, AnyOf) else [rule])]
    return parts[0] if len(parts) == 1 else AnyOf(rules=tuple(parts))


def _all_of(*rules: Rule) -> Rule:
    parts = [part for rule in rules for part in (rule.rules if isinstance(rule, AllOf) else [rule])]
    return parts[0] if len(parts) == 1 else AllOf(rules=tuple(parts))


def _union(one: tuple[Scalar, ...], other: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _less(one: tuple[Scalar, ...], other: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    gone = set(other)
    return tuple(value for value in one if value not in gone)


def _column(name: str, columns: Columns) -> NDArray[Any]:
    if name not in columns:
        known = ", ".join(sorted(columns))
        raise UsageError(f"There is no column {name!r}.", remedy=f"Use one of: {known}.")
    return columns[name]


def _numbers(name: str, columns: Columns) -> NDArray[Any]:
    """A column of numbers."""
    return _comparable(name, columns, 0)[0]


def _is_one_of(name: str, columns: Columns, wanted: tuple[Scalar, ...]) -> Mask:
    values = _column(name, columns)
    whole = [value for value in wanted if type(value) is int]
    if values.dtype.kind == "i" and len(whole) == len(wanted):
        # Many rows picked by hand must not cost one pass each.
        storable = [value for value in whole if _INT64.min <= value <= _INT64.max]
        return np.isin(values, np.array(storable, dtype=np.int64))
    mask = np.zeros(len(values), dtype=bool)
    for value in wanted:
        mask |= np.equal(*_comparable(name, columns, value))
    return mask


def _comparable(name: str, columns: Columns, value: Scalar) -> tuple[NDArray[Any], Scalar]:
    values = _column(name, columns)
    if (values.dtype.kind in "US") != isinstance(value, str):
        expected = "text" if values.dtype.kind in "US" else "numbers"
        raise UsageError(
            f"Column {name!r} holds {expected}, so it cannot be compared with {value!r}.",
            remedy="Quote text and leave numbers unquoted.",
        )
    return values, value
