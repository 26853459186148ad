import math
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import softmax
from scipy.stats import ks_2samp, spearmanr, wasserstein_distance

from workbench.audit.comparison import (
    BAND,
    NO_EVIDENCE,
    REST_OF_BAND,
    _spread,
    aligned_rows,
    answers_of,
    attribution_metrics,
    band_metrics,
    original_metrics,
    representation_metrics,
    weight_metrics,
)
from workbench.audit.metric_words import ORIGINAL, RETRAINED
from workbench.core.dataset import Dataset
from workbench.core.vocabulary import MetricStatus, Split
from workbench.metrics.scores import cross_entropy

N, CLASSES = 90, 4
FORGET = np.arange(10)
ROWS = {Split.FORGET: FORGET, Split.RETAIN: np.arange(10, 40), Split.TEST: np.arange(40, 70)}


@pytest.fixture
def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    return Dataset(
        name="toy",
        inputs=np.zeros((N, 2), np.float32),
        targets=rng.integers(0, CLASSES, N),
        split=np.repeat(["train", "test", "non_member"], [40, 30, 20]),
        class_names=tuple("abcd"),
    )


def logits(seed) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(N, CLASSES)).astype(np.float32)


def against_band(own, band, dataset, reference=BAND):
    """The metrics of these logits beside those of the band."""
    of = [answers_of(z, dataset, FORGET) for z in (own, *band)]
    return band_metrics(of[0], of[1:], reference=reference)


def against_original(after, before, dataset):
    of = [answers_of(z, dataset, FORGET) for z in (after, before)]
    return original_metrics(*of, dataset, FORGET)


def only(metrics, name, split):
    (found,) = [m for m in metrics if m.name == name and m.split is split]
    return found


@pytest.mark.parametrize("split", [Split.FORGET, Split.TEST])
def test_distances_are_means_over_rows_and_over_the_band(dataset, split):
    own, band = logits(1), [logits(2), logits(3)]
    found = against_band(own, band, dataset)
    rows = ROWS[split]
    p = softmax(own[rows].astype(float), axis=1)
    qs = [softmax(other[rows].astype(float), axis=1) for other in band]
    js = np.mean([np.mean(jensenshannon(p, q, axis=1) ** 2) for q in qs])
    l2 = np.mean([np.linalg.norm(p - q, axis=1).mean() for q in qs])
    same = np.mean([(p.argmax(1) == q.argmax(1)).mean() for q in qs])
    assert only(found, "js_divergence", split).value == pytest.approx(js)
    assert only(found, "activation_distance", split).value == pytest.approx(l2)
    assert only(found, "prediction_agreement", split).value == pytest.approx(same)
    assert {m.reference for m in found} == {BAND}
    assert only(found, "js_divergence", split).n == len(rows)


def test_a_model_is_at_no_distance_from_itself(dataset):
    found = against_band(logits(1), [logits(1)], dataset, REST_OF_BAND)
    values = {m.name: m.value for m in found}
    assert values == {
        "js_divergence": pytest.approx(0, abs=1e-15),
        "prediction_agreement": 1,
        "activation_distance": 0,
        "confusion_shift": 0,
        "loss_ks_distance": 0,
        "loss_wasserstein": 0,
    }


def test_disjoint_answers_are_at_the_largest_distance(dataset):
    one, other = np.zeros((2, N, CLASSES))
    one[:, 0] = other[:, 1] = 1000
    found = against_band(one, [other], dataset)
    assert only(found, "js_divergence", Split.TEST).value == pytest.approx(math.log(2))
    assert only(found, "activation_distance", Split.TEST).value == pytest.approx(math.sqrt(2))


def test_without_a_band_nothing_is_computed_and_the_reason_is_given(dataset):
    found = against_band(logits(1), [], dataset)
    assert len(found) == 2 * 6
    assert {m.status for m in found} == {MetricStatus.NOT_COMPUTED}
    assert all("no other retrained model" in m.reason for m in found)


