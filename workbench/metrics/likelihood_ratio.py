"""Likelihood-ratio attacks from shadow models: LiRA, online and offline, and U-LiRA.

All take logit-scaled confidences (`scores.margin`): of the audited model as (rows,) and of shadow
models as (models, rows). With several augmented queries of every row they are (queries, rows) and
(models, queries, rows), and the score of a row is the mean over its queries: the likelihood ratio
under a diagonal covariance, divided by the number of queries. A larger score is more member-like.

Carlini et al. 2022 (arXiv:2112.03570); Hayes et al. 2024 (arXiv:2403.01218).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from workbench.metrics.arrays import (
    Booleans,
    Floats,
    ModelRows,
    as_mask,
    as_model_rows,
    as_vector,
    name_rows,
    row_blocks,
)
from workbench.metrics.errors import Undefined

Variance = Literal["auto", "per-row", "pooled", "shrunken"]

ENOUGH_MODELS = 64  # from here on a row's own variance is trusted
PRIOR_MODELS = 8.0  # our choice: how many models the pooled variance counts for when shrinking
SMALLEST_SIGMA = 1e-6


@dataclass(frozen=True, slots=True)
class RowGaussians:
    """A normal distribution for every row; `mean` and `sigma` are (rows,)."""

    mean: Floats
    sigma: Floats

    def z(self, observed: Floats) -> Floats:
        return (observed - self.mean) / self.sigma

    def log_density(self, observed: Floats) -> Floats:
        """Up to the constant -ln(2 pi) / 2."""
        return -0.5 * self.z(observed) ** 2 - np.log(self.sigma)


def fit_gaussians(
    confidences: ArrayLike, used: ArrayLike | None = None, variance: Variance = "auto"
) -> RowGaussians:
    """Normal distribution of every row over models (models, rows), or over the `used` ones of it.

    Variances: "per-row" of each row by itself; "pooled" their mean over rows; "shrunken"
    (8 pool + (S - 1) s^2) / (8 + S - 1) with unbiased pool and s^2 over the S models of the row,
    for few models; "auto" is per-row from 64 models for every row on, else pooled. Per-row and
    pooled variances divide by S. No sigma is below 1e-6.
    """
    values = as_model_rows(confidences, "confidences")
    sums = _sums(values, None if used is None else as_mask(used, values))
    return _gaussians(sums, _resolved(variance, sums))


def online_lira(
    observed: ArrayLike, shadow: ArrayLike, is_in: ArrayLike, variance: Variance = "auto"
) -> Floats:
    """Log-likelihood ratio of "trained with the row" over "trained without it", (rows,).

    `is_in` (models, rows) tells which shadow models trained on which row. Undefined if a row has
    no model on one of the sides.
    """

    def score(seen: Floats, values: ModelRows) -> Floats:
        mask = as_mask(is_in, values, "in-mask")
        return _log_ratio(seen, _sums(values, mask), _sums(values, ~mask), variance)

    return _mean_over_queries(score, observed, shadow)


def offline_lira(
    observed: ArrayLike,
    shadow: ArrayLike,
    is_in: ArrayLike | None = None,
    variance: Variance = "auto",
) -> Floats:
    """Standard score against models trained without the row, (rows,).

    The published score is the normal distribution function of this number. It ranks alike, but
    rounds to 1 above z = 8. With `is_in` (models, rows), models that trained on a row are left
    out for it.
    """

    def score(seen: Floats, values: ModelRows) -> Floats:
        is_out = None if is_in is None else ~as_mask(is_in, values, "in-mask")
        return fit_gaussians(values, is_out, variance).z(seen)

    return _mean_over_queries(score, observed, shadow)


def unlearning_log_odds(
    observed: ArrayLike, unlearned: ArrayLike, retrained: ArrayLike, variance: Variance = "auto"
) -> Floats:
    """U-LiRA: log odds that the audited model once learned the row and unlearned it, (rows,).

    `unlearned` come from models that trained with the row and unlearned it, `retrained` from
    models that never saw it; both are (models, rows), and their numbers may differ.
    """

    def score(seen: Floats, of_unlearned: ModelRows, of_retrained: ModelRows) -> Floats:
        return _log_ratio(seen, _sums(of_unlearned), _sums(of_retrained), variance)

    return _mean_over_queries(score, observed, unlearned, retrained)


def unlearning_posterior(
    observed: ArrayLike, unlearned: ArrayLike, retrained: ArrayLike, variance: Variance = "auto"
) -> Floats:
    """U-LiRA: pdf_u / (pdf_u + pdf_r), (rows,); 1/2 is chance. Rank by the log odds instead."""
    odds = unlearning_log_odds(observed, unlearned, retrained, variance)
    return np.asarray(special.expit(odds))


@dataclass(frozen=True, slots=True)
class _Sums:
    """Models, mean and sum of squared deviations of every row, (rows,) each."""

    models: Floats
    mean: Floats
    squares: Floats


def _sums(values: ModelRows, used: Booleans | None = None) -> _Sums:
    n_models, n_rows = values.shape
    models = np.full(n_rows, float(n_models)) if used is None else used.sum(axis=0, dtype=float)
    if not models.all():
        without = name_rows(np.flatnonzero(models == 0))
        raise Undefined(f"One side has no shadow model for {without}.")
    mean, squares = np.empty(n_rows), np.empty(n_rows)
    for block in row_blocks(n_rows, n_models):
        part = values[:, block].astype(np.float64)
        weights = None if used is None else used[:, block].astype(np.float64)
        if weights is not None:
            part *= weights
        mean[block] = part.sum(axis=0) / models[block]
        part -= mean[block]
        if weights is not None:
            part *= weights
        squares[block] = np.einsum("mr,mr->r", part, part)
    return _Sums(models, mean, squares)


def _resolved(variance: Variance, *sides: _Sums) -> Variance:
    if variance not in ("auto", "per-row", "pooled", "shrunken"):
        raise ValueError(f"unknown variance {variance!r}")
    if variance != "auto":
        return variance
    fewest = min(side.models.min() for side in sides)
    return "per-row" if fewest >= ENOUGH_MODELS else "pooled"


def _gaussians(sums: _Sums, variance: Variance) -> RowGaussians:
    several = sums.models >= 2
    if not several.any() or (variance == "per-row" and not several.all()):
        where = name_rows(np.flatnonzero(~several))
        raise Undefined(f"A variance needs two shadow models a side or more, not so in {where}.")
    own = sums.squares / sums.models
    if variance == "pooled":
        own = np.full(len(own), own[several].mean())
    elif variance == "shrunken":
        freedom = sums.models - 1
        pool = sums.squares.sum() / freedom.sum()
        own = (PRIOR_MODELS * pool + sums.squares) / (PRIOR_MODELS + freedom)
    return RowGaussians(sums.mean, np.maximum(np.sqrt(own), SMALLEST_SIGMA))


def _log_ratio(seen: Floats, with_row: _Sums, without: _Sums, variance: Variance) -> Floats:
    how = _resolved(variance, with_row, without)
    high, low = _gaussians(with_row, how), _gaussians(without, how)
    return high.log_density(seen) - low.log_density(seen)


def _mean_over_queries(
    score: Callable[..., Floats], observed: ArrayLike, *models: ArrayLike
) -> Floats:
    seen, samples = np.asarray(observed), [np.asarray(m) for m in models]
    if seen.ndim == 1:
        seen, samples = seen[None], [s[:, None] if s.ndim == 2 else s for s in samples]
    if seen.ndim != 2 or any(s.ndim != 3 or s.shape[1:] != seen.shape for s in samples):
        shapes = ", ".join(str(np.shape(m)) for m in (observed, *models))
        raise ValueError(f"confidences need (rows,) and (models, rows) of equal rows, got {shapes}")
    if not len(seen):
        raise Undefined("There are no queries to compute from.")
    by_query = (
        score(
            as_vector(seen[query], "confidences"),
            *[as_model_rows(s[:, query], "confidences") for s in samples],
        )
        for query in range(len(seen))
    )
    return np.asarray(sum(by_query) / len(seen))
