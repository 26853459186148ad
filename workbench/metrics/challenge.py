"""Forgetting score of the NeurIPS 2023 unlearning challenge: many unlearned, many retrained models.

For every row, thresholds on the margin (`scores.margin`) try to tell unlearned from retrained
models; the best one gives epsilon, and the smaller epsilon is, the more credit the row gets.
Triantafillou et al. 2024 (arXiv:2406.09073). The threshold is the best on the models it is judged
on, so epsilon has no confidence level, and models that could not be told apart still get far less
than full credit: read a score beside `null_floor`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.metrics.arrays import (
    Booleans,
    Floats,
    Integers,
    as_model_rows,
    as_vector,
    name_rows,
    require_fraction,
    row_blocks,
)
from workbench.metrics.cells import count_in_cells, equal_cells
from workbench.metrics.errors import Undefined
from workbench.metrics.sampling import random_halves

Family = Literal["single", "interval"]
FAMILIES: tuple[Family, ...] = ("single", "interval")

DELTA = 1e-5
EPSILON_CAP = 50.0
THRESHOLDS = 100  # over the joint range of a row, so that the unit of the score does not matter
PEAKY = 0.01  # a side narrower than this share of the other is told apart by that alone
BIN_WIDTH = 0.5
_CROWDED = 0.1  # share of the steps below which the values of a row are said to crowd
_DISCARDED = -1.0


@dataclass(frozen=True, slots=True)
class Forgetting:
    """`epsilons` and `credits` of every row, (rows,); `score` is the mean credit, F.

    `models` are the numbers of unlearned and retrained models.
    """

    epsilons: Floats
    credits: Floats
    score: float
    models: tuple[int, int]


def forgetting(
    unlearned: ArrayLike,
    retrained: ArrayLike,
    *,
    families: Sequence[Family] = FAMILIES,
    delta: float = DELTA,
    thresholds: int = THRESHOLDS,
) -> Forgetting:
    """F over forget rows, from margins (models, rows); the numbers of models may differ."""
    u, r = np.asarray(unlearned), np.asarray(retrained)
    epsilons = row_epsilons(u, r, families=families, delta=delta, thresholds=thresholds)
    credit = row_credits(epsilons, largest_epsilon(min(len(u), len(r))))
    return Forgetting(epsilons, credit, float(credit.mean()), (len(u), len(r)))


def null_floor(
    retrained: ArrayLike,
    *,
    families: Sequence[Family] = FAMILIES,
    delta: float = DELTA,
    thresholds: int = THRESHOLDS,
    seed: int = 0,
) -> Forgetting:
    """F between two random halves of the retrained models: what a perfect method would get.

    It depends on the number of models, so it stands for an F of as many models as a half has.
    """
    values = as_model_rows(retrained, "margins")
    first, second = random_halves(len(values), seed)
    return forgetting(
        values[first], values[second], families=families, delta=delta, thresholds=thresholds
    )


def final_score(
    forgetting_score: float,
    retain: tuple[float, float],
    test: tuple[float, float],
) -> float:
    """F times the accuracy ratios; `retain` and `test` are (unlearned, retrained) accuracies."""
    score = forgetting_score
    for name, (of_unlearned, of_retrained) in (("retain", retain), ("test", test)):
        require_fraction(of_unlearned, f"{name} accuracy")
        require_fraction(of_retrained, f"{name} accuracy")
        if of_retrained == 0:
            raise Undefined(f"The retrained models have a {name} accuracy of 0.")
        score *= of_unlearned / of_retrained
    return score


def row_epsilons(
    unlearned: ArrayLike,
    retrained: ArrayLike,
    *,
    families: Sequence[Family] = FAMILIES,
    delta: float = DELTA,
    thresholds: int = THRESHOLDS,
) -> Floats:
    """Largest epsilon of every row over thresholds, (rows,), from margins (models, rows).

    "single" calls the side of larger median above a threshold, "interval" the side of smaller
    range between two. Thresholds are equally spaced over the joint range. Rows whose values crowd
    into few of the steps, as when one model has diverged, and rows where all thresholds are
    discarded are repeated with a threshold at every value. A side hardly wider than a point
    beside the other, and perfect separation, give the cap of 50. Undefined below two models a
    side.
    """
    if not families or not set(families) <= set(FAMILIES):
        raise ValueError(f"families are some of {FAMILIES}, got {tuple(families)}")
    if thresholds < 2:
        raise ValueError(f"at least two thresholds are needed, got {thresholds}")
    u, r = as_model_rows(unlearned, "margins"), as_model_rows(retrained, "margins")
    if u.shape[1] != r.shape[1]:
        raise ValueError(f"margins of different rows: {u.shape} and {r.shape}")
    if min(len(u), len(r)) < 2:
        raise Undefined("An epsilon needs two unlearned and two retrained models or more.")
    search = _Search(_epsilon_table(len(u), len(r), delta), frozenset(families))
    out = np.empty(u.shape[1])
    n_pairs = thresholds * (thresholds + 1) // 2 if "interval" in families else thresholds
    for block in row_blocks(len(out), 4 * n_pairs + len(u) + len(r)):
        sides = u[:, block].astype(np.float64), r[:, block].astype(np.float64)
        out[block] = _block_epsilons(*sides, search, thresholds)
    if (out == _DISCARDED).any():
        where = name_rows(np.flatnonzero(out == _DISCARDED))
        raise Undefined(f"Every threshold leaves exactly one error rate at zero in {where}.")
    return out


def threshold_epsilon(fpr: float, fnr: float, delta: float = DELTA) -> float:
    """Epsilon of one threshold, the larger of ln((1 - delta - FPR) / FNR) and its mirror image.

    At least 0, at most the cap of 50. Undefined if exactly one of the rates is 0: more models
    would be needed to know it.
    """
    require_fraction(fpr, "fpr")
    require_fraction(fnr, "fnr")
    epsilon = float(_epsilons(np.array([fpr]), np.array([fnr]), delta)[0])
    if epsilon == _DISCARDED:
        raise Undefined("Exactly one error rate is zero, so epsilon is unknown.")
    return epsilon


def row_credits(epsilons: ArrayLike, largest: float = math.inf) -> Floats:
    """Credit H = 2^-floor(2 epsilon) of every row, (rows,); none from `largest` on."""
    eps = as_vector(epsilons, "epsilons")
    if eps.min() < 0:
        raise ValueError("an epsilon cannot be negative")
    return np.where(eps < largest, np.exp2(-np.floor(eps / BIN_WIDTH)), 0.0)


def largest_epsilon(n_models: int) -> int:
    """ceil(ln(N - 1)): about the largest epsilon that N models a side can show."""
    if n_models < 2:
        raise Undefined("An epsilon needs two unlearned and two retrained models or more.")
    return math.ceil(math.log(n_models - 1))


@dataclass(frozen=True, slots=True)
class _Search:
    """`table` is epsilon by how many models of each side are misjudged, (N_u + 1, N_r + 1)."""

    table: Floats
    families: frozenset[Family]

    def best(self, cells: tuple[Integers, Integers], order: _Order, n_cells: int) -> Floats:
        """Largest epsilon of every row over cuts between cells; _DISCARDED if none is kept."""
        below = [_cumulative(count_in_cells(side, n_cells)) for side in cells]
        found = []
        if "single" in self.families:
            above = [side[:, -1:] - side[:, :-1] for side in below]
            found.append(self._look_up(above, order.unlearned_higher))
        if "interval" in self.families:
            left, right = np.triu_indices(n_cells + 1, 1)
            inside = [side[:, right] - side[:, left] for side in below]
            found.append(self._look_up(inside, order.unlearned_narrower))
        return np.asarray(np.max(found, axis=0))

    def _look_up(self, called: list[Integers], unlearned: Booleans) -> Floats:
        """`called` models (rows, cuts) of each side are taken for the side named by row."""
        n_u, n_r = self.table.shape[0] - 1, self.table.shape[1] - 1
        of_u, of_r = called
        mine = unlearned[:, None]
        wrong_u = np.where(mine, n_u - of_u, of_u)
        wrong_r = np.where(mine, of_r, n_r - of_r)
        return np.asarray(self.table.ravel()[wrong_u * (n_r + 1) + wrong_r].max(axis=1))


@dataclass(frozen=True, slots=True)
class _Order:
    unlearned_higher: Booleans
    unlearned_narrower: Booleans

    def of(self, row: int) -> _Order:
        return _Order(self.unlearned_higher[[row]], self.unlearned_narrower[[row]])


def _block_epsilons(u: Floats, r: Floats, search: _Search, thresholds: int) -> Floats:
    low = np.minimum(u.min(axis=0), r.min(axis=0))
    high = np.maximum(u.max(axis=0), r.max(axis=0))
    range_u, range_r = np.ptp(u, axis=0), np.ptp(r, axis=0)
    order = _Order(np.median(u, axis=0) >= np.median(r, axis=0), range_u <= range_r)
    # thresholds lie at the lower ends of the cells; the last cell holds the largest value alone
    cells = [equal_cells(side, low, high, thresholds - 1) for side in (u, r)]
    best = search.best((cells[0], cells[1]), order, thresholds)
    occupied = (count_in_cells(np.concatenate(cells), thresholds) > 0).sum(axis=1)
    for row in np.flatnonzero((best == _DISCARDED) | (occupied < _CROWDED * thresholds)):
        values, ranks = np.unique(np.concatenate([u[:, row], r[:, row]]), return_inverse=True)
        own = ranks[: len(u), None], ranks[len(u) :, None]
        best[row] = search.best(own, order.of(int(row)), len(values))[0]
    best[np.minimum(range_u, range_r) < PEAKY * np.maximum(range_u, range_r)] = EPSILON_CAP
    best[high == low] = 0.0
    return best


def _epsilon_table(n_u: int, n_r: int, delta: float) -> Floats:
    rates_u, rates_r = np.arange(n_u + 1) / n_u, np.arange(n_r + 1) / n_r
    return _epsilons(rates_u[:, None], rates_r[None, :], delta)


def _epsilons(one: Floats, other: Floats, delta: float) -> Floats:
    """Epsilon of two error rates in either order; _DISCARDED where exactly one of them is 0."""
    require_fraction(delta, "delta")
    one, other = np.broadcast_arrays(one, other)
    epsilon = np.zeros(one.shape)
    for kept, lost in ((1 - delta - one, other), (1 - delta - other, one)):
        known = (kept > 0) & (lost > 0)
        ratio = np.divide(kept, lost, out=np.ones(one.shape), where=known)
        epsilon = np.maximum(epsilon, np.log(ratio))
    epsilon[(one == 0) != (other == 0)] = _DISCARDED
    epsilon[(one == 0) & (other == 0)] = EPSILON_CAP
    return np.minimum(epsilon, EPSILON_CAP)


def _cumulative(counts: Integers) -> NDArray[np.int64]:
    """Models in cells before each cell and before the end, (rows, cells + 1)."""
    return np.concatenate([np.zeros((len(counts), 1), np.int64), counts.cumsum(axis=1)], axis=1)