def test_a_split_without_rows_has_no_distance(dataset):
    untested = replace(dataset, split=np.repeat(["train", "non_member"], [40, 50]))
    found = against_band(logits(1), [logits(2)], untested)
    status = {m.split: m.status for m in found}
    assert status == {Split.FORGET: MetricStatus.OK, Split.TEST: MetricStatus.NOT_COMPUTED}
    assert {m.reason for m in found if m.split is Split.TEST} == {"There are no rows."}
    assert only(against_original(logits(1), logits(2), untested), "churn", Split.TEST).reason


@pytest.mark.parametrize("split", [Split.FORGET, Split.RETAIN, Split.TEST])
def test_churn_is_the_share_of_changed_predictions(dataset, split):
    before, after = logits(1), logits(2)
    found = only(against_original(after, before, dataset), "churn", split)
    rows = ROWS[split]
    changed = (before[rows].argmax(1) != after[rows].argmax(1)).mean()
    assert found.value == pytest.approx(changed)
    assert found.ci_low <= changed <= found.ci_high
    assert found.reference == "original"


@pytest.mark.parametrize("split", [Split.FORGET, Split.RETAIN, Split.TEST])
def test_flips_are_answers_lost_and_gained(dataset, split):
    before, after = logits(1), logits(2)
    found = against_original(after, before, dataset)
    rows = ROWS[split]
    was = before[rows].argmax(1) == dataset.targets[rows]
    remains = after[rows].argmax(1) == dataset.targets[rows]
    assert only(found, "negative_flips", split).value == pytest.approx((was & ~remains).mean())
    assert only(found, "positive_flips", split).value == pytest.approx((~was & remains).mean())


