from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special, stats
from scipy.spatial import distance
from scipy.stats import entropy

from workbench.metrics import Undefined, arrays
from workbench.metrics.distances import (
    activation_distance,
    churn,
    confusion_shift,
    energy_distance,
    js_divergence,
    js_from_log_probabilities,
    kl_divergence,
    kolmogorov_smirnov,
    kolmogorov_smirnov_distance,
    kolmogorov_smirnov_interval,
    prediction_agreement,
    relative_activation_distance,
    rms_activation_distance,
    symmetric_kl,
    total_variation,
    wasserstein,
    zero_retrain_forgetting,
    zero_retrain_forgetting_over,
)
from workbench.metrics.scores import predictions

P = np.log([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
Q = np.log([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [1 / 3, 1 / 3, 1 / 3]])
PER_ROW = [js_divergence, kl_divergence, symmetric_kl, total_variation, activation_distance]


@st.composite
def two_models(draw):
    shape = draw(st.tuples(st.integers(1, 10), st.integers(2, 6)))
    logits = hnp.arrays(np.float64, shape, elements=st.floats(-25, 25))
    return draw(logits), draw(logits)


score_lists = st.lists(st.integers(-20, 20).map(lambda x: x / 4), min_size=1, max_size=30)


def test_known_divergences():
    js = js_divergence(P, Q)
    assert js == pytest.approx([0.00695886, 0.01016286, 0.00239484], abs=1e-8)
    assert js.mean() == pytest.approx(0.0065055184, abs=1e-10)
    assert js.mean() / math.log(2) == pytest.approx(0.0093854793, abs=1e-10)
    assert np.sqrt(js / math.log(2)) == pytest.approx([0.10019734, 0.12108634, 0.0587795], abs=1e-8)
    assert kl_divergence(P, Q) == pytest.approx([0.02681245, 0.0375104, 0.00971231], abs=1e-8)
    assert total_variation(P, Q) == pytest.approx([0.1, 0.1, 0.06666667], abs=1e-8)


def test_known_activation_distance():
    rows = activation_distance(P, Q)
    assert rows.mean() == pytest.approx(0.1214974569, abs=1e-10)
    assert rms_activation_distance(P, Q) == pytest.approx(0.1247219129, abs=1e-10)


def test_known_zero_retrain_forgetting_is_not_the_value_averaged_over_classes():
    assert zero_retrain_forgetting(P, Q) == pytest.approx(0.9906145207, abs=1e-10)
    assert zero_retrain_forgetting(P, Q) != pytest.approx(0.9977849439, abs=1e-3)


def test_disjoint_answers_are_ln_2_apart():
    with np.errstate(divide="ignore"):
        one_hot = np.log(np.eye(2))
    js = js_from_log_probabilities(one_hot, one_hot[::-1])
    assert js == pytest.approx([math.log(2)] * 2, abs=1e-15)
    logits = np.array([[900.0, -900.0]])
    assert js_divergence(logits, -logits) == pytest.approx([math.log(2)])
    assert total_variation(logits, -logits) == pytest.approx([1.0])
    assert activation_distance(logits, -logits) == pytest.approx([math.sqrt(2)])
    assert zero_retrain_forgetting(logits, -logits) == pytest.approx(0.0)


@given(two_models())
def test_divergences_match_scipy(models):
    a, b = models
    p, q = special.softmax(a, axis=1), special.softmax(b, axis=1)
    middle = (p + q) / 2
    js = (entropy(p, middle, axis=1) + entropy(q, middle, axis=1)) / 2
    assert js_divergence(a, b) == pytest.approx(js, rel=1e-9, abs=1e-14)
    assert kl_divergence(a, b) == pytest.approx(entropy(p, q, axis=1), rel=1e-9, abs=1e-9)
    assert symmetric_kl(a, b) == pytest.approx(
        entropy(p, q, axis=1) + entropy(q, p, axis=1), rel=1e-9, abs=1e-9
    )
    assert total_variation(a, b) == pytest.approx(0.5 * np.abs(p - q).sum(axis=1), abs=1e-12)
    expected = [distance.euclidean(x, y) for x, y in zip(p, q, strict=True)]
    assert activation_distance(a, b) == pytest.approx(expected, abs=1e-12)
    assert rms_activation_distance(a, b) >= np.mean(expected) - 1e-12


@given(two_models())
def test_js_is_symmetric_and_bounded(models):
    a, b = models
    js = js_divergence(a, b)
    assert js == pytest.approx(js_divergence(b, a), abs=1e-15)
    assert (js >= 0).all()
    assert (js <= math.log(2)).all()


@given(two_models())
def test_identical_models_are_at_distance_zero(models):
    logits, _ = models
    for measure in PER_ROW:
        assert (measure(logits, logits) == 0).all()
    assert zero_retrain_forgetting(logits, logits) == 1
    labels = predictions(logits)
    assert prediction_agreement(labels, labels) == 1
    assert churn(labels, labels, labels).changed == 0
    assert kolmogorov_smirnov(logits[:, 0], logits[:, 0]).statistic == 0
    assert wasserstein(logits[:, 0], logits[:, 0]) == 0
    assert energy_distance(logits[:, 0], logits[:, 0]) == 0
    assert rms_activation_distance(logits, logits) == 0
    assert confusion_shift(labels, labels, logits.shape[1]) == 0
    assert (relative_activation_distance(logits + 30, logits + 30) == 0).all()


@given(two_models(), st.integers(1, 6))
def test_rows_may_come_in_batches_of_any_size(models, batch):
    a, b = models
    starts = range(0, len(a), batch)
    for measure in PER_ROW:
        pieces = [measure(a[i : i + batch], b[i : i + batch]) for i in starts]
        assert np.concatenate(pieces) == pytest.approx(measure(a, b), rel=1e-12, abs=1e-15)


@given(two_models(), st.integers(1, 40), st.floats(-100, 100), st.randoms(use_true_random=False))
def test_padding_renaming_and_shifting_classes_change_nothing(models, extra, shift, random):
    a, b = models
    order = list(range(a.shape[1]))
    random.shuffle(order)
    padding = np.full((len(a), extra), -3000.0)
    for measure in PER_ROW:
        plain = measure(a, b)
        assert measure(np.hstack([a, padding]), np.hstack([b, padding])) == pytest.approx(
            plain, rel=1e-9, abs=1e-12
        )
        assert measure(a[:, order], b[:, order]) == pytest.approx(plain, rel=1e-9, abs=1e-12)
        assert measure(a + shift, b) == pytest.approx(plain, rel=1e-7, abs=1e-9)


@given(score_lists, score_lists)
def test_distances_of_scores_match_loops(a, b):
    points = np.unique([*a, *b])
    below = [(np.mean(np.array(a) <= t), np.mean(np.array(b) <= t)) for t in points]
    steps = np.diff(points)
    largest = pytest.approx(max(abs(f - g) for f, g in below))
    assert kolmogorov_smirnov(a, b).statistic == largest
    assert kolmogorov_smirnov_distance(a, b) == largest
    expected = sum(abs(f - g) * step for (f, g), step in zip(below, steps, strict=False))
    assert wasserstein(a, b) == pytest.approx(expected)
    spreads = [np.abs(np.subtract.outer(x, y)).mean() for x, y in ((a, b), (a, a), (b, b))]
    assert energy_distance(a, b) ** 2 == pytest.approx(
        2 * spreads[0] - spreads[1] - spreads[2], abs=1e-9
    )


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=20))
def test_wasserstein_of_equal_counts_is_the_mean_sorted_difference(pairs):
    a, b = np.array(pairs).T
    assert wasserstein(a, b) == pytest.approx(np.abs(np.sort(a) - np.sort(b)).mean(), abs=1e-12)


