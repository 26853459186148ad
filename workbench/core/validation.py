"""One plain sentence for what pydantic found wrong: for plans, manifests and parameters alike."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_LONGEST_VALUE = 60


def describe_fault(
    error: ValidationError, subject: str, *, model: type[BaseModel], noun: str = "key"
) -> str:
    """One sentence for the first fault of `error`, raised while checking input for `model`.

    `subject` opens the sentence ("Method 'ssd'"); `noun` is what the user calls one entry.
    """
    first = error.errors(include_url=False)[0]
    location = first["loc"]
    where = ".".join(str(part) for part in location)
    match first["type"]:
        case "extra_forbidden":
            return f"{subject} has no {noun} {where!r}" + did_you_mean(
                str(location[-1]), _fields_at(model, location)
            )
        case "missing":
            return f"{subject} lacks the {noun} {where!r}."
        case "value_error":
            problem = str(first["ctx"]["error"]).rstrip(".")
            return f"{subject}: {where + ': ' if where else ''}{problem}."
    rule = _rule(first["msg"])
    separator = " " if rule.startswith("must ") else ": "
    return f"{subject}: {where or 'it'}{separator}{rule}, got {_shown(first['input'])}."


def faults_by_path(error: ValidationError) -> list[tuple[str, str]]:
    """Every fault of `error`: where it is, like "methods.0.seeds", and a sentence about it."""
    faults = error.errors(include_url=False)
    # A list of which an item is faulty is also said to be too short.
    above = {fault["loc"][:depth] for fault in faults for depth in range(len(fault["loc"]))}
    return [
        (".".join(str(part) for part in fault["loc"]), _sentence(fault))
        for fault in faults
        if fault["loc"] not in above
    ]


def _sentence(fault: ErrorDetails) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return "There is no setting of this name."
        case "missing":
            return "This is still missing."
        case "value_error":
            return _as_sentence(str(fault["ctx"]["error"]))
        case "too_short":
            return f"At least {fault['ctx']['min_length']} must be given."
        case "too_long":
            return f"At most {fault['ctx']['max_length']} may be given."
    rule = _rule(fault["msg"])
    start = "It " if rule.startswith("must ") else ""
    return _as_sentence(f"{start}{rule}, got {_shown(fault['input'])}")


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _rule(message: str) -> str:
    return re.sub(r"^\w+ should ", "must ", message)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: "; did you mean 'alpha'?", or just "."."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else "."


def _fields_at(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """Field names of the model that holds the last part of `location`."""
    here: type[BaseModel] | None = model
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        if here is None or part not in here.model_fields:
            return []
        here = _model_in(here.model_fields[part].annotation)
    return list(here.model_fields) if here else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for m in map(_model_in, get_args(annotation)) if m), None)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
