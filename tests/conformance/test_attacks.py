"""Every built-in attack: unbiased without a leak, right with one, and blind to batching."""

from __future__ import annotations

from math import log
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.core.vocabulary import PluginKind
from workbench.metrics.membership import auc
from workbench.plugin_api import RowOutputs
from workbench.registry import Origin, Registry

REGISTRY = Registry.discover()
ATTACKS = [
    one.id
    for one in REGISTRY.contributions(PluginKind.ATTACK)
    if one.plugin.origin is Origin.BUILTIN
]
every_attack = pytest.mark.parametrize("attack", ATTACKS)


def outputs_of(logits: Any, targets: Any) -> RowOutputs:
    """Outputs with the cross-entropy that belongs to them, computed without our metrics."""
    z, y = np.asarray(logits, dtype=np.float64), np.asarray(targets, dtype=np.int64)
    loss = np.logaddexp.reduce(z, axis=1) - z[np.arange(len(y)), y]
    return RowOutputs(rows=np.arange(len(y)), logits=z, targets=y, loss=loss)


def part(outputs: RowOutputs, rows: NDArray[np.int64]) -> RowOutputs:
    return RowOutputs(
        outputs.rows[rows], outputs.logits[rows], outputs.targets[rows], outputs.loss[rows]
    )


def scores(attack: str, outputs: RowOutputs) -> NDArray[np.float64]:
    one = REGISTRY.get(PluginKind.ATTACK, attack)
    result: NDArray[np.float64] = one.load().scores(outputs, one.parse_params({}))
    return result


def a_model(generator: np.random.Generator, n: int, classes: int = 5) -> RowOutputs:
    """A model that is right more often than not, and equally sure of all rows."""
    targets = generator.integers(classes, size=n)
    logits = generator.normal(size=(n, classes))
    logits[np.arange(n), targets] += 1.0
    return outputs_of(logits, targets)


def test_there_are_attacks_to_check() -> None:
    assert {"loss", "confidence", "entropy", "modified-entropy", "margin"} <= set(ATTACKS)


@every_attack
def test_scores_are_one_finite_number_a_row(attack: str) -> None:
    result = scores(attack, a_model(np.random.default_rng(0), 37))
    assert result.shape == (37,)
    assert result.dtype == np.float64
    assert np.isfinite(result).all()


@every_attack
def test_exchangeable_rows_cannot_be_told_apart(attack: str) -> None:
    """Without a leak the rank test keeps its 5 % level, and its AUC is unbiased."""
    n, repeats = 40, 400
    generator = np.random.default_rng(1)
    areas = []
    for _ in range(repeats):
        result = scores(attack, a_model(generator, 2 * n))
        areas.append(auc(result[:n], result[n:]))
    deviation = np.sqrt((2 * n + 1) / (12 * n * n))
    assert np.mean(areas) == pytest.approx(0.5, abs=4 * deviation / np.sqrt(repeats))
    false_alarms = np.mean(np.abs(np.array(areas) - 0.5) > 1.96 * deviation)
    assert 0.02 < false_alarms < 0.08


@every_attack
def test_a_planted_leak_is_found_with_the_right_sign(attack: str) -> None:
    """Members are like the others, but the model is surer of their class."""
    outputs = a_model(np.random.default_rng(2), 1000)
    logits = outputs.logits.copy()
    members = np.arange(500)
    logits[members, outputs.targets[members]] += 2.0
    result = scores(attack, outputs_of(logits, outputs.targets))
    assert auc(result[:500], result[500:]) > 0.7


@every_attack
def test_no_row_depends_on_another(attack: str) -> None:
    generator = np.random.default_rng(3)
    outputs = a_model(generator, 60)
    whole = scores(attack, outputs)

    order = generator.permutation(60)
    np.testing.assert_array_equal(scores(attack, part(outputs, order)), whole[order])
    for size in (1, 7):
        pieces = [
            scores(attack, part(outputs, np.arange(start, min(start + size, 60))))
            for start in range(0, 60, size)
        ]
        np.testing.assert_array_equal(np.concatenate(pieces), whole)


@every_attack
def test_the_outputs_stay_as_they_were(attack: str) -> None:
    outputs = a_model(np.random.default_rng(4), 20)
    before = (outputs.logits.copy(), outputs.targets.copy(), outputs.loss.copy())
    scores(attack, outputs)
    for array, copy in zip((outputs.logits, outputs.targets, outputs.loss), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("attack", ["margin", "modified-entropy"])
def test_rows_whose_probability_rounds_to_one_stay_apart(attack: str) -> None:
    result = scores(attack, outputs_of([[40.0, 0.0], [50.0, 0.0], [60.0, 0.0]], [0, 0, 0]))
    assert np.isfinite(result).all()
    assert result[0] < result[1] < result[2]


@pytest.mark.parametrize(
    ("attack", "target", "expected"),
    [
        ("loss", 0, log(0.7)),
        ("loss", 2, log(0.1)),
        ("confidence", 0, 0.7),
        ("confidence", 1, 0.2),
        ("entropy", 0, 0.7 * log(0.7) + 0.2 * log(0.2) + 0.1 * log(0.1)),
        ("entropy", 2, -0.8018185525433373),
        ("modified-entropy", 0, -0.1621672450),
        ("modified-entropy", 1, -2.1408673445),
        ("modified-entropy", 2, -2.9597362560),
        ("margin", 0, log(0.7 / 0.3)),
        ("margin", 2, log(0.1 / 0.9)),
    ],
)
def test_known_values(attack: str, target: int, expected: float) -> None:
    """The probabilities (.7, .2, .1), worked out by hand from the definitions."""
    outputs = outputs_of(np.log([[0.7, 0.2, 0.1]]), [target])
    assert scores(attack, outputs)[0] == pytest.approx(expected, abs=1e-9)