@given(score_lists, score_lists)
def test_kolmogorov_smirnov_interval_holds_the_distance(a, b):
    interval = kolmogorov_smirnov_interval(a, b)
    distance = kolmogorov_smirnov(a, b).statistic
    assert 0 <= interval.low <= distance <= interval.high <= 1
    wider = kolmogorov_smirnov_interval(a, b, 0.99)
    assert wider.low <= interval.low
    assert wider.high >= interval.high


def test_kolmogorov_smirnov_interval_covers_the_true_distance():
    generator = np.random.default_rng(5)
    truth = 2 * stats.norm.cdf(0.25) - 1  # of two normal laws half a deviation apart
    covered = 0
    for _ in range(200):
        interval = kolmogorov_smirnov_interval(
            generator.normal(size=100), generator.normal(0.5, 1, 150)
        )
        covered += interval.low <= truth <= interval.high
    assert covered >= 190
    narrow = kolmogorov_smirnov_interval(np.arange(1000), np.arange(1000) + 500.0)
    half = 2 * math.sqrt(math.log(4 / 0.05) / 2000)
    assert (narrow.low, narrow.high) == pytest.approx((0.5 - half, 0.5 + half))


def test_forgetting_is_averaged_over_random_models():
    generator = np.random.default_rng(2)
    logits, initialisations = generator.normal(size=(30, 4)) * 5, generator.normal(size=(6, 30, 4))
    single = [zero_retrain_forgetting(logits, random) for random in initialisations]
    result = zero_retrain_forgetting_over(logits, initialisations)
    assert result.n == 6
    assert result.mean == pytest.approx(np.mean(single))
    assert result.standard_deviation == pytest.approx(np.std(single, ddof=1))
    with pytest.raises(Undefined, match="there are 4"):
        zero_retrain_forgetting_over(logits, initialisations[:4])


