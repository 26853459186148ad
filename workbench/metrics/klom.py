"""KLOM: how far the margins of unlearned models are from those of retrained ones, row by row.

The Kullback-Leibler divergence between two histograms of the margin of a row (`scores.margin`),
one over unlearned and one over retrained models; 0 is ideal. Georgiev et al. 2024
(arXiv:2410.23232). Two finite samples of one law are never at 0, so a value is read beside the
null floor, and bins and smallest share are part of the definition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import Floats, ModelRows, as_model_rows, row_blocks
from workbench.metrics.cells import count_in_cells, equal_cells
from workbench.metrics.errors import Undefined
from workbench.metrics.sampling import random_halves

BINS = 20
SMALLEST_SHARE = 1e-5
CLIP = 100.0  # margins beyond it are confident beyond meaning
FEWEST_MODELS = 30  # below it the null floor drowns everything


@dataclass(frozen=True, slots=True)
class Klom:
    """KLOM over rows, in nats, from `per_side` models on each side."""

    mean: float
    median: float
    percentile_95: float
    per_side: tuple[int, int]


def klom_by_row(
    unlearned: ArrayLike,
    retrained: ArrayLike,
    *,
    bins: int = BINS,
    smallest_share: float = SMALLEST_SHARE,
) -> Floats:
    """KLOM of every row in nats, (rows,), from margins (models, rows); the numbers may differ.

    Equal-width bins over the joint range, the last one closed. Where unlearned models are, the
    retrained share is raised to `smallest_share` or more, then normalised. Computed for any
    number of models; see `klom` for how many make sense.
    """
    if bins < 1:
        raise ValueError(f"a histogram needs a bin or more, got {bins}")
    if not 0 < smallest_share < 1:
        raise ValueError(f"the smallest share lies between 0 and 1, got {smallest_share}")
    u, r = _pair(unlearned, retrained)
    out = np.empty(u.shape[1])
    for block in row_blocks(len(out), len(u) + len(r) + 4 * bins):
        sides = [np.clip(s[:, block].astype(np.float64), -CLIP, CLIP) for s in (u, r)]
        low = np.minimum(*[side.min(axis=0) for side in sides])
        high = np.maximum(*[side.max(axis=0) for side in sides])
        p, q = (_shares(side, low, high, bins) for side in sides)
        q = np.where(p > 0, np.maximum(q, smallest_share), q)
        q /= q.sum(axis=1, keepdims=True)
        log_ratio = np.log(np.divide(p, q, out=np.ones_like(p), where=p > 0))
        out[block] = (p * log_ratio).sum(axis=1)
    return np.maximum(out, 0.0)  # rounding may leave -1e-17


def klom(unlearned: ArrayLike, retrained: ArrayLike) -> Klom:
    """KLOM summarised over rows. Undefined with fewer than 30 models on a side."""
    u, r = _pair(unlearned, retrained)
    if min(len(u), len(r)) < FEWEST_MODELS:
        raise Undefined(
            f"KLOM means little with fewer than {FEWEST_MODELS} unlearned and retrained models "
            f"each; there are {len(u)} and {len(r)}."
        )
    return _summary(u, r)


def klom_null_floor(retrained: ArrayLike, seed: int = 0) -> Klom:
    """KLOM between two random halves of the retrained models: what a perfect method would get.

    Halves are small, and fewer models make the floor higher, so it bounds from above the floor
    of all models; compare like with like by giving `klom_by_row` as many models. Undefined below
    two models.
    """
    values = as_model_rows(retrained, "margins")
    if len(values) < 2:
        raise Undefined("A null floor needs at least two retrained models.")
    first, second = random_halves(len(values), seed)
    return _summary(values[first], values[second])


def _summary(u: ModelRows, r: ModelRows) -> Klom:
    by_row = klom_by_row(u, r)
    return Klom(
        mean=float(by_row.mean()),
        median=float(np.median(by_row)),
        percentile_95=float(np.quantile(by_row, 0.95)),
        per_side=(len(u), len(r)),
    )


def _pair(unlearned: ArrayLike, retrained: ArrayLike) -> tuple[ModelRows, ModelRows]:
    u, r = as_model_rows(unlearned, "margins"), as_model_rows(retrained, "margins")
    if u.shape[1] != r.shape[1]:
        raise ValueError(f"margins of different rows: {u.shape} and {r.shape}")
    return u, r


def _shares(values: Floats, low: Floats, high: Floats, bins: int) -> Floats:
    cells = np.minimum(equal_cells(values, low, high, bins), bins - 1)
    return count_in_cells(cells, bins) / len(values)
