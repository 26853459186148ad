import numpy as np
import pytest
from audit_cases import (
    BAND,
    EQUAL_ACCURACY,
    FAR,
    SIMILAR,
    UNCLEAR,
    accuracy,
    band,
    candidate,
    copies,
    criterion,
    missing,
    number,
    runs,
    steps,
)
from scipy.stats import false_discovery_control

from workbench.audit.criteria import judge_criteria
from workbench.core.vocabulary import Outcome, RunRole, Split

ALPHA = 0.05


def judged(criteria, own, references, exploratory=()):
    return judge_criteria(criteria, own, references, ALPHA, exploratory)


def outcome_of(metrics, references, **changes):
    own = runs(RunRole.CANDIDATE, "ssd", metrics)
    (result,) = judged([criterion(**changes)], own, references)
    return result


@pytest.mark.parametrize(
    ("values", "expected"),
    [(SIMILAR, Outcome.PASS), (FAR, Outcome.FAIL), (UNCLEAR, Outcome.INCONCLUSIVE)],
)
def test_three_outcomes(values, expected):
    (result,) = judged([criterion()], candidate(values), band())
    assert result.outcome is expected
    assert result.candidate_values == values
    assert result.band_values == BAND
    assert result.estimate == pytest.approx(np.mean(values) - np.mean(BAND))


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_fewer_than_five_retrained_seeds_never_decide(count):
    (result,) = judged([criterion()], candidate(), band([0.79] * count))
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason == f"Needs at least 5 different retrained models, has {count}."


def test_equal_retrained_models_are_one_and_that_is_said():
    (result,) = judged([criterion()], candidate(), copies(band()))
    assert result.outcome is Outcome.INCONCLUSIVE
    assert result.reason == (
        "Needs at least 5 different retrained models, has 1. "
        "5 seeds gave the same model, which counts once."
    )


@pytest.mark.parametrize("value", [0.83, 0.88, 0.99])
def test_copies_of_one_model_are_judged_like_that_model_alone(value):
    (once,) = judged([criterion()], candidate([value]), band())
    (thrice,) = judged([criterion()], copies(candidate([value] * 3)), band())
    assert thrice == once


def test_copies_of_one_model_can_fail_in_a_metric_without_resolution():
    def scored(values):
        return [number("membership_auc", v, group_key="loss") for v in values]

    references = runs(RunRole.REFERENCE, "retrain", scored([0.49, 0.495, 0.5, 0.505, 0.51]))
    own = runs(RunRole.CANDIDATE, "ssd", scored([0.9] * 3))
    near = criterion(metric="membership_auc", margin=0.06)
    (unknown,) = judged([near], own, references)
    assert (unknown.outcome, "do not differ" in unknown.reason) == (Outcome.INCONCLUSIVE, True)
    (result,) = judged([near], copies(own), references)
    assert (result.outcome, result.candidate_values) == (Outcome.FAIL, (0.9,))


def test_a_deterministic_method_that_equals_retraining_fails_no_more_often_than_alpha():
    rng = np.random.default_rng(6)
    plans, narrow = 1000, criterion(margin=0.001)
    failures = 0
    for _ in range(plans):
        own = copies(candidate([rng.normal(0.8, 0.02)] * 5))
        (result,) = judged([narrow], own, band(rng.normal(0.8, 0.02, 5)))
        failures += result.outcome is Outcome.FAIL
    assert failures / plans <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / plans)


def test_a_metric_that_was_not_computed_is_named_with_its_reason():
    own = runs(RunRole.CANDIDATE, "ssd", [missing("accuracy", "The model was lost.")])
    (result,) = judged([criterion()], own, band())
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "accuracy (forget)" in result.reason
    assert "The model was lost." in result.reason


def test_a_metric_missing_on_one_retrained_model_is_named():
    references = (*band(), *runs(RunRole.REFERENCE, "other", [()]))
    (result,) = judged([criterion()], candidate(), references)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "was not measured on 'other' seed 0" in result.reason


def test_a_metric_that_was_never_measured_is_named():
    result = outcome_of([accuracy(0.8)], band(), metric="relearn_steps", split=None)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "relearn_steps was not measured" in result.reason


