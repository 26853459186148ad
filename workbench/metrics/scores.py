"""Per-row quantities from logits, in the log domain: nothing is read off a rounded softmax.

Every function takes logits (n, C) of any float type and returns one float64 per row unless said
otherwise. Undefined: no rows, fewer than two classes, NaN or infinite logits (rows are named).
Threshold attacks orient these so that larger is more member-like: minus the loss, the confidence,
minus the entropy, minus the modified entropy, the margin (Yeom et al. 2018, arXiv:1709.01604;
Salem et al. 2019, arXiv:1806.01246; Song and Mittal 2021, arXiv:2003.10595).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import (
    Floats,
    Integers,
    Reals,
    as_any_logits,
    as_targets,
    row_blocks,
)

_TEMPORARIES = 6  # matrices as large as the logits that a formula holds at once


def predictions(logits: ArrayLike) -> Integers:
    """Predicted class of each row (n,); ties go to the lowest class id."""
    return np.asarray(as_any_logits(logits).argmax(axis=1))


def log_probabilities(logits: ArrayLike) -> Floats:
    """Natural logarithm of the softmax, (n, C)."""
    z = as_any_logits(logits)
    return _by_blocks(_log_softmax, np.empty(z.shape), z)


def margin(logits: ArrayLike, targets: ArrayLike) -> Floats:
    """Logit of p_y, ln p_y - ln(1 - p_y), as z_y - logsumexp of the other logits.

    The logit-scaled confidence of Carlini et al. 2022 (arXiv:2112.03570).
    """
    z = as_any_logits(logits)
    return _by_blocks(_margin, np.empty(len(z)), z, as_targets(targets, z))


def cross_entropy(logits: ArrayLike, targets: ArrayLike) -> Floats:
    """-ln p_y in nats. Exact down to losses far below the resolution of 1 - p_y."""
    return np.logaddexp(0.0, -margin(logits, targets))


def confidence(logits: ArrayLike, targets: ArrayLike) -> Floats:
    """p_y, the probability of the labelled class."""
    return np.exp(-cross_entropy(logits, targets))


def max_confidence(logits: ArrayLike) -> Floats:
    """Largest class probability; needs no label."""
    z = as_any_logits(logits)
    return _by_blocks(_max_confidence, np.empty(len(z)), z)


def entropy(logits: ArrayLike) -> Floats:
    """-sum_i p_i ln p_i in nats."""
    z = as_any_logits(logits)
    return _by_blocks(_entropy, np.empty(len(z)), z)


def modified_entropy(logits: ArrayLike, targets: ArrayLike) -> Floats:
    """-(1 - p_y) ln p_y - sum_{i != y} p_i ln(1 - p_i), small for confident correct rows.

    Song and Mittal 2021 (arXiv:2003.10595).
    """
    z = as_any_logits(logits)
    return _by_blocks(_modified_entropy, np.empty(len(z)), z, as_targets(targets, z))


def _by_blocks(
    formula: Callable[..., Floats], out: Floats, logits: Reals, *labels: Integers
) -> Floats:
    """Write formula(logits, *labels) into `out`, row by row the same, in bounded memory."""
    for block in row_blocks(len(logits), _TEMPORARIES * logits.shape[1]):
        z = logits[block].astype(np.float64, copy=False)
        out[block] = formula(z, *(y[block] for y in labels))
    return out


def _max_confidence(z: Floats) -> Floats:
    return np.asarray(np.exp(_log_softmax(z).max(axis=1)))


def _entropy(z: Floats) -> Floats:
    log_p = _log_softmax(z)
    return np.asarray(np.abs((np.exp(log_p) * log_p).sum(axis=1)))


def _modified_entropy(z: Floats, y: Integers) -> Floats:
    log_p = _log_softmax(z)
    log_rest = _log_complement(z, log_p)
    rows = np.arange(len(z))
    terms = np.exp(log_p) * log_rest
    terms[rows, y] = np.exp(log_rest[rows, y]) * log_p[rows, y]
    return np.asarray(np.abs(terms.sum(axis=1)))


def _log_softmax(z: Floats) -> Floats:
    rows = np.arange(len(z))
    top = z.argmax(axis=1)
    shifted = z - z[rows, top][:, None]
    others = np.exp(shifted)
    others[rows, top] = 0.0
    # log1p keeps the digits of ln p near 0 that 1 + (a tiny sum) would round away
    return np.asarray(shifted - np.log1p(others.sum(axis=1))[:, None])


def _log_complement(z: Floats, log_p: Floats) -> Floats:
    """ln(1 - p_i) for every class, (n, C)."""
    rows = np.arange(len(z))
    top = z.argmax(axis=1)
    p = np.exp(log_p)
    p[rows, top] = 0.0  # the only class whose p may round to 1
    complement = np.log1p(-p)
    complement[rows, top] = log_p[rows, top] - _margin(z, top)
    return complement


def _margin(z: Floats, y: Integers) -> Floats:
    rows = np.arange(len(z))
    others = z.copy()
    others[rows, y] = -np.inf
    highest = others.max(axis=1)
    log_sum = highest + np.log(np.exp(others - highest[:, None]).sum(axis=1))
    return np.asarray(z[rows, y] - log_sum)
