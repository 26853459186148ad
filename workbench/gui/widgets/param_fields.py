"""What a form shows of a parameter model: one entry per field, its words, its text and value."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from itertools import groupby
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_LONGEST_RANGE = 10_000  # numbers that "first-last" may stand for


class Shape(StrEnum):
    """What kind of value an entry takes."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    YES_NO = "yes or no"
    CHOICE = "choice"


@dataclass(frozen=True)
class ParamField:
    """One field of a parameter model, as a form shows it.

    `shape` is that of each item if `is_list`. `limits` are (bound, is it allowed itself) pairs.
    """

    name: str
    shape: Shape
    choices: tuple[str, ...] = ()
    is_list: bool = False
    is_optional: bool = False
    is_required: bool = False
    default: Any = None
    lower: tuple[float, bool] | None = None
    upper: tuple[float, bool] | None = None
    description: str = ""

    @property
    def title(self) -> str:
        return title_of(self.name)

    @property
    def when_empty(self) -> str:
        """What an empty entry means, for an optional field: its description ends in it."""
        found = re.search(r"[;,] ([^;,]+) if not given$", self.description)
        return found[1] if found else "not given"

    @property
    def explanation(self) -> tuple[str, ...]:
        """Sentences: what it is, its bounds, its default."""
        said = (self.description, self._bounds(), self._default())
        return tuple(f"{text[0].upper()}{text[1:]}." for text in said if text)

    def allows(self, value: float) -> bool:
        """Whether a number is within the bounds."""
        low, high = self.lower, self.upper
        above = low is None or value > low[0] or (low[1] and value == low[0])
        return above and (high is None or value < high[0] or (high[1] and value == high[0]))

    def value_of(self, text: str) -> Any:
        """The JSON value a text means. What cannot be read stays text, for the model to refuse."""
        text = text.strip()
        if not text and self.is_optional:
            return None
        if not self.is_list:
            return _item(self.shape, text)
        return [value for part in text.split(",") if part.strip() for value in self._items(part)]

    def text_of(self, value: Any) -> str:
        """The text of a value; `value_of` reads it back."""
        if value is None:
            return ""
        if not self.is_list or isinstance(value, str) or not isinstance(value, Iterable):
            return _text(value)
        return ", ".join(_runs(list(value)) if self.shape is Shape.WHOLE else map(_text, value))

    def fault_of(self, value: Any) -> str:
        """A sentence if the value is nothing a model could read; "" if it may judge it."""
        if value is None:
            return ""
        if value in ("", []):
            return "This is still missing." if self._must_be_filled else ""
        if self.shape not in (Shape.WHOLE, Shape.NUMBER):
            return ""
        wrong = [one for one in (value if self.is_list else [value]) if isinstance(one, str)]
        return f"“{wrong[0]}” is not a {self.shape}." if wrong else ""

    @property
    def _must_be_filled(self) -> bool:
        return self.is_required or (not self.is_list and self.shape is not Shape.TEXT)

    def _items(self, part: str) -> Sequence[Any]:
        run = re.fullmatch(r"\s*(\d+)\s*-\s*(\d+)\s*", part)
        if run and self.shape is Shape.WHOLE:
            first, last = int(run[1]), int(run[2])
            if 0 <= last - first < _LONGEST_RANGE:
                return range(first, last + 1)
        return [_item(self.shape, part.strip())]

    def _bounds(self) -> str:
        said = []
        if self.lower is not None:
            said.append(f"{'at least' if self.lower[1] else 'above'} {_text(self.lower[0])}")
        if self.upper is not None:
            said.append(f"{'at most' if self.upper[1] else 'below'} {_text(self.upper[0])}")
        if self.is_list:
            said.append(
                'separated by commas; "1-8" means 1 to 8'
                if self.shape is Shape.WHOLE
                else "separated by commas"
            )
        return ", ".join(said)

    def _default(self) -> str:
        if self.is_required:
            return "it must be given"
        if self.default is None:
            return f"default: {self.when_empty}"
        if self.shape is Shape.YES_NO:
            return f"default: {'yes' if self.default else 'no'}"
        return f"default: {self.text_of(self.default) or 'none'}"


def title_of(name: str) -> str:
    """The name of a field in sentence case."""
    words = name.replace("non_member", "non-member").replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}"


def fields_of(model: type[BaseModel]) -> tuple[ParamField, ...]:
    """The fields a form can show; nested models and free-form objects are left out."""
    return tuple(_fields_of(model))


def _fields_of(model: type[BaseModel]) -> Iterator[ParamField]:
    for name, info in model.model_fields.items():
        start = ParamField(
            name,
            Shape.TEXT,
            is_required=info.is_required(),
            default=None if info.is_required() else info.get_default(call_default_factory=True),
            description=(info.description or "").rstrip("."),
        )
        field = _shaped(_bounded(start, info.metadata), info.annotation)
        if field is not None:
            yield field


def _shaped(field: ParamField, annotation: Any) -> ParamField | None:
    """The field with what its annotation says; None if no entry can show it."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shaped(_bounded(field, args[1:]), args[0])
    if origin in (Union, UnionType):
        return _one_of(replace(field, is_optional=NoneType in args), args)
    if origin is Literal:
        return replace(field, shape=Shape.CHOICE, choices=tuple(map(str, args)))
    if origin in (tuple, list) and not field.is_list:
        return _shaped(replace(field, is_list=True), args[0])
    shapes = {bool: Shape.YES_NO, int: Shape.WHOLE, float: Shape.NUMBER, str: Shape.TEXT}
    if annotation in shapes:
        return replace(field, shape=shapes[annotation])
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return replace(field, shape=Shape.CHOICE, choices=tuple(str(m.value) for m in annotation))
    return None


def _one_of(field: ParamField, kinds: Sequence[Any]) -> ParamField | None:
    """A union takes the entry of its first member: a whole number that is none stays text."""
    for kind in kinds:
        if kind is not NoneType:
            return _shaped(field, kind)
    return None


def _bounded(field: ParamField, metadata: Iterable[Any]) -> ParamField:
    for one in metadata:
        if isinstance(one, FieldInfo):
            field = _bounded(field, one.metadata)
        for name, side, is_allowed in (
            ("ge", "lower", True),
            ("gt", "lower", False),
            ("le", "upper", True),
            ("lt", "upper", False),
        ):
            bound = getattr(one, name, None)
            if isinstance(bound, int | float):
                field = replace(field, **{side: (bound, is_allowed)})  # type: ignore[arg-type]
    return field


def _item(shape: Shape, text: str) -> Any:
    try:
        number = float(text) if shape in (Shape.WHOLE, Shape.NUMBER) else math.nan
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    if shape is Shape.NUMBER:
        return number
    return int(number) if number.is_integer() and abs(number) < 2**53 else text


def _text(value: Any) -> str:
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e6
        return str(int(value)) if whole else re.sub(r"e([+-])0*", r"e\1", repr(value))
    return str(value)


def _runs(values: Sequence[Any]) -> Iterator[str]:
    """Three and more consecutive numbers as "first-last"."""
    if not all(isinstance(value, int) and value >= 0 for value in values):
        yield from map(_text, values)
        return
    for _, run in groupby(enumerate(values), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        if len(numbers) > 2:
            yield f"{numbers[0]}-{numbers[-1]}"
        else:
            yield from map(str, numbers)