def test_an_ambiguous_criterion_says_so():
    both = [[accuracy(0.8), accuracy(0.9, split=Split.TEST)]]
    result = outcome_of(both, band(), split=None)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "name its split and group" in result.reason


def test_a_criterion_without_group_takes_the_only_group():
    def scored(value):
        return number("membership_auc", value, group_key="loss")

    references = runs(RunRole.REFERENCE, "retrain", [scored(0.5 + v / 10) for v in BAND])
    result = outcome_of(
        [scored(0.5 + v / 10) for v in SIMILAR], references, metric="membership_auc"
    )
    assert result.outcome is Outcome.PASS


def test_no_finished_run():
    (result,) = judged([criterion()], (), band())
    assert (result.outcome, result.reason) == (Outcome.INCONCLUSIVE, "No run finished.")


class TestHolm:
    """One clear failure and one p-value that is only significant on its own."""

    borderline = (0.853, 0.863, 0.873)  # beyond the margin of 0.05, alone p is about 0.03

    def results(self, **second):
        own = runs(
            RunRole.CANDIDATE,
            "ssd",
            [[accuracy(v), accuracy(v, split=Split.TEST)] for v in self.borderline],
        )
        references = runs(
            RunRole.REFERENCE,
            "retrain",
            [[accuracy(v), accuracy(v + 0.07, split=Split.TEST)] for v in BAND],
        )
        test = criterion(name="test accuracy", split="test", **second)
        return judged([criterion(), test], own, references)

    def test_p_values_are_adjusted_over_the_primary_family(self):
        first, second = self.results()
        assert second.outcome is Outcome.PASS
        assert first.p < ALPHA < first.adjusted_p == pytest.approx(2 * first.p)
        assert first.outcome is Outcome.INCONCLUSIVE

    def test_a_secondary_criterion_does_not_weaken_the_family(self):
        first, second = self.results(primary=False)
        assert first.adjusted_p == first.p
        assert first.outcome is Outcome.FAIL
        assert not second.decides

    def test_a_criterion_that_could_not_be_tested_still_counts_in_the_family(self):
        own = candidate(self.borderline)
        absent = criterion(name="gone", metric="mean_loss")
        first, _ = judged([criterion(), absent], own, band())
        assert first.adjusted_p == pytest.approx(2 * first.p)

    def test_an_exploratory_criterion_is_judged_and_decides_nothing(self):
        added = criterion(name="added later", margin=0.001)
        first, second = judged([criterion()], candidate(), band(), [added])
        assert first.adjusted_p == first.p
        assert second.exploratory
        assert not second.decides

    def test_criteria_that_decide_nothing_are_adjusted_for_their_number(self):
        added = [criterion(name=f"added {i}", margin=m) for i, m in enumerate((0.05, 0.01, 0.9))]
        first, *others = judged([criterion()], candidate(self.borderline), band(), added)
        assert first.adjusted_p == first.p
        raw = [one.p for one in others]
        adjusted = false_discovery_control(raw, method="bh")
        assert [one.adjusted_p for one in others] == pytest.approx(adjusted)
        assert max(adjusted - np.array(raw)) > 0.001


def test_failures_of_a_true_null_stay_below_alpha_over_the_whole_family():
    rng = np.random.default_rng(3)
    splits = (Split.FORGET, Split.RETAIN, Split.TEST)
    family = [criterion(name=s, split=s, margin=0.001) for s in splits]

    def draw(role, label, count):
        values = rng.normal(0.8, 0.02, (count, len(splits)))
        metrics = [
            [accuracy(v, split=s) for v, s in zip(row, splits, strict=True)] for row in values
        ]
        return runs(role, label, metrics)

    plans = 600
    failures = sum(
        any(
            result.outcome is Outcome.FAIL
            for result in judged(
                family, draw(RunRole.CANDIDATE, "ssd", 3), draw(RunRole.REFERENCE, "retrain", 5)
            )
        )
        for _ in range(plans)
    )
    assert failures / plans <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / plans)


