"""Forget sets by class, by chance, by subject and by loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.plugin_api import SelectorData, UsageError, parse_where, select

from .params import ByClassParams, BySubjectParams, HighestLossParams, RandomShareParams

_MOST_SHOWN = 12


class ByClass:
    def select(self, data: SelectorData, params: ByClassParams) -> NDArray[np.bool_]:
        return _rows_with("by-class", "class", data.columns["class"], params.classes)


class BySubject:
    def select(self, data: SelectorData, params: BySubjectParams) -> NDArray[np.bool_]:
        if params.column not in data.columns:
            raise UsageError(
                f"Selector 'by-subject': there is no column {params.column!r}.",
                remedy=f"Use one of: {_listed(data.columns)}.",
            )
        values = data.columns[params.column]
        return _rows_with("by-subject", params.column, values, params.subjects)


class RandomShare:
    def select(self, data: SelectorData, params: RandomShareParams) -> NDArray[np.bool_]:
        """At least one row; the share is of the rows that `within` picks."""
        candidates = _candidates("random-share", data, params.within)
        size = max(1, round(params.share * len(candidates)))
        generator = np.random.Generator(np.random.PCG64(params.seed))
        return _mask(data, generator.choice(candidates, size=size, replace=False))


class HighestLoss:
    def select(self, data: SelectorData, params: HighestLossParams) -> NDArray[np.bool_]:
        """Rows of equal loss are taken in ascending order."""
        if "loss" not in data.columns:
            raise UsageError(
                "Selector 'highest-loss' needs the loss of each row under the original model.",
                remedy="Compute the outputs of the original model first.",
            )
        candidates = _candidates("highest-loss", data, params.within)
        size = params.count or max(1, round((params.share or 0) * len(candidates)))
        if size > len(candidates):
            raise UsageError(
                f"Selector 'highest-loss': count is {size}, but there are only "
                f"{len(candidates)} rows to choose from.",
                remedy="Ask for fewer rows or widen 'within'.",
            )
        hardest_first = np.argsort(-data.columns["loss"][candidates], kind="stable")
        return _mask(data, candidates[hardest_first[:size]])


def _rows_with(
    selector: str, column: str, values: NDArray[Any], wanted: Iterable[int | str]
) -> NDArray[np.bool_]:
    mask = np.zeros(len(values), dtype=bool)
    for value in wanted:
        kinds_differ = (values.dtype.kind in "US") != isinstance(value, str)
        hits = np.zeros(len(values), dtype=bool) if kinds_differ else values == value
        if not hits.any():
            raise UsageError(
                f"Selector {selector!r}: no training row has {column} {value!r}.",
                remedy=f"There are: {_listed(np.unique(values).tolist())}.",
            )
        mask |= hits
    return mask


def _candidates(selector: str, data: SelectorData, within: str) -> NDArray[np.int64]:
    """Positions of the rows that the rule picks; all without a rule."""
    if not within:
        return np.arange(len(data.rows))
    candidates = np.flatnonzero(select(parse_where(within), data.columns))
    if not len(candidates):
        raise UsageError(
            f"Selector {selector!r}: no training row meets the rule {within!r}.",
            remedy="Widen 'within'.",
        )
    return candidates


def _mask(data: SelectorData, positions: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(len(data.rows), dtype=bool)
    mask[positions] = True
    return mask


def _listed(values: Iterable[Any]) -> str:
    names = [str(value) for value in values]
    more = len(names) - _MOST_SHOWN
    return ", ".join(names[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
