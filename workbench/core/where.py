"""The text form of selection rules, as plans and the command line use it.

Only comparisons, and, or, not and parentheses exist in it; nothing is executed.
"""

from __future__ import annotations

import ast
import re
from typing import Literal

from workbench.core.errors import UsageError
from workbench.core.selection import AllOf, AnyOf, Compare, Not, OneOf, Rule, Scalar

_AST_OPERATORS: dict[type[ast.cmpop], Literal["==", "!=", "<", "<=", ">", ">="]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_QUOTED = re.compile(r"('[^']*'|\"[^\"]*\")")
_LONGEST = 2000  # nested deeper than such a text can be, the parser of Python gives up badly
_SHOWN = 80  # characters of a rule that an error quotes
_REMEDY = 'Write rules like "class == 3 and subject in (17, 21)".'


def parse_where(text: str) -> Rule:
    """Read the text form of a rule. UsageError says what cannot be read; nothing is executed."""
    if len(text) > _LONGEST:
        raise UsageError(
            f"The rule is longer than {_LONGEST} characters.",
            remedy="Name the rows in a file or a column instead.",
        )
    # "class" is a word of Python; outside quotes it is the column of class ids.
    parts = _QUOTED.split(text.strip())
    parts[::2] = [re.sub(r"\bclass\b", "class_", part) for part in parts[::2]]
    try:
        tree = ast.parse("".join(parts), mode="eval").body
        return _from_tree(tree, text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        raise UsageError(f"The rule {shown!r} cannot be read.", remedy=_REMEDY) from fault


def _from_tree(node: ast.expr, text: str) -> Rule:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return AllOf(rules=tuple(_from_tree(part, text) for part in parts))
        case ast.BoolOp(op=ast.Or(), values=parts):
            return AnyOf(rules=tuple(_from_tree(part, text) for part in parts))
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return Not(rule=_from_tree(inner, text))
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn() as op], comparators=[right]):
            if not isinstance(right, ast.Tuple | ast.List):
                raise UsageError(f"The rule {text!r} needs a list after 'in'.", remedy=_REMEDY)
            rule = OneOf(
                column=_name(left, text),
                values=tuple(_scalar(element, text) for element in right.elts),
            )
            return Not(rule=rule) if isinstance(op, ast.NotIn) else rule
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _AST_OPERATORS:
            return Compare(
                column=_name(left, text), op=_AST_OPERATORS[type(op)], value=_scalar(right, text)
            )
    raise UsageError(f"The rule {text!r} cannot be read.", remedy=_REMEDY)


def _name(node: ast.expr, text: str) -> str:
    if isinstance(node, ast.Name):
        return "class" if node.id == "class_" else node.id
    raise UsageError(f"The rule {text!r} must compare a column with a value.", remedy=_REMEDY)


def _scalar(node: ast.expr, text: str) -> Scalar:
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if isinstance(node, ast.UnaryOp) and negative else node
    if isinstance(inner, ast.Constant) and isinstance(inner.value, bool | int | float | str):
        if not negative:
            return inner.value
        if not isinstance(inner.value, str):
            return -inner.value
    raise UsageError(f"The rule {text!r} must compare with a number or text.", remedy=_REMEDY)
