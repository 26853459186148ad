from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.membership import auc
from workbench.metrics.relative_membership import (
    dominated_share,
    log_ratios,
    offline_evidence,
    online_evidence,
)

P_TARGET, P_OUT, P_IN = np.log([0.9, 0.5]), np.log([[0.4, 0.45]]), np.log([[0.95, 0.6]])
Z_TARGET, Z_OUT = np.log([0.6, 0.7, 0.3, 0.8]), np.log([[0.5, 0.6, 0.35, 0.5]])
# whole log-ratios and gamma = e^k make exact ties common
whole = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=25)


def by_pairs(x, z, gamma):
    wins = np.subtract.outer(np.array(x), np.array(z)) > math.log(gamma)
    return wins.mean(axis=1)


@pytest.mark.parametrize(("gamma", "expected"), [(1.0, [1, 0.25]), (2.0, [0.25, 0])])
def test_known_offline_scores(gamma, expected):
    x = log_ratios(P_TARGET, offline_evidence(P_OUT, 0.33))
    z = log_ratios(Z_TARGET, offline_evidence(Z_OUT, 0.33))
    assert dominated_share(x, z, gamma) == pytest.approx(expected)


def test_known_online_ratios():
    evidence = online_evidence(np.concatenate([P_IN, P_OUT]), [[True, True], [False, False]])
    assert np.exp(log_ratios(P_TARGET, evidence)) == pytest.approx([1.3333333, 0.9523810])


@given(whole, whole, st.sampled_from([1.0, math.e, 1 / math.e, 2.0]))
def test_sorted_scores_equal_all_pairs_with_ties(x, z, gamma):
    assert np.array_equal(dominated_share(x, z, gamma), by_pairs(x, z, gamma))


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_sorted_scores_equal_all_pairs(gamma):
    generator = np.random.default_rng(1)
    x, z = generator.normal(size=50), generator.normal(size=40)
    assert np.array_equal(dominated_share(x, z, gamma), by_pairs(x, z, gamma))


def test_a_tie_at_gamma_does_not_count():
    assert dominated_share([1.0, 1.0 + 1e-12], [0.0], math.e).tolist() == [0, 1]
    assert dominated_share([0.5, 0.5], [0.5, 0.5], 1.0).tolist() == [0, 0]


@given(whole, whole)
def test_a_larger_gamma_never_raises_a_score(x, z):
    scores = [dominated_share(x, z, gamma) for gamma in (0.5, 1.0, 2.0, 8.0)]
    assert (np.diff(scores, axis=0) <= 0).all()


def test_evidence_matches_plain_probabilities():
    generator = np.random.default_rng(2)
    p = generator.uniform(0.01, 1, (6, 20))
    is_in = generator.permuted(np.arange(6)[:, None] % 2 == np.zeros(20), axis=0)
    mean_in, mean_out = (np.where(m, p, 0).sum(axis=0) / 3 for m in (is_in, ~is_in))
    assert online_evidence(np.log(p), is_in) == pytest.approx(np.log((mean_in + mean_out) / 2))
    for a in (0.0, 0.33, 1.0):
        expected = np.log(((1 + a) * mean_out + 1 - a) / 2)
        assert offline_evidence(np.log(p), a, is_in) == pytest.approx(expected)
        everyone = np.log(((1 + a) * p.mean(axis=0) + 1 - a) / 2)
        assert offline_evidence(np.log(p), a) == pytest.approx(everyone)


def test_losses_far_beyond_float64_probabilities_still_rank():
    log_p = np.full((2, 2), -5000.0)
    evidence = online_evidence(log_p, [[True, True], [False, False]])
    assert log_ratios([-5000.0, -4990.0], evidence) == pytest.approx([0, 10])
    assert offline_evidence(log_p, 1.0) == pytest.approx([-5000, -5000])


def test_blocks_change_nothing(monkeypatch):
    log_p = -np.random.default_rng(3).exponential(size=(5, 33))
    is_in = log_p < np.median(log_p, axis=0)
    whole_answers = offline_evidence(log_p), online_evidence(log_p, is_in)
    monkeypatch.setattr("workbench.metrics.arrays._HELD", 11)
    assert offline_evidence(log_p) == pytest.approx(whole_answers[0], rel=1e-12)
    assert online_evidence(log_p, is_in) == pytest.approx(whole_answers[1], rel=1e-12)


def test_calibration_by_one_reference_finds_what_the_raw_probability_misses():
    generator = np.random.default_rng(4)
    difficulty = generator.gamma(2.0, 2.0, 2000)
    noise = generator.normal(0, 0.3, (2, 2000))
    member = np.arange(2000) < 1000
    target = -np.logaddexp(0, np.log(difficulty) - member + noise[0])
    reference = -np.logaddexp(0, np.log(difficulty) + noise[1])[None]
    ratio = log_ratios(
        target, online_evidence(np.tile(reference, (2, 1)), [[True] * 2000, [False] * 2000])
    )
    scores = dominated_share(ratio, ratio[~member], 1.0)
    raw = auc(target[member], target[~member])
    assert auc(scores[member], scores[~member]) > raw + 0.05


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(Undefined, match="no reference model for row 1"):
        online_evidence(np.concatenate([P_IN, P_OUT]), [[True, True], [False, True]])
    with pytest.raises(Undefined, match="no log-probabilities"):
        offline_evidence(np.zeros((0, 3)))
    with pytest.raises(Undefined, match="no population"):
        dominated_share([1.0], [])
    with pytest.raises(Undefined, match="no log-ratios"):
        dominated_share([], [1.0])
    with pytest.raises(Undefined, match="in row 1"):
        log_ratios([-1.0, -math.inf], [-1.0, -1.0])
    with pytest.raises(ValueError, match="exceed 0"):
        offline_evidence([[0.1]])
    with pytest.raises(ValueError, match="exceed 0"):
        log_ratios([0.1], [0.0])
    with pytest.raises(ValueError, match="fraction"):
        offline_evidence(P_OUT, 1.5)
    with pytest.raises(ValueError, match="gamma"):
        dominated_share([1.0], [1.0], 0.0)
    with pytest.raises(ValueError, match="different shapes"):
        log_ratios(P_TARGET, [0.0])