def test_the_group_that_lost_most_is_found(dataset):
    data = replace(dataset, targets=np.zeros(N, int), columns={"site": np.arange(N) // 50})
    right, wrong = np.eye(CLASSES)[0], np.eye(CLASSES)[1]
    before, after = np.tile(right, (N, 1)), np.tile(right, (N, 1))
    after[65:70] = wrong  # five of the twenty test rows of the second site
    (drop,) = [m for m in against_original(after, before, data) if m.group_key == "site"]
    assert (drop.name, drop.n) == ("largest_group_drop", 20)
    assert drop.value == pytest.approx(0.25)


def test_loss_distributions_are_those_of_the_rows(dataset):
    own, other = logits(1), logits(2)
    found = against_band(own, [other], dataset)
    rows = ROWS[Split.TEST]
    losses = [cross_entropy(z, dataset.targets)[rows] for z in (own, other)]
    ks = only(found, "loss_ks_distance", Split.TEST).value
    assert ks == pytest.approx(ks_2samp(*losses).statistic)
    moved = only(found, "loss_wasserstein", Split.TEST).value
    assert moved == pytest.approx(wasserstein_distance(*losses))


class TestRepresentations:
    def features(self, seed):
        rng = np.random.default_rng(seed)
        return {Split.FORGET: rng.normal(size=(10, 6)), Split.TEST: rng.normal(size=(30, 6))}

    def test_the_same_arrangement_in_other_axes_is_aligned(self):
        own = self.features(1)
        turn = np.linalg.qr(np.random.default_rng(2).normal(size=(6, 6)))[0]
        other = {split: 3 * rows @ turn for split, rows in own.items()}
        found = representation_metrics(own, [other], reference=BAND)
        assert [m.value for m in found] == pytest.approx([1, 1])
        assert [m.split for m in found] == [Split.FORGET, Split.TEST]

    def test_the_group_tells_the_retrained_models_from_the_original(self):
        """Both numbers belong to one model and one split; their keys must differ."""
        own = self.features(1)
        for reference, group in (
            (BAND, RETRAINED),
            (REST_OF_BAND, RETRAINED),
            (ORIGINAL, ORIGINAL),
        ):
            found = representation_metrics(own, [own], reference=reference)
            assert {m.group_key for m in found} == {group}

    def test_unrelated_arrangements_are_not(self):
        found = representation_metrics(self.features(1), [self.features(2)], reference=BAND)
        assert max(abs(m.value) for m in found) < 0.5

    def test_too_few_rows_have_no_alignment(self):
        few = {Split.FORGET: np.eye(3)}
        (found,) = representation_metrics(few, [few], reference=BAND)
        assert "at least four rows" in found.reason
        (found,) = representation_metrics(few, [], reference=BAND)
        assert "no other retrained model" in found.reason

    def test_large_splits_are_thinned_evenly(self, dataset):
        rows = aligned_rows(dataset, FORGET)
        assert rows[Split.FORGET].tolist() == FORGET.tolist()
        thin = _spread(np.arange(10_000), 1000)
        assert len(thin) == len(set(thin)) == 1000
        assert (thin[0], thin[-1]) == (0, 9999)


class TestWeights:
    before: ClassVar = {"w": np.array([[1.0, 2.0], [2.0, 0.0]], "f4"), "b": np.zeros(2, "f4")}

    def test_relative_distance_and_what_did_not_move(self):
        after = {**self.before, "w": np.array([[1.0, 2.0], [2.0, 3.0]], np.float32)}
        found = {m.name: m.value for m in weight_metrics(after, self.before)}
        assert found == {"weight_distance": pytest.approx(1.0), "unchanged_tensors": 0.5}

    def test_weights_that_are_not_finite_have_no_distance(self):
        after = {**self.before, "w": np.full((2, 2), np.nan, np.float32)}
        distance, _ = weight_metrics(after, self.before)
        assert distance.status is MetricStatus.NOT_COMPUTED
        assert "NaN" in distance.reason


class TestAttributions:
    forgotten = np.array([True] * 5 + [False] * 5)

    def maps(self, seed) -> np.ndarray:
        return np.random.default_rng(seed).normal(size=(10, 3, 4, 4)).astype(np.float32)

    def test_median_and_quartiles_of_the_rank_correlation_of_magnitudes(self):
        before, after = self.maps(1), self.maps(2)
        found = only(
            attribution_metrics("saliency", after, before, self.forgotten),
            "attribution_similarity",
            Split.FORGET,
        )
        flat = [np.abs(maps[:5].astype(float)).sum(1).reshape(5, -1) for maps in (before, after)]
        values = [spearmanr(a, b).statistic for a, b in zip(*flat, strict=True)]
        assert found.value == pytest.approx(np.median(values))
        assert (found.ci_low, found.ci_high) == pytest.approx(
            tuple(np.quantile(values, [0.25, 0.75]))
        )
        assert (found.n, found.group_key) == (5, "saliency")

    def test_maps_of_an_explainer_that_failed_its_trial_are_marked(self):
        after = self.maps(1)
        after[5:] = 0
        given = ("saliency", after, self.maps(2), self.forgotten)
        plain, marked = attribution_metrics(*given), attribution_metrics(*given, is_evidence=False)
        assert marked[0].value == plain[0].value
        assert marked[0].ci_method == plain[0].ci_method + NO_EVIDENCE
        assert marked[1] == plain[1]  # not computed, so there is nothing to mark

    def test_the_same_maps_are_perfectly_similar(self):
        found = attribution_metrics("saliency", self.maps(1), self.maps(1), self.forgotten)
        assert [(m.split, m.value) for m in found] == [(Split.FORGET, 1), (Split.RETAIN, 1)]

    def test_maps_that_say_nothing_are_not_a_similarity_of_zero(self):
        after = self.maps(1)
        after[5:] = 0
        found = attribution_metrics("saliency", after, self.maps(1), self.forgotten)
        assert found[0].status is MetricStatus.OK
        assert found[1].status is MetricStatus.NOT_COMPUTED
        assert "zero everywhere" in found[1].reason

    def test_rows_without_a_defined_similarity_are_counted_out_in_the_open(self):
        after = self.maps(1)
        after[0] = 0
        found = attribution_metrics("saliency", after, self.maps(1), self.forgotten)[0]
        assert found.n == 4
        assert found.ci_method == "interquartile range of 4 of 5 rows"

    def test_no_explained_rows(self):
        none = np.zeros((0, 2, 2))
        found = attribution_metrics("saliency", none, none, np.zeros(0, bool))
        assert {m.reason for m in found} == {"No rows were explained."}
