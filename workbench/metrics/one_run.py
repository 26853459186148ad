"""Privacy audit from one training run with canaries (Steinke, Nasr and Jagielski 2023).

Each of m canaries enters the training set by its own fair coin. The auditor scores all of them,
guesses "in" for the highest scores and "out" for the lowest, and abstains on the rest; many right
guesses refute differential privacy with a small epsilon (arXiv:2305.08846). In a deletion audit
all canaries are unlearned before they are scored, and nothing should be left to guess from. The
numbers of guesses must be fixed before the scores are seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from workbench.metrics.arrays import (
    Floats,
    Integers,
    as_mask,
    as_vector,
    require_fraction,
    require_level,
)
from workbench.metrics.errors import Undefined
from workbench.metrics.statistics import clopper_pearson_lower

GUESSED_SHARE = 0.1  # of the canaries, for "in" and for "out" each


@dataclass(frozen=True, slots=True)
class Guesses:
    """`correct` of `made` guesses about `canaries` were right."""

    canaries: int
    made: int
    correct: int


@dataclass(frozen=True, slots=True)
class OneRunAudit:
    """`epsilon` is refuted at confidence `level`: the run leaks at least so much; 0 if nothing is.

    `p_value` is that of perfect privacy, epsilon 0.
    """

    guesses: Guesses
    epsilon: float
    p_value: float
    delta: float
    level: float


def audit(
    scores: ArrayLike,
    included: ArrayLike,
    *,
    guess_in: int | None = None,
    guess_out: int | None = None,
    delta: float = 1e-5,
    level: float = 0.95,
    seed: int = 0,
) -> OneRunAudit:
    """Audit from canary scores (m,) and their coins (m,), by default with 10 % guesses each way."""
    made = guess(scores, included, guess_in=guess_in, guess_out=guess_out, seed=seed)
    return OneRunAudit(
        guesses=made,
        epsilon=epsilon_lower_bound(made, delta=delta, level=level),
        p_value=p_value(made, 0.0, delta=delta),
        delta=delta,
        level=level,
    )


def guess(
    scores: ArrayLike,
    included: ArrayLike,
    *,
    guess_in: int | None = None,
    guess_out: int | None = None,
    seed: int = 0,
) -> Guesses:
    """Count right guesses; equal scores are put in a random order that knows no coin."""
    x = as_vector(scores, "canary scores")
    coins = as_mask(included, x, "coins")
    m = len(x)
    default = max(1, round(GUESSED_SHARE * m))
    n_in = default if guess_in is None else guess_in
    n_out = default if guess_out is None else guess_out
    if min(n_in, n_out) < 0 or n_in + n_out < 1:
        raise ValueError(f"at least one guess is needed, got {n_in} in and {n_out} out")
    if n_in + n_out > m:
        raise Undefined(f"{n_in + n_out} guesses need as many canaries; there are {m}.")
    ties = np.random.Generator(np.random.PCG64(seed)).random(m)
    order = np.lexsort((ties, x))
    right = int(coins[order[m - n_in :]].sum()) + int((~coins[order[:n_out]]).sum())
    return Guesses(m, n_in + n_out, right)


def p_value(guesses: Guesses, epsilon: float, *, delta: float = 1e-5) -> float:
    """Largest probability of so many right guesses under (epsilon, delta) differential privacy.

    f(v) + 2 m delta max_i (f(v - i) - f(v)) / i over 1 <= i <= v, at most 1, where f(j) is the
    probability of j right guesses or more when each is right with e^epsilon / (1 + e^epsilon).
    """
    require_fraction(delta, "delta")
    m, r, v = _checked(guesses)
    if not epsilon >= 0:
        raise ValueError(f"epsilon cannot be negative, got {epsilon}")
    right = float(special.expit(epsilon))
    at_least = _at_least(np.arange(v + 1), r, right)
    if delta == 0 or v == 0:
        return float(at_least[-1])
    gains = (at_least[:-1] - at_least[-1]) / np.arange(v, 0, -1)
    return min(1.0, float(at_least[-1] + 2 * m * delta * gains.max()))


def epsilon_lower_bound(guesses: Guesses, *, delta: float = 1e-5, level: float = 0.95) -> float:
    """Largest epsilon whose p-value is below 1 - level; 0 if not even epsilon 0 is refuted."""
    require_level(level)
    _, r, v = _checked(guesses)
    alpha = 1 - level

    def excess(epsilon: float) -> float:
        return p_value(guesses, epsilon, delta=delta) - alpha

    if excess(0.0) >= 0:
        return 0.0
    # without delta the bound is an exact binomial limit, and a delta can only lower it
    highest = float(special.logit(clopper_pearson_lower(v, r, level)))
    if delta == 0 or excess(highest) <= 0:
        return highest
    from scipy import optimize  # slow to import, and seldom needed

    return float(optimize.bisect(excess, 0.0, highest, xtol=1e-12))


def _checked(guesses: Guesses) -> tuple[int, int, int]:
    m, r, v = guesses.canaries, guesses.made, guesses.correct
    if not 0 <= v <= r <= m:
        raise ValueError(f"{v} right of {r} guesses about {m} canaries cannot be")
    if r == 0:
        raise Undefined("No guess was made.")
    return m, r, v


def _at_least(counts: Integers, n: int, p: float) -> Floats:
    """P(Bin(n, p) >= count) of every count."""
    return np.asarray(special.bdtrc(counts - 1, n, p))
