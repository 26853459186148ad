"""Scores of one membership attack, on arrays of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.standard import StoredOutputs
from workbench.core.errors import PluginError, WorkbenchError
from workbench.core.params import Params
from workbench.plugin_api import Attack, RowOutputs


def attack_scores(
    attack: Attack[Any],
    outputs: StoredOutputs,
    targets: NDArray[np.int64],
    params: Params,
    *,
    name: str = "attack",
) -> NDArray[np.float64]:
    """Score of every row of the dataset (n,), larger is more member-like.

    The attack gets copies, so that one which writes in place changes neither the dataset nor what
    the next attack sees. PluginError if it fails, or gives anything but n finite numbers.
    """
    rows = RowOutputs(
        rows=np.arange(len(targets)),
        logits=np.array(outputs.logits, dtype=np.float64),
        targets=np.array(targets),
        loss=np.array(outputs.loss, dtype=np.float64),
    )
    try:
        scores = attack.scores(rows, params)
    except WorkbenchError:
        raise
    except Exception as fault:
        raise PluginError(
            f"Attack {name!r} failed ({type(fault).__name__}: {fault}).",
            remedy="It may not fit this model; leave it out of the plan or try another.",
        ) from fault
    return _checked(scores, len(targets), name)


def _checked(scores: Any, n_rows: int, name: str) -> NDArray[np.float64]:
    is_array = isinstance(scores, np.ndarray)
    if not (is_array and scores.shape == (n_rows,) and scores.dtype.kind == "f"):
        found = f"{scores.dtype} of shape {scores.shape}" if is_array else type(scores).__name__
        raise PluginError(
            f"Attack {name!r} gives {found} for {n_rows} rows.",
            remedy="Return an array with one floating-point score for each row.",
        )
    bad = np.flatnonzero(~np.isfinite(scores))
    if bad.size:
        raise PluginError(
            f"Attack {name!r} gives scores that are not finite for {bad.size} rows, first row "
            f"{bad[0]}.",
            remedy="Return a large finite score where a row is certain.",
        )
    checked: NDArray[np.float64] = scores.astype(np.float64)
    return checked
