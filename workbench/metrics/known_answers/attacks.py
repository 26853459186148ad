"""Membership inference, and distances of many models to many."""

from __future__ import annotations

import numpy as np

from workbench.metrics import (
    exposure,
    klom,
    likelihood_ratio,
    membership,
    reference_attacks,
    relative_membership,
)
from workbench.metrics.arrays import Floats
from workbench.metrics.known_answers.question import Question

_MEMBERS = (0.9, 0.8, 0.7, 0.55, 0.4)
_NON_MEMBERS = (0.6, 0.5, 0.4, 0.3, 0.2, 0.1)

_IN = np.array([[2, 2.5, 3, 3.5], [1, 1.5, 1, 2.5]]).T
_OUT = np.array([[0, 0.5, 1, 1.5], [0.5, 0.5, 0, 1]]).T
_SHADOW = np.concatenate([_IN, _OUT])
_IS_IN = np.repeat([[True, True], [False, False]], 4, axis=0)
_FIRST = slice(0, 1)

_X, _X_IN, _X_OUT = np.log([0.9, 0.5]), np.log([[0.95, 0.6]]), np.log([[0.4, 0.45]])
_Z, _Z_OUT = np.log([0.6, 0.7, 0.3, 0.8]), np.log([[0.5, 0.6, 0.35, 0.5]])
_ONLINE = np.array([[True, True], [False, False]])

_MARGINS_UNLEARNED = np.array([[1, 1.2, 1.4, 2, 2.2, 2.4, 3, 3.2]]).T
_MARGINS_RETRAINED = np.array([[0.5, 0.8, 1.1, 1.3, 1.9, 2.1, 2.3, 2.9]]).T
_POPULATION = (0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5)


def _delong_interval() -> tuple[float, float]:
    _, interval = membership.delong_interval(_MEMBERS, _NON_MEMBERS)
    return interval.low, interval.high


def _offline_rmia(gamma: float) -> Floats:
    x, z = (
        relative_membership.log_ratios(target, relative_membership.offline_evidence(out, 0.33))
        for target, out in ((_X, _X_OUT), (_Z, _Z_OUT))
    )
    return relative_membership.dominated_share(x, z, gamma)


def _online_ratios() -> Floats:
    models = np.concatenate([_X_IN, _X_OUT])
    evidence = relative_membership.online_evidence(models, _ONLINE)
    return np.exp(relative_membership.log_ratios(_X, evidence))


QUESTIONS = (
    Question("AUC", lambda: membership.auc(_MEMBERS, _NON_MEMBERS), 0.8833333333, id="K1"),
    Question(
        "DeLong variance",
        lambda: membership.delong_variance(_MEMBERS, _NON_MEMBERS),
        0.0109444444,
        id="K2",
    ),
    Question("DeLong interval, logit scale", _delong_interval, (0.5086857, 0.9822597), id="K4"),
    Question(
        "true positive rate at false positive rates 0 and 1/6",
        lambda: [membership.tpr_at_fpr(_MEMBERS, _NON_MEMBERS, r).tpr for r in (0.0, 1 / 6)],
        (0.6, 0.8),
        id="K6",
    ),
    Question(
        "advantage", lambda: membership.advantage(_MEMBERS, _NON_MEMBERS), 0.6333333333, id="K7"
    ),
    Question(
        "online likelihood ratio",
        lambda: likelihood_ratio.online_lira(
            [2.6], _SHADOW[:, _FIRST], _IS_IN[:, _FIRST], "per-row"
        ),
        5.44,
        id="H1",
    ),
    Question(
        "posterior of having been unlearned",
        lambda: likelihood_ratio.unlearning_posterior(
            [2.6], _IN[:, _FIRST], _OUT[:, _FIRST], "per-row"
        ),
        0.9956792665,
        id="H3",
    ),
    Question(
        "pooled deviation, in and out",
        lambda: [
            likelihood_ratio.fit_gaussians(side, variance="pooled").sigma[0] for side in (_IN, _OUT)
        ],
        (0.5863019700, 0.4677071733),
        id="W",
    ),
    Question(
        "online likelihood ratio, pooled",
        lambda: likelihood_ratio.online_lira([2.6, 0.7], _SHADOW, _IS_IN, "pooled"),
        (7.56413731, -1.06547308),
        id="W2",
    ),
    Question("relative membership, gamma 1", lambda: _offline_rmia(1.0), (1, 0.25), id="I"),
    Question("relative membership, gamma 2", lambda: _offline_rmia(2.0), (0.25, 0), id="I"),
    Question("relative membership, online", _online_ratios, (1.3333333, 0.9523810), id="I4"),
    Question(
        "population attack",
        lambda: reference_attacks.population_attack([0.2, 0.7, 2.0], _POPULATION),
        (0.875, 0.5625, 0),
        id="V1",
    ),
    Question(
        "divergence of margins",
        lambda: klom.klom_by_row(_MARGINS_UNLEARNED, _MARGINS_RETRAINED),
        7.0751729407,
        id="J1",
    ),
    Question(
        "exposure of an erased canary, bits",
        lambda: exposure.expected_exposure(10**7),
        1 / np.log(2),
        tolerance=1e-5,
    ),
)
