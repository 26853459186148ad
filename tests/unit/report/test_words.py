from __future__ import annotations

import pytest

from workbench.audit import metric_words
from workbench.audit.controls import NEGATIVE, POSITIVE, STRAW_MAN
from workbench.core.vocabulary import Direction, Outcome, RunRole, Split, Unit
from workbench.metrics.catalogue import CATALOGUE, FAMILIES
from workbench.report import controls, criteria, display, wording
from workbench.report.document import Control, CriterionPart


def plain(text: str) -> str:
    """With plain spaces and hyphens in the place of typographic ones."""
    return text.replace(display.THIN, " ").replace(display.MINUS, "-").replace(display.MISSING, "-")


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.9344, Unit.FRACTION, "93.4 %"),
        (0.0, Unit.FRACTION, "0.0 %"),
        (0.0004, Unit.FRACTION, "0.04 %"),
        (0.71249, Unit.SCORE, "0.712"),
        (-0.5, Unit.SCORE, "-0.500"),
        (17.0, Unit.STEPS, "17"),
        (17.5, Unit.STEPS, "17.5"),
        (12345.0, Unit.STEPS, "12 345"),
        (0.25, Unit.SECONDS, "250 ms"),
        (12.34, Unit.SECONDS, "12.3 s"),
        (3723.0, Unit.SECONDS, "1 h 2 min"),
        (3.5 * 1024**2, Unit.BYTES, "3.5 MiB"),
        (0.6931, Unit.NATS, "0.693 nats"),
        (None, Unit.SCORE, "-"),
    ],
)
def test_quantities_carry_their_unit(value: float | None, unit: Unit, written: str) -> None:
    assert plain(display.quantity(value, unit)) == written


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (0.0213, Unit.FRACTION, "+2.1 pp"),
        (-0.0213, Unit.FRACTION, "-2.1 pp"),
        (-0.3, Unit.SCORE, "-0.300"),
        (4.0, Unit.STEPS, "+4"),
        (0.0, Unit.STEPS, "0"),
    ],
)
def test_differences_carry_their_sign(value: float, unit: Unit, written: str) -> None:
    assert plain(display.difference(value, unit)) == written


def test_a_span_writes_its_unit_once() -> None:
    assert plain(display.span(0.579, 0.812, Unit.FRACTION)) == "57.9 to 81.2 %"
    assert plain(display.span(0.9, 1.2, Unit.SECONDS)) == "900 ms to 1.2 s"
    assert plain(display.span(None, 0.5, Unit.SCORE)) == "-∞ to 0.500"


def test_times_are_written_out() -> None:
    assert display.moment("2026-05-03T14:05:11+00:00") == "3 May 2026, 14:05 UTC"
    assert display.moment(None) == display.MISSING


def test_forget_sets_are_described_however_they_were_chosen() -> None:
    selector = {"selector": "random-share", "params": {"share": 0.1}, "non_members": "noisy == 1"}
    assert wording.describe_forget_set(selector) == (
        "Training rows proposed by the selector random-share with share 0.1. "
        "Attacks compare them with non-member rows where noisy == 1."
    )
    assert wording.describe_forget_set({"rows": [3, 4]}) == "Training rows listed one by one."


def test_tally_counts_every_outcome() -> None:
    outcomes = [Outcome.PASS, Outcome.FAIL, Outcome.FAIL, Outcome.INVALID, None]
    assert wording.tally(outcomes) == "1 passes, 2 fail, 1 is invalid and 1 was not judged"


def criterion(**values: object) -> CriterionPart:
    return CriterionPart.model_validate(
        {
            "name": "c",
            "metric": "accuracy",
            "split": "forget",
            "group": "",
            "kind": "equivalence",
            "scale": "difference",
            "margin": None,
            "limit": None,
            "primary": True,
            "exploratory": False,
            **values,
        }
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"margin": 0.02}, "within ±2 pp of the retrained models"),
        ({"metric": "membership_auc", "margin": 0.05}, "within ±0.05 of the retrained models"),
        ({"scale": "ratio", "margin": 2.0}, "within a factor of 2 of the retrained models"),
        ({"kind": "upper", "limit": 0.015}, "at most 1.5 %"),
        ({"kind": "lower", "limit": 0.9}, "at least 90 %"),
    ],
)
def test_criteria_say_what_they_demand(values: dict[str, object], words: str) -> None:
    assert plain(criteria.demanded(criterion(**values))) == words