def test_shifted_draws_fail_and_equal_draws_never_do_given_a_generous_margin():
    rng = np.random.default_rng(4)
    shifted, equal = [], []
    for _ in range(50):
        references = band(rng.normal(0.8, 0.01, 5))
        for shift, found in ((0.15, shifted), (0.0, equal)):
            own = candidate(rng.normal(0.8 + shift, 0.01, 3))
            (result,) = judged([criterion()], own, references)
            found.append(result.outcome)
    assert set(shifted) == {Outcome.FAIL}
    assert Outcome.FAIL not in equal
    assert equal.count(Outcome.PASS) > 45


DOUBLED = {"metric": "relearn_steps", "scale": "ratio", "margin": 2}


class TestRelearning:
    band = runs(RunRole.REFERENCE, "retrain", [steps(v) for v in (48, 50, 52, 55, 60)])
    capped_band = runs(RunRole.REFERENCE, "retrain", [steps(120)] * 5)

    @pytest.mark.parametrize(
        ("value", "expected"), [(55, Outcome.PASS), (6, Outcome.FAIL), (28, Outcome.INCONCLUSIVE)]
    )
    def test_below_the_cap(self, value, expected):
        assert outcome_of([steps(value)], self.band, **DOUBLED).outcome is expected

    def test_both_at_the_cap_are_inconclusive_and_the_remedy_is_named(self):
        result = outcome_of([steps(120)] * 2, self.capped_band, **DOUBLED)
        assert result.outcome is Outcome.INCONCLUSIVE
        assert "raise 'relearn_cap'" in result.reason

    def test_only_the_candidate_at_the_cap_is_a_lower_bound(self):
        result = outcome_of([steps(300, cap=300)], self.band, **DOUBLED)
        assert result.outcome is Outcome.FAIL
        assert result.ci_high is None
        assert "lower bound" in result.reason

    def test_only_the_candidate_at_a_near_cap_is_inconclusive(self):
        own = [steps(70, cap=70)]
        assert outcome_of(own, self.band, **DOUBLED).outcome is Outcome.INCONCLUSIVE

    def test_only_the_band_at_the_cap_is_an_upper_bound(self):
        result = outcome_of([steps(6)] * 3, self.capped_band, **DOUBLED)
        assert result.outcome is Outcome.FAIL
        assert "upper bound" in result.reason

    def test_only_the_band_at_a_near_cap_is_inconclusive(self):
        result = outcome_of([steps(100)], self.capped_band, **DOUBLED)
        assert result.outcome is Outcome.INCONCLUSIVE

    def test_both_partly_at_the_cap_is_inconclusive(self):
        references = (*self.band, *runs(RunRole.REFERENCE, "more", [steps(120)]))
        result = outcome_of([steps(120), steps(50)], references, **DOUBLED)
        assert result.outcome is Outcome.INCONCLUSIVE

    def test_an_upper_limit_cannot_be_kept_at_the_cap(self):
        result = outcome_of(
            [steps(120), steps(120)], (), metric="relearn_steps", kind="upper", limit=200
        )
        assert result.outcome is Outcome.INCONCLUSIVE

    def test_a_lower_limit_can_be_kept_at_the_cap(self):
        result = outcome_of(
            [steps(120), steps(120)], (), metric="relearn_steps", kind="lower", limit=50
        )
        assert result.outcome is Outcome.PASS
        assert "not below" in result.reason


@pytest.mark.parametrize(
    ("k", "expected"), [(1, Outcome.PASS), (10, Outcome.INCONCLUSIVE), (30, Outcome.FAIL)]
)
def test_a_fixed_limit_needs_no_retrained_model(k, expected):
    own = [accuracy(k / 100, n=100)]
    assert outcome_of(own, (), kind="upper", limit=0.1).outcome is expected


def test_reasons_are_one_plain_sentence_with_the_numbers():
    (result,) = judged([criterion()], candidate(FAR), band())
    assert result.reason.startswith("accuracy (forget): difference from the retrained band 0.2067")
    assert result.reason.endswith("lies beyond ±0.05.")


def test_every_criterion_is_reported_in_order():
    names = ["one", "two", "three"]
    results = judged([criterion(name=n) for n in names], candidate(), band())
    assert [r.criterion.name for r in results] == names
    assert EQUAL_ACCURACY["name"] not in names