def test_layer_distance_is_relative_to_the_reference():
    reference = np.array([[[3.0, 0.0], [0.0, 4.0]], [[0.0, 0.0], [0.0, 1.0]]])
    doubled = 2 * reference
    assert relative_activation_distance(doubled, reference) == pytest.approx([1, 1])
    assert relative_activation_distance(np.zeros((2, 2, 2)), reference) == pytest.approx([1, 1])
    assert relative_activation_distance(1e6 * doubled, 1e6 * reference) == pytest.approx([1, 1])
    with pytest.raises(Undefined, match="vanish on 1 of 2"):
        relative_activation_distance([[1.0], [1.0]], [[1.0], [0.0]])


def test_rows_of_a_class_go_elsewhere():
    before, after = [0, 0, 0, 1], [2, 2, 0, 1]
    assert confusion_shift(before, after, 3) == pytest.approx(0.5)
    assert confusion_shift([0, 1], [1, 0], 2) == 0
    assert confusion_shift([0, 0], [1, 1], 2) == 1
    assert confusion_shift(before, after, 9) == confusion_shift(after, before, 3)


def test_kolmogorov_smirnov_sees_a_shift_and_not_the_same_law():
    generator = np.random.default_rng(3)
    a, b = generator.normal(size=(2, 500))
    assert kolmogorov_smirnov(a, b).p_value > 0.05
    assert kolmogorov_smirnov(a, b + 0.5).p_value < 1e-6


def test_known_churn():
    result = churn([0, 1, 2, 1, 0, 2], [0, 1, 1, 1, 2, 2], [0, 1, 2, 1, 2, 1])
    assert (result.n, result.changed, result.negative, result.positive) == (6, 2, 1, 1)
    assert result.rate == pytest.approx(1 / 3)
    assert result.negative_rate == result.positive_rate == pytest.approx(1 / 6)


@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=1, max_size=50))
def test_churn_matches_a_loop(rows):
    before, after, truth = np.array(rows).T
    result = churn(before, after, truth)
    assert result.changed == sum(b != a for b, a, _ in rows)
    assert result.negative == sum(b == t != a for b, a, t in rows)
    assert result.positive == sum(b != t == a for b, a, t in rows)
    assert prediction_agreement(before, after) == pytest.approx(1 - result.rate)


def test_models_over_different_rows_are_refused():
    with pytest.raises(ValueError, match="different shapes"):
        js_divergence(np.zeros((2, 3)), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="different shapes"):
        prediction_agreement([0, 1], [0])
    with pytest.raises(Undefined, match="row 1"):
        js_divergence(np.zeros((2, 3)), [[0, 0, 0], [0, np.nan, 0]])
    with pytest.raises(Undefined, match="no scores"):
        wasserstein([], [1.0])


def test_many_rows_are_compared_as_in_one_block(monkeypatch):
    p, q = np.random.default_rng(2).normal(size=(2, 500, 4))
    whole = js_divergence(p, q), activation_distance(p, q)
    monkeypatch.setattr(arrays, "_HELD", 3000)
    assert np.array_equal(js_divergence(p, q), whole[0])
    assert np.array_equal(activation_distance(p, q), whole[1])
