"""What follows from an event that never occurred: exact limits with closed forms.

Clopper and Pearson 1934 at zero hits. Free of scipy, as the window asks while a plan is edited.
"""

from __future__ import annotations

import math

LEVEL = 0.95
DELTA = 1e-5


def highest_rate_unseen(n: int, level: float = LEVEL) -> float:
    """The highest rate of an event that did not occur in n >= 1 trials, at confidence `level`."""
    return -math.expm1(math.log1p(-level) / n)


def trials_needed(rate: float, level: float = LEVEL) -> int:
    """Trials without the event that it takes to state a rate of at most `rate`, 0 < rate < 1."""
    return math.ceil(math.log1p(-level) / math.log1p(-rate))


def perfect_attack_epsilon(
    n_members: int, n_non_members: int, *, delta: float = DELTA, level: float = LEVEL
) -> float:
    """`bounds.epsilon_lower_bound` of an attack that is never wrong; more is an artefact."""
    one_sided = (1 + level) / 2
    fnr = highest_rate_unseen(n_members, one_sided)
    fpr = highest_rate_unseen(n_non_members, one_sided)
    pairs = ((1 - delta - fpr, fnr), (1 - delta - fnr, fpr))
    return max([0.0] + [math.log(kept / error) for kept, error in pairs if kept > 0])
