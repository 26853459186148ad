"""Selection rules in plain words, as part of a sentence: "class is 3 and loss is above 2"."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.core.selection import AllOf, AnyOf, Compare, Inside, Not, OneOf, Rule, Scalar

_SHOWN = 6  # values of a list
_RELATIONS = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
}


def in_words(rule: Rule, class_names: Sequence[str] = ()) -> str:
    """What is true of the rows of `rule`. Long lists are cut short and say how much is left out.

    Classes go by their names where `class_names` has one.
    """
    match rule:
        case Compare(column=column, op=op, value=value):
            return f"{column} {_RELATIONS[op]} {_value(column, value, class_names)}"
        case OneOf(column=column, values=(value,)):
            return f"{column} is {_value(column, value, class_names)}"
        case OneOf(column=column, values=values):
            return f"{column} is one of {_shortened(_values(column, values, class_names))}"
        case Inside(x=x, y=y, polygon=polygon):
            return f"({x}, {y}) lies inside a lasso of {len(polygon)} corners"
        case Not(rule=Inside(x=x, y=y, polygon=polygon)):
            return f"({x}, {y}) lies outside a lasso of {len(polygon)} corners"
        case Not(rule=OneOf(column=column, values=values)):
            return f"{column} is none of {_shortened(_values(column, values, class_names))}"
        case Not(rule=inner):
            return f"not ({in_words(inner, class_names)})"
        case AnyOf(rules=rules):
            return " or ".join(_bracketed(part, class_names) for part in rules)
        case AllOf(rules=(*parts, Not(rule=OneOf(column="row", values=values)))) if parts:
            noun = "row" if len(values) == 1 else "rows"
            without = _shortened(_values("row", values, ()), last=" and ")
            return f"{in_words(AllOf(rules=tuple(parts)), class_names)}, without {noun} {without}"
        case AllOf(rules=(only,)):
            return in_words(only, class_names)
        case AllOf(rules=rules):
            return " and ".join(_bracketed(part, class_names) for part in rules)


def _bracketed(rule: Rule, class_names: Sequence[str]) -> str:
    words = in_words(rule, class_names)
    return f"({words})" if isinstance(rule, AllOf | AnyOf) else words


def _shortened(items: Sequence[str], last: str = ", ") -> str:
    """`1, 2, 3, 4, 5, 6 and 28 more`, or all items with `last` before the last one."""
    if len(items) > _SHOWN + 1:  # nobody wants to read "and 1 more"
        return f"{', '.join(items[:_SHOWN])} and {len(items) - _SHOWN} more"
    return last.join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def _values(column: str, values: Sequence[Scalar], class_names: Sequence[str]) -> list[str]:
    return [_value(column, value, class_names) for value in values]


def _value(column: str, value: Scalar, class_names: Sequence[str]) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return f"\N{LEFT DOUBLE QUOTATION MARK}{value}\N{RIGHT DOUBLE QUOTATION MARK}"
        case float():
            return f"{value:.6g}"
        case _ if column == "class" and 0 <= value < len(class_names):
            return class_names[value]
    return str(value)
