"""The built-in dataset sources: what they promise, and one sentence for every broken file."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.core.locations import BUILTIN_PLUGINS
from workbench.core.vocabulary import PluginKind
from workbench.plugin_api import DataError, Dataset, Split, UsageError, check_dataset
from workbench.registry import Registry

REGISTRY = Registry.discover()
REAL_DATA = Path(
    os.environ.get("WORKBENCH_TEST_DATA", BUILTIN_PLUGINS.parents[1] / "shared" / "data")
)
Save = Callable[..., Path]


def load(source: str, path: Path | None = None, **params: object) -> Dataset:
    one = REGISTRY.get(PluginKind.DATASET, source)
    dataset: Dataset = one.load().load(path, one.parse_params(params))
    return dataset


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(**arrays: Any) -> Path:
        path = tmp_path / "mine.npz"
        np.savez(path, **arrays)
        return path

    return write


def parts(**changes: Any) -> dict[str, Any]:
    """A small archive in parts; None leaves an array out."""
    generator = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for part, n in (("train", 60), ("test", 40)):
        arrays[f"x_{part}"] = generator.integers(256, size=(n, 6, 5), dtype=np.uint8)
        arrays[f"y_{part}"] = np.arange(n) % 4
    return {name: value for name, value in (arrays | changes).items() if value is not None}


def table(**changes: Any) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    arrays = {"x": generator.normal(size=(100, 7)), "y": np.arange(100) % 5} | changes
    return {name: value for name, value in arrays.items() if value is not None}


def counts(dataset: Dataset) -> dict[str, int]:
    return {
        str(name): int(n)
        for name, n in zip(*np.unique(dataset.split, return_counts=True), strict=True)
    }


# digits


def test_digits_are_complete_and_unchanged() -> None:
    from sklearn.datasets import load_digits

    dataset = load("digits")
    check_dataset(dataset)
    assert counts(dataset) == {"train": 900, "non_member": 500, "test": 397}
    assert dataset.inputs.dtype == np.uint8
    np.testing.assert_array_equal(dataset.inputs[:, 0], load_digits().images)
    np.testing.assert_array_equal(dataset.targets, load_digits().target)
    assert dataset.preprocessing.divide_by == 16
    assert not dataset.columns["noisy"].any()


def test_digits_are_repeatable_and_follow_their_seed() -> None:
    first, again, other = (load("digits", seed=seed, label_noise=0.1) for seed in (1, 1, 2))
    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_label_noise_is_in_members_and_non_members_alike_and_never_in_the_test_rows() -> None:
    dataset = load("digits", label_noise=0.3)
    noisy, truth = dataset.columns["noisy"], dataset.columns["true_class"]
    np.testing.assert_array_equal(noisy, dataset.targets != truth)
    for split, expected in ((Split.TRAIN, 270), (Split.NON_MEMBER, 150), (Split.TEST, 0)):
        assert noisy[dataset.rows_of(split)].sum() == expected
    assert "0.3" in dataset.notes
    assert "wrong label" in dataset.notes


def test_wrong_labels_are_uniform_over_the_other_classes() -> None:
    offsets: list[NDArray[Any]] = []
    for seed in range(5):
        dataset = load("digits", label_noise=0.9, seed=seed)
        offset = (dataset.targets - dataset.columns["true_class"]) % 10
        offsets.append(offset[dataset.columns["noisy"]])
    seen = np.bincount(np.concatenate(offsets), minlength=10)
    assert seen[0] == 0
    expected = seen.sum() / 9
    assert np.abs(seen[1:] - expected).max() < 4 * np.sqrt(expected)


def test_digits_refuse_a_path_and_too_many_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'digits' reads no file"):
        load("digits", tmp_path)
    with pytest.raises(DataError, match="leave none for testing"):
        load("digits", train_rows=1000, non_member_rows=797)
    with pytest.raises(UsageError, match="label_noise must be less than 1"):
        load("digits", label_noise=1)


# npz, well formed


def test_parts_keep_the_order_of_the_file(save: Save) -> None:
    arrays = parts()
    dataset = load("npz", save(**arrays))
    expected = np.concatenate([arrays["x_train"], arrays["x_test"]])[:, None]
    np.testing.assert_array_equal(dataset.inputs, expected)
    np.testing.assert_array_equal(dataset.targets, [*arrays["y_train"], *arrays["y_test"]])
    assert dataset.name == "mine"
    assert dataset.class_names == ("0", "1", "2", "3")
    assert dataset.preprocessing.divide_by == 255
    assert counts(dataset) == {"train": 60, "test": 20, "non_member": 20}
    assert (dataset.split[:60] == "train").all()


def test_non_members_are_taken_from_every_class_of_the_test_rows(save: Save) -> None:
    path = save(**parts())
    dataset = load("npz", path, non_member_share=0.3)
    apart = dataset.targets[dataset.rows_of(Split.NON_MEMBER)]
    assert np.bincount(apart).tolist() == [3, 3, 3, 3]
    assert "0.3" in dataset.notes
    assert load("npz", path, seed=0).fingerprint == load("npz", path, seed=0).fingerprint
    assert load("npz", path, seed=0).fingerprint != load("npz", path, seed=1).fingerprint


@pytest.mark.parametrize("part", ["val", "nonmember"])
def test_validation_rows_or_named_non_members_serve_as_they_are(save: Save, part: str) -> None:
    more = {f"x_{part}": np.full((9, 6, 5), 7, np.uint8), f"y_{part}": np.zeros(9, int)}
    dataset = load("npz", save(**parts(**more)))
    assert counts(dataset) == {"train": 60, "test": 40, "non_member": 9}
    assert (dataset.inputs[dataset.rows_of(Split.NON_MEMBER)] == 7).all()
    assert ("validation" in dataset.notes) == (part == "val")


def test_a_table_without_a_split_is_divided_class_by_class(save: Save) -> None:
    dataset = load("npz", save(**table()), test_share=0.4, non_member_share=0.5)
    assert counts(dataset) == {"train": 60, "test": 20, "non_member": 20}
    for split, each in ((Split.TRAIN, 12), (Split.TEST, 4), (Split.NON_MEMBER, 4)):
        assert np.bincount(dataset.targets[dataset.rows_of(split)]).tolist() == [each] * 5
    assert dataset.inputs.dtype == np.float32
    assert dataset.preprocessing.divide_by == 1


def test_a_split_in_the_file_is_kept(save: Save) -> None:
    split = np.array(["train", "val", "test", "train"] * 25)
    dataset = load("npz", save(**table(split=split)))
    np.testing.assert_array_equal(dataset.split == "train", split == "train")
    np.testing.assert_array_equal(dataset.split == "non_member", split == "val")


def test_other_arrays_become_columns(save: Save) -> None:
    people = np.arange(100) // 4
    names = np.array([f"p{person}" for person in people])
    extra = {"subject": people, "name": names.astype("S"), "age": people / 2, "other": np.eye(3)}
    dataset = load("npz", save(**table(**extra)))
    assert set(dataset.columns) == {"subject", "name", "age"}
    np.testing.assert_array_equal(dataset.columns["name"], names)
    in_parts = parts(subject_train=np.arange(60), subject_test=np.arange(40), age_train=people[:60])
    dataset = load("npz", save(**in_parts))
    assert set(dataset.columns) == {"subject"}
    np.testing.assert_array_equal(dataset.columns["subject"], [*range(60), *range(40)])


def test_the_target_may_have_any_name_and_stays_a_column(save: Save) -> None:
    people = np.arange(100) % 10
    dataset = load("npz", save(x=np.zeros((100, 3)), person=people), target="person")
    np.testing.assert_array_equal(dataset.targets, people)
    np.testing.assert_array_equal(dataset.columns["person"], people)


def test_class_names_come_from_the_file(save: Save) -> None:
    names = np.array(["a", "b", "c", "d", "e"])
    assert load("npz", save(**table(class_names=names))).class_names == tuple("abcde")


@pytest.mark.parametrize(
    ("stored", "layout", "expected"),
    [
        ((6, 5, 3), "auto", (3, 6, 5)),
        ((3, 6, 5), "auto", (3, 6, 5)),
        ((6, 5, 1), "auto", (1, 6, 5)),
        ((6, 5, 2), "channels_last", (2, 6, 5)),
        ((2, 6, 5), "channels_first", (2, 6, 5)),
        ((3, 6, 3), "channels_last", (3, 3, 6)),
        ((6, 5), "auto", (1, 6, 5)),
        ((4,), "auto", (4,)),
        ((), "auto", (1,)),
    ],
)
def test_images_are_stored_channels_first(
    save: Save, stored: tuple[int, ...], layout: str, expected: tuple[int, ...]
) -> None:
    x = np.arange(100 * int(np.prod(stored))).reshape(100, *stored).astype(np.float32)
    dataset = load("npz", save(**table(x=x)), layout=layout)
    assert dataset.input_shape == expected
    if len(stored) == 3 and expected[1:] == stored[:2]:
        np.testing.assert_array_equal(dataset.inputs[:, 1 % expected[0]], x[..., 1 % stored[2]])


def test_the_limit_keeps_random_rows_of_each_split_in_order(save: Save) -> None:
    path = save(**table(row=np.arange(100)))
    dataset = load("npz", path, limit=10)
    assert counts(dataset) == {"train": 10, "test": 10, "non_member": 10}
    kept = dataset.columns["row"]
    assert (np.diff(kept) > 0).all()
    everything = load("npz", path)
    np.testing.assert_array_equal(everything.split[kept], dataset.split)
    np.testing.assert_array_equal(everything.inputs[kept], dataset.inputs)


def test_scaling_is_declared_not_applied(save: Save) -> None:
    x = np.full((100, 3, 5, 5), 200, np.uint8)
    path = save(**table(x=x))
    dataset = load("npz", path, divide_by=2, mean=[1, 2, 3], std=[4])
    assert (dataset.inputs == 200).all()
    assert dataset.preprocessing.model_dump() == {
        "divide_by": 2.0,
        "mean": (1.0, 2.0, 3.0),
        "std": (4.0,),
    }
    with pytest.raises(DataError, match="mean has 2 values for 3 channels"):
        load("npz", path, mean=[1, 2])


# npz, broken


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        (parts(y_test=None), "'mine.npz' has no array 'y_test'"),
        (parts(x_test=None), "has no array 'x_test'"),
        (parts(y_train=np.zeros(59, int)), "'x_train' has 60 rows but 'y_train' has 59"),
        (parts(x_test=np.zeros((40, 9, 9))), "rows of x_test have shape (9, 9), those of x_train"),
        (parts(x_val=np.zeros((2, 6, 5))), "has no array 'y_val'"),
        (table(x=None), "neither an array 'x_train' nor 'x', only: y"),
        (table(y=None), "has no array 'y'"),
        (table(x=np.float64(3)), "'x' is one value, not rows"),
        (table(x=np.array(["a"] * 100)), "the inputs hold <U1 values, not numbers"),
        (table(x=np.full((100, 2), np.nan)), "100 rows hold NaN or infinite values"),
        (table(x=np.full((100, 2), 1e300)), "100 rows hold NaN or infinite values"),
        (table(x=np.zeros((100, 5, 5, 5))), "do not show where their channels are"),
        (table(x=np.zeros((100, 3, 5, 3))), "do not show where their channels are"),
        (table(y=np.arange(100) / 2), "the labels 'y' are not one integer a row (type float64"),
        (table(y=np.array(["cat"] * 100)), "the labels 'y' are not one integer a row"),
        (table(y=np.eye(100, dtype=int)), "the labels 'y' are not one integer a row"),
        (table(y=np.arange(100) - 1), "row 0 has label -1"),
        (table(y=np.arange(100) * 1000), "labels reach 99000, more than there are rows"),
        (table(class_names=np.array(["a"])), "row 1 has label 1, outside the 1 classes"),
        (table(split=np.array(["train"] * 99)), "'x' has 100 rows but 'split' has 99"),
        (table(split=np.array(["learn"] * 100)), "'split' holds the unknown word 'learn'"),
        (table(split=np.arange(100)), "'split' does not hold one word a row"),
        (table(split=np.array(["train"] * 100)), "has no test rows"),
        (table(loss=np.zeros(100)), "the array name 'loss' is reserved"),
        (table(x=np.zeros((0, 2)), y=np.zeros(0, int)), "has no rows"),
        (table(y=np.arange(100)), "has no test rows"),
        ({}, "only: nothing"),
    ],
)
def test_every_fault_of_a_file_is_one_sentence(
    save: Save, arrays: dict[str, Any], expected: str
) -> None:
    with pytest.raises(DataError) as caught:
        load("npz", save(**arrays))
    assert expected in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.message.endswith(".")
    assert caught.value.remedy


def test_python_objects_are_refused_unread(save: Save) -> None:
    with pytest.raises(DataError, match="'y' is damaged or holds Python objects"):
        load("npz", save(**table(y=np.array([{}] * 100, dtype=object))))


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x89HDF\r\n\x1a\n"])
def test_files_of_other_kinds(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"'weights\.npz' is not an \.npz file"):
        load("npz", path)


def test_an_archive_without_arrays(tmp_path: Path) -> None:
    path = tmp_path / "letters.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", "hello")
    with pytest.raises(DataError, match="neither an array 'x_train' nor 'x', only: nothing"):
        load("npz", path)


def test_a_damaged_archive(save: Save) -> None:
    path = save(**table())
    content = bytearray(path.read_bytes())
    content[300:400] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(DataError, match="'x' is damaged"):
        load("npz", path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        load("npz", tmp_path / "none.npz")
    with pytest.raises(DataError, match="'npz' needs a file"):
        load("npz")


# npz, real files


def real(name: str) -> Path:
    path = REAL_DATA / name
    if not path.is_file():
        pytest.skip(f"real data {name} is not in {REAL_DATA}")
    return path


def test_fashion_mnist() -> None:
    dataset = load("npz", real("fashion_mnist/fashion_mnist.npz"), limit=500)
    assert dataset.input_shape == (1, 28, 28)
    assert dataset.n_classes == 10
    assert counts(dataset) == {"train": 500, "test": 500, "non_member": 500}


def test_faces_have_the_person_as_class_and_as_subject() -> None:
    dataset = load("npz", real("olivetti/olivetti_64.npz"), target="person")
    assert dataset.input_shape == (1, 64, 64)
    assert dataset.n_classes == 40
    np.testing.assert_array_equal(dataset.columns["person"], dataset.targets)
    for split, each in ((Split.TRAIN, 6), (Split.TEST, 2), (Split.NON_MEMBER, 2)):
        assert np.bincount(dataset.targets[dataset.rows_of(split)]).tolist() == [each] * 40


def test_chest_radiographs_bring_their_validation_rows() -> None:
    dataset = load("npz", real("pneumoniamnist/pneumoniamnist_full.npz"))
    assert counts(dataset) == {"train": 4708, "test": 624, "non_member": 524}
    assert dataset.n_classes == 2
