from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from workbench.metrics import Undefined
from workbench.metrics.likelihood_ratio import (
    fit_gaussians,
    offline_lira,
    online_lira,
    unlearning_log_odds,
    unlearning_posterior,
)
from workbench.metrics.membership import auc, tpr_at_fpr

IN = [[2, 1], [2.5, 1.5], [3, 1], [3.5, 2.5]]
OUT = [[0, 0.5], [0.5, 0.5], [1, 0], [1.5, 1]]
SHADOW = np.array(IN + OUT)
IS_IN = np.array([[True, True]] * 4 + [[False, False]] * 4)
variances = st.sampled_from(["auto", "per-row", "pooled", "shrunken"])


def shadows(seed, models=16, rows=30):
    """Confidences of models that each trained on a random half of the rows."""
    generator = np.random.default_rng(seed)
    is_in = generator.permuted(np.arange(models)[:, None] % 2 == np.zeros(rows), axis=0)
    level, spread = generator.normal(size=rows), generator.uniform(0.5, 2, rows)
    return level + spread * generator.normal(size=(models, rows)) + is_in, is_in


def test_known_online_ratio_and_posterior():
    ratio = online_lira([2.6], SHADOW[:, :1], IS_IN[:, :1], "per-row")
    assert ratio == pytest.approx([5.44])
    sides = np.array(IN)[:, :1], np.array(OUT)[:, :1]
    assert unlearning_log_odds([2.6], *sides, "per-row") == pytest.approx([5.44])
    assert unlearning_posterior([2.6], *sides, "per-row") == pytest.approx([0.9956792665])


def test_known_pooled_deviation_and_ratio():
    assert fit_gaussians(IN, variance="pooled").sigma == pytest.approx([0.5863019700] * 2)
    assert fit_gaussians(SHADOW, ~IS_IN, "pooled").sigma == pytest.approx([0.4677071733] * 2)
    ratios = online_lira([2.6, 0.7], SHADOW, IS_IN)
    assert ratios == pytest.approx([7.56413731, -1.06547308], abs=1e-8)


def test_rows_match_a_loop_over_scipy_densities():
    shadow, is_in = shadows(1)
    seen = np.random.default_rng(2).normal(size=30)
    ratios = online_lira(seen, shadow, is_in, "per-row")
    standard = offline_lira(seen, shadow, is_in, "per-row")
    for row in range(30):
        with_row, without = shadow[is_in[:, row], row], shadow[~is_in[:, row], row]
        high = norm(with_row.mean(), with_row.std()).logpdf(seen[row])
        low = norm(without.mean(), without.std()).logpdf(seen[row])
        assert ratios[row] == pytest.approx(high - low)
        assert standard[row] == pytest.approx((seen[row] - without.mean()) / without.std())


def test_auto_trusts_a_row_alone_from_64_models_a_side_on():
    for models, chosen in ((126, "pooled"), (128, "per-row")):
        shadow, is_in = shadows(3, models)
        seen = shadow[0]
        automatic = online_lira(seen, shadow, is_in)
        assert np.array_equal(automatic, online_lira(seen, shadow, is_in, chosen))
        assert (np.ptp(fit_gaussians(shadow, is_in).sigma) > 0) == (chosen == "per-row")
    is_in[0, 5] ^= True  # 63 models on one side of one row
    lopsided = online_lira(seen, shadow, is_in)
    assert np.array_equal(lopsided, online_lira(seen, shadow, is_in, "pooled"))


def test_shrinkage_lies_between_own_and_pooled_variance():
    shadow, _ = shadows(4, models=5)
    own = shadow.var(axis=0, ddof=1)
    shrunken = fit_gaussians(shadow, variance="shrunken").sigma ** 2
    assert shrunken == pytest.approx((8 * own.mean() + 4 * own) / 12)
    single = np.ones(shadow.shape, dtype=bool)
    single[1:, 0] = False
    of_one = fit_gaussians(shadow, single, "shrunken").sigma[0] ** 2
    assert of_one == pytest.approx(own[1:].mean())


def test_shrinkage_beats_both_extremes_with_four_models():
    generator = np.random.default_rng(5)
    rows, sigma = 4000, np.exp(generator.normal(0, 0.4, 4000))
    shadow = sigma * generator.normal(size=(4, rows))
    errors = {
        how: np.abs(np.log(fit_gaussians(shadow, variance=how).sigma / sigma)).mean()
        for how in ("per-row", "pooled", "shrunken")
    }
    assert errors["shrunken"] < min(errors["per-row"], errors["pooled"])


def test_scores_reach_neyman_and_pearson_on_gaussians():
    generator = np.random.default_rng(6)
    models, rows = 257, 8000
    level, spread = generator.normal(0, 3, rows), generator.uniform(0.5, 3, rows)
    is_in = generator.random((models, rows)) < 0.5
    values = level + spread * (generator.normal(size=(models, rows)) + is_in)
    seen, shadow, member = values[0], values[1:], is_in[0]
    ratio = online_lira(seen, shadow, is_in[1:])
    best = norm.logpdf(seen, level + spread, spread) - norm.logpdf(seen, level, spread)
    for scores in (ratio, offline_lira(seen, shadow, is_in[1:])):
        area = auc(scores[member], scores[~member])
        error = math.sqrt(1 / (12 * rows / 4))
        assert area == pytest.approx(0.7602499, abs=4 * error)
        assert area == pytest.approx(auc(best[member], best[~member]), abs=0.01)
    at = tpr_at_fpr(ratio[member], ratio[~member], 0.1).tpr
    assert at == pytest.approx(0.3891437, abs=0.04)
    # the raw confidence mixes rows of different level and spread
    assert auc(seen[member], seen[~member]) < 0.7


