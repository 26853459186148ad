from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from workbench.metrics import Undefined
from workbench.metrics.fitted_attacks import logistic_member_rate, svc_non_member_rate
from workbench.metrics.statistics import clopper_pearson


def sides(seed, n=400, gap=3.0):
    generator = np.random.default_rng(seed)
    return generator.normal(size=n) + gap, generator.normal(size=n)


@pytest.mark.parametrize(
    ("attack", "of_members"), [(svc_non_member_rate, 0), (logistic_member_rate, 1)]
)
def test_verdicts_follow_the_side_the_forget_rows_come_from(attack, of_members):
    members, non_members = sides(1)
    like_members, like_others = sides(2, 200)
    assert attack(members, non_members, like_members).rate == pytest.approx(of_members, abs=0.15)
    assert attack(members, non_members, like_others).rate == pytest.approx(1 - of_members, abs=0.15)


def test_logistic_threshold_lies_between_equal_normals():
    members, non_members = sides(3, 2500, gap=2.0)
    grid = np.linspace(-3, 5, 801)
    found = logistic_member_rate(members, non_members, grid).rate
    assert found == pytest.approx((grid > 1).mean(), abs=0.02)
    forget, _ = sides(4, 4000, gap=2.0)
    assert logistic_member_rate(members, non_members, forget).rate == pytest.approx(
        norm.cdf(1), abs=0.03
    )


def test_the_two_names_point_in_opposite_directions():
    members, non_members = sides(5)
    forget = np.linspace(-3, 6, 300)
    non_member = svc_non_member_rate(members, non_members, forget)
    member = logistic_member_rate(members, non_members, forget)
    assert non_member.rate + member.rate == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("attack", [svc_non_member_rate, logistic_member_rate])
def test_the_training_sample_is_balanced_shuffled_and_bounded(attack):
    generator = np.random.default_rng(6)
    members, non_members = generator.normal(size=40_000) + 1, generator.normal(size=3000)
    result = attack(members, non_members[:300], [0.5])
    assert result.per_side == 300
    # an ordered feature would hide the second half of it if rows were not drawn at random
    ordered = attack(np.sort(members), non_members[:300], np.linspace(-3, 4, 100))
    mixed = attack(members, non_members[:300], np.linspace(-3, 4, 100))
    assert ordered.rate == pytest.approx(mixed.rate, abs=0.15)


def test_at_most_five_thousand_rows_train():
    members, non_members = sides(7, 6000)
    assert logistic_member_rate(members, non_members, [0.0]).per_side == 2500


@given(st.integers(0, 20))
def test_a_seed_repeats_itself(seed):
    members, non_members = sides(8, 30, gap=0.5)
    forget = np.linspace(-2, 2, 20)
    first = svc_non_member_rate(members, non_members, forget, seed=seed)
    assert svc_non_member_rate(members, non_members, forget, seed=seed) == first
    assert first.rate == first.k / first.n
    assert first.interval == clopper_pearson(first.k, first.n)


def test_a_constant_feature_gives_one_verdict_for_all():
    result = svc_non_member_rate(np.ones(10), np.ones(10), np.ones(5))
    assert result.rate in (0.0, 1.0)


@pytest.mark.parametrize("attack", [svc_non_member_rate, logistic_member_rate])
def test_faulty_input_is_refused(attack):
    with pytest.raises(Undefined, match="two members"):
        attack([1.0], [1.0, 2.0], [1.0])
    with pytest.raises(Undefined, match="no forget"):
        attack([1.0, 2.0], [0.0, 1.0], [])
    with pytest.raises(Undefined, match="row 1"):
        attack([1.0, np.inf], [0.0, 1.0], [1.0])
    with pytest.raises(ValueError, match="shape"):
        attack([[1.0]], [0.0, 1.0], [1.0])
