"""Attacks that compare a row with a population or with models that never saw it.

Attack-P and attack-R are those of Ye et al. 2022 (arXiv:2111.09679). Losses are of the audited
model, in nats; scores lie in [0, 1] and a larger one is more member-like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import (
    Booleans,
    Floats,
    ModelRows,
    as_labelled,
    as_mask,
    as_model_rows,
    as_vector,
    count_below,
    name_rows,
)
from workbench.metrics.errors import Undefined

FEWEST_OF_CLASS = 50  # rows of a class below which it is compared with the whole population
FEWEST_REFERENCES = 8


@dataclass(frozen=True, slots=True)
class ByClass:
    """Scores (n,), and the classes too rare in the population to have been compared within."""

    scores: Floats
    pooled_classes: tuple[int, ...]


def population_attack(losses: ArrayLike, population: ArrayLike) -> Floats:
    """Attack-P: share of population losses (m,) above each loss (n,), ties counted half.

    Calling scores >= 1 - f members has a false positive rate near f on that population, so the
    rows that judge the attack must be others.
    """
    ell, others = as_vector(losses, "losses"), as_vector(population, "population losses")
    return 1 - count_below(others, ell) / len(others)


def population_attack_by_class(
    losses: ArrayLike, labels: ArrayLike, population: ArrayLike, population_labels: ArrayLike
) -> ByClass:
    """Attack-P within the class of each row; labels (n,) and (m,).

    A class with fewer than 50 population rows is compared with the whole population and named.
    """
    ell, classes = as_labelled(losses, labels, "losses")
    others, other_classes = as_labelled(population, population_labels, "population losses")
    scores, pooled = population_attack(ell, others), []
    for label in np.unique(classes):
        same = others[other_classes == label]
        if len(same) < FEWEST_OF_CLASS:
            pooled.append(int(label))
        else:
            of_class = classes == label
            scores[of_class] = population_attack(ell[of_class], same)
    return ByClass(scores, tuple(pooled))


def reference_attack(
    losses: ArrayLike, references: ArrayLike, is_in: ArrayLike | None = None
) -> Floats:
    """Attack-R: share of reference models whose loss of a row is above the audited model's.

    Ties count half. `references` are losses (models, rows); models that `is_in` (models, rows)
    marks as trained with a row are left out for it. Undefined below 8 models for a row, since
    scores come in steps of one over their number.
    """
    ell, others, used = _against_references(losses, references, is_in)
    models = used.sum(axis=0, dtype=float)
    if models.min() < FEWEST_REFERENCES:
        where = name_rows(np.flatnonzero(models < FEWEST_REFERENCES))
        raise Undefined(f"Fewer than {FEWEST_REFERENCES} reference models never saw {where}.")
    above = (others > ell) & used
    tied = (others == ell) & used
    return np.asarray((above.sum(axis=0) + 0.5 * tied.sum(axis=0)) / models)


def calibrated_loss(
    losses: ArrayLike, references: ArrayLike, is_in: ArrayLike | None = None
) -> Floats:
    """Soft attack-R: mean reference loss minus the audited model's, in nats, (rows,).

    Watson et al. 2022 (arXiv:2111.08440). Inputs as in `reference_attack`; one model will do.
    """
    ell, others, used = _against_references(losses, references, is_in)
    models = used.sum(axis=0, dtype=float)
    if not models.all():
        where = name_rows(np.flatnonzero(models == 0))
        raise Undefined(f"No reference model is without {where}.")
    return np.asarray(others.sum(axis=0, dtype=float, where=used) / models - ell)


def gap_attack(members_correct: ArrayLike, non_members_correct: ArrayLike) -> float:
    """Balanced accuracy of calling rows members if they are classified correctly.

    1/2 + (accuracy of members - accuracy of non-members) / 2, from booleans (m,) and (n,).
    Yeom et al. 2018 (arXiv:1709.01604).
    """
    rates = []
    for correct in (members_correct, non_members_correct):
        hits = np.asarray(correct)
        if hits.ndim != 1 or (hits.size and hits.dtype != np.bool_):
            raise ValueError(f"correctness needs booleans (rows,), got {hits.dtype} {hits.shape}")
        if not hits.size:
            raise Undefined("There are no rows to compute from.")
        rates.append(float(hits.mean()))
    return 0.5 + (rates[0] - rates[1]) / 2


def _against_references(
    losses: ArrayLike, references: ArrayLike, is_in: ArrayLike | None
) -> tuple[Floats, ModelRows, Booleans]:
    ell, others = as_vector(losses, "losses"), as_model_rows(references, "reference losses")
    if others.shape[1] != len(ell):
        raise ValueError(f"{len(ell)} losses do not fit reference losses {others.shape}")
    if is_in is None:
        return ell, others, np.ones(others.shape, dtype=bool)
    return ell, others, ~as_mask(is_in, others, "in-mask")
