"""Exposure: how far a canary stands out among candidates that were never trained on.

Carlini et al. 2019 (arXiv:1802.08232).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from workbench.metrics.arrays import Floats, as_vector, count_below
from workbench.metrics.errors import Undefined


@dataclass(frozen=True, slots=True)
class Exposure:
    """`bits` of every canary (k,), from 0 up to `largest`, the most so many candidates can show.

    `expected` is the mean of a canary that is like any candidate, which is what erasure aims at.
    """

    bits: Floats
    largest: float
    expected: float


def exposure(canary_losses: ArrayLike, reference_losses: ArrayLike) -> Exposure:
    """log2 |R| - log2 rank of each canary (k,) by loss, 1 being the lowest.

    R is the canary itself with the `reference_losses` (n,) of random candidates of the same form.
    Candidates of equal loss share the middle of their ranks.
    """
    losses = as_vector(canary_losses, "canary losses")
    others = as_vector(reference_losses, "reference losses")
    candidates = len(others) + 1
    # equal ones are counted half already, so this is the average rank with the canary among them
    ranks = 1 + count_below(others, losses)
    largest = math.log2(candidates)
    return Exposure(largest - np.log2(ranks), largest, expected_exposure(candidates))


def expected_exposure(candidates: int) -> float:
    """Mean exposure, in bits, when every rank is equally likely and no losses are equal.

    log2 n - log2(n!) / n, which rises to 1 / ln 2 = 1.4427 for many candidates.
    """
    if candidates < 1:
        raise Undefined("There are no candidates to rank.")
    return (math.log(candidates) - float(special.gammaln(candidates + 1)) / candidates) / math.log(
        2
    )
