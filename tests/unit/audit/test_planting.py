"""Rows changed on purpose: which, how, and what stays as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from workbench.audit.planting import (
    planted,
    planted_in,
    planted_rows,
    reference_canaries,
    triggered,
    triggered_test_rows,
)
from workbench.core.dataset import Dataset, check_dataset
from workbench.core.errors import DataError, ProjectError
from workbench.core.planting import Backdoor, Canaries, LabelSwap, Planting
from workbench.core.vocabulary import Split

SWAP = LabelSwap(classes=(0, 1), share=0.25, seed=1)
BACKDOOR = Backdoor(target=2, share=0.2, size=2, seed=2)
CANARIES = Canaries(count=6, seed=3)
EVERYTHING: tuple[Planting, ...] = (SWAP, BACKDOOR, CANARIES)


def images(n: int = 120, shape: tuple[int, ...] = (3, 6, 5), dtype: Any = np.uint8) -> Dataset:
    draw = np.random.default_rng(0)
    split = np.array([("train", "train", "train", "test", "non_member")[i % 5] for i in range(n)])
    return Dataset(
        name="images",
        inputs=draw.integers(10, 200, (n, *shape)).astype(dtype),
        targets=np.arange(n) // 5 % 3,
        split=split,
        class_names=("a", "b", "c"),
        columns={"subject": np.arange(n) % 7},
        notes="Made for a test.",
    )


def changed_rows(before: Dataset, after: Dataset) -> Any:
    by_row = (before.inputs != after.inputs).reshape(len(before), -1).any(axis=1)
    return np.flatnonzero(by_row | (before.targets != after.targets))


def test_without_plantings_a_dataset_is_the_same_object() -> None:
    dataset = images()
    assert planted(dataset, ()) is dataset


@pytest.mark.parametrize("plantings", [*((one,) for one in EVERYTHING), EVERYTHING])
def test_only_marked_training_rows_change(plantings: tuple[Planting, ...]) -> None:
    before = images()
    untouched = before.fingerprint
    after = planted(before, plantings)
    marked = np.flatnonzero(after.columns["planted"] != "")
    check_dataset(after)
    assert set(changed_rows(before, after)) <= set(marked)
    assert set(marked) <= set(before.rows_of(Split.TRAIN))
    assert set(np.unique(after.columns["planted"][marked])) == {one.kind for one in plantings}
    assert np.array_equal(before.split, after.split)
    assert np.array_equal(before.columns["subject"], after.columns["subject"])
    assert (after.inputs.dtype, after.targets.dtype) == (before.inputs.dtype, before.targets.dtype)
    assert before.fingerprint == replace(before).fingerprint == untouched
    assert after.fingerprint != before.fingerprint
    assert after.name != before.name
    assert "on purpose" in after.notes


def test_it_repeats_and_a_seed_changes_it() -> None:
    first = planted(images(), EVERYTHING)
    assert planted(images(), EVERYTHING).fingerprint == first.fingerprint
    other = (SWAP.model_copy(update={"seed": 9}), BACKDOOR, CANARIES)
    assert planted(images(), other).fingerprint != first.fingerprint
    assert planted(images(), other).name != first.name


def test_labels_of_a_share_of_two_classes_are_swapped() -> None:
    before = images()
    after = planted(before, [SWAP])
    rows = planted_rows(after, "label-swap")
    assert np.array_equal(rows, changed_rows(before, after))
    assert np.array_equal(after.targets[rows], 1 - before.targets[rows])
    for label in (0, 1):
        of_class = before.rows_of(Split.TRAIN)
        of_class = of_class[before.targets[of_class] == label]
        assert (before.targets[rows] == label).sum() == round(0.25 * len(of_class))
    assert np.array_equal(before.inputs, after.inputs)


@pytest.mark.parametrize(
    ("corner", "down", "across"),
    [
        ("top-left", slice(0, 2), slice(0, 2)),
        ("top-right", slice(0, 2), slice(3, 5)),
        ("bottom-left", slice(4, 6), slice(0, 2)),
        ("bottom-right", slice(4, 6), slice(3, 5)),
    ],
)
def test_a_backdoor_is_a_square_in_a_corner_and_a_label(
    corner: Any, down: slice, across: slice
) -> None:
    before = images()
    after = planted(before, [BACKDOOR.model_copy(update={"corner": corner, "value": 250.0})])
    rows = planted_rows(after, "backdoor")
    others = before.rows_of(Split.TRAIN)
    others = others[before.targets[others] != 2]
    assert set(rows) <= set(others)
    assert len(rows) == round(0.2 * len(others))
    assert (after.targets[rows] == 2).all()
    assert (after.inputs[rows][:, :, down, across] == 250).all()
    rest = np.ones((6, 5), dtype=bool)
    rest[down, across] = False
    assert np.array_equal(after.inputs[rows][:, :, rest], before.inputs[rows][:, :, rest])


def test_the_trigger_is_the_largest_value_before_and_after_planting() -> None:
    before = images()
    after = planted(before, EVERYTHING)
    largest = before.inputs[before.split != "train"].max()
    for dataset in (before, after):
        inputs = triggered(dataset, BACKDOOR, np.zeros((1, 3, 6, 5), np.uint8))
        assert inputs.max() == largest
        assert (inputs == largest).sum() == 3 * 2 * 2


def test_triggered_test_rows_leave_out_the_wanted_class() -> None:
    after = planted(images(), [BACKDOOR])
    inputs, labels = triggered_test_rows(after, BACKDOOR)
    test = after.rows_of(Split.TEST)
    test = test[after.targets[test] != 2]
    assert np.array_equal(labels, after.targets[test])
    assert np.array_equal(inputs[:, :, :4], after.inputs[test][:, :, :4])
    assert len(np.unique(inputs[:, :, 4:, 3:])) == 1


def test_in_feature_rows_the_trigger_is_a_feature() -> None:
    before = images(shape=(4,), dtype=np.float32)
    backdoor = Backdoor(target=0, share=0.5, feature=3, value=-1.5)
    after = planted(before, [backdoor])
    rows = planted_rows(after, "backdoor")
    assert (after.inputs[rows, 3] == np.float32(-1.5)).all()
    assert np.array_equal(after.inputs[rows, :3], before.inputs[rows, :3])
    by_default = planted(before, [backdoor.model_copy(update={"value": None})])
    largest = before.inputs[before.split != "train", 3].max()
    assert (by_default.inputs[planted_rows(by_default, "backdoor"), 3] == largest).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_noise_stays_within_the_range_of_each_value(dtype: Any) -> None:
    before = images(dtype=dtype)
    before.inputs[:, 0, 0, 0] = 7
    after = planted(before, [CANARIES])
    rows = planted_rows(after, "canary")
    others = before.inputs[before.split != "train"]
    references, labels = reference_canaries(after, CANARIES)
    assert len(rows) == 6
    assert len(references) == len(labels) == 1000
    for noise in (after.inputs[rows], references):
        assert noise.dtype == dtype
        assert (noise >= others.min(axis=0)).all()
        assert (noise <= others.max(axis=0)).all()
        assert (noise[:, 0, 0, 0] == 7).all()
    assert set(labels) == {0, 1, 2}
    assert references.mean() == pytest.approx(others.mean(), rel=0.1)


def test_relabelled_canaries_keep_their_inputs() -> None:
    before = images()
    canaries = Canaries(count=6, form="relabelled")
    after = planted(before, [canaries])
    assert np.array_equal(before.inputs, after.inputs)
    references, _ = reference_canaries(after, canaries)
    known = {row.tobytes() for row in before.inputs[before.split != "train"]}
    assert {row.tobytes() for row in references} == known


def test_references_are_the_same_at_every_call_and_no_rows_of_the_data() -> None:
    after = planted(images(), [CANARIES])
    first, again = reference_canaries(after, CANARIES), reference_canaries(after, CANARIES)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert np.array_equal(reference_canaries(images(), CANARIES)[0], first[0])
    rows = {row.tobytes() for row in after.inputs}
    assert not rows & {row.tobytes() for row in first[0]}


def test_a_project_keeps_what_was_planted() -> None:
    source = {"plugin": "npz", "planted": [one.model_dump(mode="json") for one in EVERYTHING]}
    assert planted_in(source) == EVERYTHING
    assert planted_in({"plugin": "npz"}) == ()
    with pytest.raises(ProjectError, match="cannot read"):
        planted_in({"planted": [{"kind": "unheard of"}]})


@pytest.mark.parametrize(
    ("planting", "sentence"),
    [
        (LabelSwap(classes=(0, 3)), "no class 3; it has the classes 0 to 2"),
        (LabelSwap(classes=(0, 1), share=0.001), "is no row to swap"),
        (Backdoor(target=5), "no class 5"),
        (Backdoor(target=0, share=0.001), "is no row for the trigger"),
        (Backdoor(target=0, size=5), "5x5 pixels is too large for images of 6x5"),
        (Backdoor(target=0, size=99), "too large for images"),
        (Backdoor(target=0, value=0.5), "cannot be stored among inputs of type uint8"),
        (Backdoor(target=0, value=256), "whole numbers from 0 to 255"),
        (Canaries(count=72), "72 canaries would leave nothing of 72 training rows"),
    ],
)
def test_what_the_data_do_not_allow_is_one_sentence(planting: Planting, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as fault:
        planted(images(), [planting])
    assert fault.value.remedy
    assert fault.value.message.count(". ") == 0


def test_inputs_without_corners_and_features_have_no_trigger() -> None:
    with pytest.raises(DataError, match="not into inputs of shape"):
        planted(images(shape=(4, 5)), [BACKDOOR])
    with pytest.raises(DataError, match=r"feature 4, but the rows have the features 0 to 3"):
        planted(images(shape=(4,)), [Backdoor(target=0, feature=4)])


def test_a_column_of_the_same_name_is_not_overwritten() -> None:
    after = planted(images(), [SWAP])
    with pytest.raises(DataError, match="column 'planted' already"):
        planted(after, [CANARIES])


@pytest.mark.parametrize("share", [0, 1, -0.1, 2])
def test_a_share_is_neither_nothing_nor_everything(share: float) -> None:
    with pytest.raises(ValidationError):
        LabelSwap(classes=(0, 1), share=share)
    with pytest.raises(ValidationError):
        Backdoor(target=0, share=share)
