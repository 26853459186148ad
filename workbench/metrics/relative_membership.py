"""RMIA: a row is a member if it beats many population rows by more than gamma.

Inputs are log-probabilities ln p_y (minus the cross-entropy). The ratio of a row is its
probability under the audited model over its evidence Pr, the average under models that did and
did not train on it. The score is the share of population rows z that the row x dominates:
ratio(x) / ratio(z) > gamma. Zarifzadeh et al. 2024 (arXiv:2312.03262), who take gamma = 2 and
2,500 population rows or more.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import (
    Booleans,
    Floats,
    ModelRows,
    as_mask,
    as_model_rows,
    as_vector,
    name_rows,
    require_fraction,
    require_same_shape,
    row_blocks,
)
from workbench.metrics.errors import Undefined

GAMMA = 2.0
OFFLINE_A = 0.33  # how far the missing models follow the present ones


def online_evidence(log_probabilities: ArrayLike, is_in: ArrayLike) -> Floats:
    """Ln Pr of every row, (rows,): half the mean probability over models trained with the row
    plus half the mean over the others.

    Log-probabilities and the boolean `is_in` are (models, rows). Undefined if a row has no model
    on one of the sides.
    """
    log_p = as_model_rows(log_probabilities, "log-probabilities")
    mask = as_mask(is_in, log_p, "in-mask")
    with_row, without = _log_mean(log_p, mask), _log_mean(log_p, ~mask)
    return np.logaddexp(with_row, without) - math.log(2)


def offline_evidence(
    log_probabilities: ArrayLike, a: float = OFFLINE_A, is_in: ArrayLike | None = None
) -> Floats:
    """Ln Pr of every row from models trained without it, (rows,): ((1 + a) mean + 1 - a) / 2.

    `log_probabilities` are (models, rows). Models that `is_in` (models, rows) marks as trained
    with a row are left out for it.
    """
    require_fraction(a, "a")
    log_p = as_model_rows(log_probabilities, "log-probabilities")
    is_out = None if is_in is None else ~as_mask(is_in, log_p, "in-mask")
    mean = math.log1p(a) + _log_mean(log_p, is_out)
    if a < 1:
        mean = np.logaddexp(mean, math.log1p(-a))
    return mean - math.log(2)


def log_ratios(log_probabilities: ArrayLike, log_evidence: ArrayLike) -> Floats:
    """Ln of p(row) under the audited model over Pr(row), (rows,)."""
    log_p = as_vector(log_probabilities, "log-probabilities")
    _refuse_above_one(float(log_p.max()))
    evidence = as_vector(log_evidence, "log-evidence")
    require_same_shape(log_p, evidence)
    return log_p - evidence


def dominated_share(log_ratio: ArrayLike, population: ArrayLike, gamma: float = GAMMA) -> Floats:
    """The score: share of `population` log-ratios (m,) that each log-ratio (n,) beats by gamma.

    Strictly more than gamma counts; a tie does not. O((n + m) log m) in time, O(n + m) in memory.
    """
    if not 0 < gamma < math.inf:
        raise ValueError(f"gamma must be positive and finite, got {gamma}")
    x = as_vector(log_ratio, "log-ratios")
    z = np.sort(as_vector(population, "population log-ratios"))
    return np.searchsorted(z, x - math.log(gamma), side="left") / len(z)


def _log_mean(log_p: ModelRows, used: Booleans | None) -> Floats:
    """Ln of the mean probability over the used models of every row, (rows,)."""
    _refuse_above_one(float(log_p.max()))
    n_models, n_rows = log_p.shape
    models = np.full(n_rows, n_models) if used is None else used.sum(axis=0)
    if not models.all():
        without = name_rows(np.flatnonzero(models == 0))
        raise Undefined(f"One side has no reference model for {without}.")
    mean = np.empty(n_rows)
    for block in row_blocks(n_rows, n_models):
        part = log_p[:, block].astype(np.float64)
        if used is not None:
            part[~used[:, block]] = -np.inf
        highest = part.max(axis=0)
        mean[block] = highest + np.log(np.exp(part - highest).sum(axis=0) / models[block])
    return mean


def _refuse_above_one(highest: float) -> None:
    if highest > 0:
        raise ValueError("log-probabilities cannot exceed 0")