@given(variances, st.floats(-50, 50), st.integers(0, 5))
def test_adding_a_constant_to_all_models_changes_nothing(variance, constant, seed):
    shadow, is_in = shadows(seed)
    seen = shadow[0]
    for lira in (online_lira, offline_lira):
        assert lira(seen + constant, shadow + constant, is_in, variance) == pytest.approx(
            lira(seen, shadow, is_in, variance), abs=1e-9
        )


def test_offline_ranks_like_its_distribution_function_without_saturating():
    shadow, is_in = shadows(7)
    seen = np.linspace(-4, 6, 30)
    standard = offline_lira(seen, shadow, is_in)
    assert np.array_equal(rankdata(standard), rankdata(norm.cdf(standard)))
    far = offline_lira(np.full(30, 1e3) + np.arange(30), np.tile(shadow[:, :1], 30))
    assert len(np.unique(norm.cdf(far))) == 1
    assert len(np.unique(far)) == 30


def test_order_of_models_and_of_rows_does_not_matter():
    shadow, is_in = shadows(8)
    seen, generator = shadow[1], np.random.default_rng(0)
    models, rows = generator.permutation(len(shadow)), generator.permutation(len(seen))
    whole = online_lira(seen, shadow, is_in)
    assert online_lira(seen, shadow[models], is_in[models]) == pytest.approx(whole)
    assert online_lira(seen[rows], shadow[:, rows], is_in[:, rows]) == pytest.approx(whole[rows])


def test_blocks_and_float32_change_nothing(monkeypatch):
    shadow, is_in = shadows(9)
    seen = shadow[1]
    whole = online_lira(seen, shadow, is_in)
    monkeypatch.setattr("workbench.metrics.arrays._HELD", 7)
    assert online_lira(seen, shadow, is_in) == pytest.approx(whole, rel=1e-12)
    single = online_lira(seen, shadow.astype(np.float32), is_in)
    assert single == pytest.approx(whole, abs=1e-4)


def test_several_queries_are_averaged():
    shadow, is_in = shadows(10)
    other, _ = shadows(11)
    queries, seen = np.stack([shadow, other], axis=1), np.stack([shadow[0], other[0]])
    single = [online_lira(seen[q], queries[:, q], is_in) for q in (0, 1)]
    assert online_lira(seen, queries, is_in) == pytest.approx(np.mean(single, axis=0))
    single = [offline_lira(seen[q], queries[:, q]) for q in (0, 1)]
    assert offline_lira(seen, queries) == pytest.approx(np.mean(single, axis=0))


def test_models_that_saw_a_row_are_left_out_offline():
    shadow, is_in = shadows(12)
    spoilt = np.where(is_in, 1e6, shadow)
    seen = shadow[0]
    assert offline_lira(seen, spoilt, is_in) == pytest.approx(offline_lira(seen, shadow, is_in))


def test_identical_sides_are_at_chance():
    shadow, _ = shadows(13)
    assert unlearning_log_odds(shadow[0], shadow, shadow) == pytest.approx(np.zeros(30))
    assert unlearning_posterior(shadow[0], shadow, shadow) == pytest.approx(np.full(30, 0.5))


def test_log_odds_rank_where_the_posterior_is_one():
    level = np.array([[0.0, 0.0], [1, 1], [2, 2], [3, 3]])
    sides = level, level - 50
    assert np.array_equal(unlearning_posterior([2.0, 1.9], *sides), [1, 1])
    odds = unlearning_log_odds([2.0, 1.9], *sides)
    assert odds[0] > odds[1]


def test_models_without_spread_keep_a_sigma():
    fit = fit_gaussians(np.full((3, 2), 0.1))
    assert np.array_equal(fit.sigma, [1e-6, 1e-6])
    assert np.isfinite(online_lira([0.1, 9.0], np.full((8, 2), 0.1), IS_IN)).all()


def test_what_cannot_be_scored_is_refused():
    shadow, is_in = shadows(14)
    seen = shadow[0].copy()
    everywhere = is_in.copy()
    everywhere[:, [3, 4]] = True
    with pytest.raises(Undefined, match="no shadow model for rows 3, 4"):
        online_lira(seen, shadow, everywhere)
    with pytest.raises(Undefined, match="two shadow models"):
        offline_lira(seen, shadow[:1])
    with pytest.raises(Undefined, match="no confidences"):
        offline_lira([], np.zeros((4, 0)))
    with pytest.raises(Undefined, match="no confidences"):
        offline_lira(seen, np.zeros((0, 30)))
    shadow[2, 7] = np.nan
    with pytest.raises(Undefined, match="in row 7"):
        offline_lira(seen, shadow)
    seen[9] = np.inf
    with pytest.raises(Undefined, match="in row 9"):
        offline_lira(seen, np.zeros((4, 30)))


def test_wrong_shapes_are_the_callers_mistake():
    shadow, is_in = shadows(15)
    seen = shadow[0]
    with pytest.raises(ValueError, match="equal rows"):
        offline_lira(seen[1:], shadow)
    with pytest.raises(ValueError, match="equal rows"):
        offline_lira(seen, seen)
    with pytest.raises(ValueError, match="different shapes"):
        online_lira(seen, shadow, is_in[1:])
    with pytest.raises(ValueError, match="true or false"):
        online_lira(seen, shadow, is_in.astype(int))
    with pytest.raises(ValueError, match="unknown variance"):
        offline_lira(seen, shadow, variance="fixed")