def control(name: str, outcome: Outcome, label: str = "") -> Control:
    return Control(
        name=name,
        role=RunRole.STRAW_MAN if name == STRAW_MAN else RunRole.ORIGINAL,
        label=label,
        outcome=outcome,
        reason=f"reason of {label or name}.",
        criteria=(),
    )


def test_one_straw_man_that_passes_answers_no() -> None:
    found = controls.questions(
        [
            control(POSITIVE, Outcome.PASS),
            control(NEGATIVE, Outcome.INCONCLUSIVE),
            control(STRAW_MAN, Outcome.PASS, "noise"),
            control(STRAW_MAN, Outcome.INVALID, "nothing"),
        ],
        [],
    )
    assert [controls.ANSWERS[one.outcome] for one in found] == ["YES", "NOT SETTLED", "NO"]
    assert found[-1].found == "noise fail, as they must. reason of nothing."


def test_line_of_controls_counts_the_broken() -> None:
    good, bad = control(POSITIVE, Outcome.PASS), control(NEGATIVE, Outcome.INVALID)
    assert controls.in_one_line([good]) == "All controls behaved as they must."
    assert controls.in_one_line([good, bad]) == "1 of 2 controls did not behave as they must."
    assert controls.in_one_line([]) == "Its controls were not judged."


@pytest.mark.parametrize(
    ("metric", "split", "group", "words"),
    [
        ("relearn_steps", "forget", "lr:0.01", "forget rows, learning rate 0.01"),
        ("relearn_steps", "forget", "", "forget rows"),
        ("class_accuracy", "test", "class:1", "test rows, class dog"),
        ("class_accuracy", "test", "class:7", "test rows, class 7"),
        ("quantised_accuracy", "test", "int8", "test rows, int8"),
        ("pruned_accuracy", "test", "20 %", "test rows, 20 % removed"),
        ("group_accuracy", "test", "site=north", "test rows, site is north"),
        ("group_accuracy", "test", "site=a=b", "test rows, site is a=b"),
        ("worst_group_accuracy", "test", "site", "test rows, by site"),
        ("accuracy", "test", "kept classes", "test rows, kept classes"),
        ("accuracy", "forget", "without twins", "forget rows, without twins"),
        (
            "membership_auc",
            "forget",
            "loss, without twins",
            "forget rows, attack loss, without twins",
        ),
        ("privacy_leak", None, "loss", "attack loss"),
        ("representation_alignment", "test", "original", "test rows, with the original"),
        ("attribution_similarity", "test", "saliency", "test rows, saliency"),
        ("peak_memory", None, "", ""),
        ("of a stranger", "test", "class:1", "test rows, class:1"),
    ],
)
def test_groups_are_said_in_words(metric, split, group, words):
    assert metric_words.about(metric, split, group, ("cat", "dog")) == words


def test_every_metric_has_a_family_and_numbers_come_in_reading_order():
    shuffled = sorted(CATALOGUE)
    found = metric_words.by_family([*shuffled, "of a stranger"], lambda name: name)
    assert [title for title, _ in found] == [family.title for family in FAMILIES] + ["Other"]
    assert found[-1][1] == ["of a stranger"]
    assert sum(len(own) for _, own in found) == len(CATALOGUE) + 1
    ordered = sorted(shuffled, key=lambda name: metric_words.reading_place(name, None))
    assert ordered == list(CATALOGUE)
    splits = [Split.TEST, Split.FORGET, None, Split.NON_MEMBER]
    placed = sorted(splits, key=lambda split: metric_words.reading_place("accuracy", split))
    assert placed == [None, Split.FORGET, Split.TEST, Split.NON_MEMBER]


def test_every_direction_has_words():
    assert set(metric_words.DIRECTIONS) == set(Direction)
