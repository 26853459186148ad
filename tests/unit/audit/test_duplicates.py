from __future__ import annotations

import json

import numpy as np
import pytest

from workbench.audit import duplicates
from workbench.audit.duplicates import (
    MAX_HAMMING,
    MAX_SCALED_DISTANCE,
    MAX_USUAL,
    duplicates_in_words,
    duplicates_record,
    find_duplicates,
    twins_in_words,
)
from workbench.core.dataset import Dataset
from workbench.core.vocabulary import Split

SPLITS = np.repeat(["train", "test", "non_member"], [300, 60, 60])
FORGET = np.arange(20)


def of_inputs(inputs: np.ndarray, targets: np.ndarray | None = None) -> Dataset:
    n = len(inputs)
    return Dataset(
        name="toy",
        inputs=inputs,
        targets=np.arange(n) % 3 if targets is None else targets,
        split=SPLITS,
        class_names=("a", "b", "c"),
    )


def pictures(seed: int = 0, shape: tuple[int, ...] = (3, 16, 16)) -> np.ndarray:
    """Pictures with structure at the scale that the hash looks at."""
    coarse = np.random.default_rng(seed).integers(0, 256, (420, *shape[:-2], 8, 8))
    return coarse.repeat(2, axis=-1).repeat(2, axis=-2).astype(np.uint8)


def table(seed: int = 0, columns: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(5, 3, (420, columns)).astype(np.float32)


def found_in(one, split: Split):
    return next((twins for twins in one.found if twins.split is split), None)


@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 16, 16), (16, 16)])
def test_changed_pictures_are_near_twins_in_every_split(shape) -> None:
    inputs = pictures(shape=shape)
    noise = np.random.default_rng(1).integers(-6, 7, inputs[:3].shape)
    for row, copy in ((0, 250), (1, 310), (2, 370)):
        inputs[copy] = np.clip(inputs[row] * 0.9 + noise[row], 0, 255).astype(np.uint8)
    found = find_duplicates(of_inputs(inputs), FORGET)
    (by_hash,) = found.near
    assert by_hash.tells
    assert found.exact == ()
    assert found_in(by_hash, Split.RETAIN).pairs == ((0, 250),)
    assert found_in(by_hash, Split.TEST).pairs == ((1, 310),)
    assert found_in(by_hash, Split.NON_MEMBER).pairs == ((2, 370),)
    assert found.in_retain == (0,)


def test_the_hash_counts_bits_as_a_plain_loop_does() -> None:
    dataset = of_inputs(pictures(2))
    by_hash = duplicates._Pictures(dataset)
    grey = dataset.inputs.astype(float).mean(axis=1)
    rows = np.arange(12)
    bits = []
    for row in rows:
        cells = np.zeros((8, 9))
        for i in range(8):
            for j in range(9):  # each cell covers 2 rows and 16 / 9 columns of pixels
                left, right = j * 16 / 9, (j + 1) * 16 / 9
                for x in range(16):
                    part = max(0.0, min(right, x + 1) - max(left, x))
                    cells[i, j] += part * grey[row, 2 * i : 2 * i + 2, x].sum() * 9 / 32
        bits.append([cells[i, j] > cells[i, j + 1] for i in range(8) for j in range(8)])
    expected = (np.array(bits)[:, None] == np.array(bits)[None]).sum(axis=2)
    vectors = by_hash.vectors(rows)
    np.testing.assert_array_equal(by_hash.between(vectors, vectors), expected)
    assert by_hash.limit == 64 - MAX_HAMMING


def test_rows_of_a_table_are_near_twins_within_a_scaled_distance() -> None:
    inputs = table()
    inputs[:, 5] = 7  # never changes, so it counts for nothing
    spread = inputs[:, :5].std(axis=0)
    inputs[200, :5] = inputs[0, :5] + 0.04 * spread
    inputs[201, :5] = inputs[1, :5] + 0.06 * spread
    (by_distance,) = find_duplicates(of_inputs(inputs), FORGET).near
    assert by_distance.tells
    assert found_in(by_distance, Split.RETAIN).pairs == ((0, 200),)
    assert found_in(by_distance, Split.TEST) is None


def test_distances_are_those_of_a_plain_loop() -> None:
    dataset = of_inputs(table(3))
    by_distance = duplicates._Values(dataset)
    scaled = dataset.inputs.astype(np.float64) / dataset.inputs.std(axis=0, dtype=np.float64)
    rows = np.arange(7)
    expected = np.sqrt(((scaled[rows, None] - scaled[None, rows]) ** 2).mean(axis=2))
    vectors = by_distance.vectors(rows)
    np.testing.assert_allclose(-by_distance.between(vectors, vectors), expected, atol=1e-7)
    assert by_distance.limit == -MAX_SCALED_DISTANCE


def test_exact_copies_are_no_near_twins_and_are_left_out_too() -> None:
    inputs = table()
    inputs[200] = inputs[4]
    found = find_duplicates(of_inputs(inputs), FORGET)
    assert [twins.pairs for twins in found.exact] == [((4, 200),)]
    assert found.near[0].found == ()
    assert found.in_retain == (4,)
    np.testing.assert_array_equal(found.twinned, [4])


def test_embeddings_tell_twins_of_the_same_class_only() -> None:
    embedding = np.random.default_rng(4).normal(size=(420, 32)).astype(np.float32)
    embedding[201] = 3 * embedding[0] + 0.1  # row 201 is of the class of row 0
    embedding[202] = embedding[1] * 2  # row 202 is of another class than row 1 is
    targets = np.arange(420) % 3
    targets[202] = (targets[1] + 1) % 3
    found = find_duplicates(of_inputs(table(), targets), FORGET, embedding)
    by_embedding = found.near[1]
    assert by_embedding.tells
    assert found_in(by_embedding, Split.RETAIN).pairs == ((0, 201),)
    assert found.in_retain == (0,)


def test_an_embedding_that_collapsed_its_classes_tells_nothing() -> None:
    targets = np.arange(420) % 3
    noise = np.random.default_rng(4).normal(size=(420, 8))
    embedding = 10 * np.eye(8)[targets] + 0.1 * noise
    found = find_duplicates(of_inputs(table(), targets), FORGET, embedding)
    by_embedding = found.near[1]
    assert by_embedding.usual == 1
    assert not by_embedding.tells
    assert found_in(by_embedding, Split.RETAIN).count == len(FORGET)
    assert found.in_retain == (), "what cannot tell twins leaves no row out"
    (sentence,) = duplicates_in_words(found)
    assert "cannot be told by cosine" in sentence
    assert "100 of 100" in sentence
    assert list(twins_in_words(found)) == []


def test_pictures_that_all_look_alike_tell_nothing() -> None:
    inputs = np.zeros((420, 1, 8, 8), np.uint8)
    inputs[:, 0, 3, 3] = np.arange(420) % 251
    (by_hash,) = find_duplicates(of_inputs(inputs), FORGET).near
    assert by_hash.usual > MAX_USUAL
    assert not by_hash.tells


def test_what_is_usual_counts_retain_rows_with_another_different_one() -> None:
    inputs = table()
    inputs[100:110] = inputs[110:120] + 1e-3
    inputs[150:200] = inputs[150]  # copies of one row say nothing about different rows
    (by_distance,) = find_duplicates(of_inputs(inputs), FORGET).near
    # 20 of 231 different retain rows have a partner, and 200 of them are asked
    assert by_distance.usual == pytest.approx(20 / 231, abs=0.02)


def test_every_pair_of_blocks_is_looked_at(monkeypatch) -> None:
    embedding = np.random.default_rng(4).normal(size=(420, 16))
    dataset = of_inputs(pictures())
    whole = find_duplicates(dataset, FORGET, embedding)
    monkeypatch.setattr(duplicates, "_PAIRS_AT_ONCE", 50)
    monkeypatch.setattr(duplicates, "_ROWS_AT_ONCE", 7)
    assert find_duplicates(dataset, FORGET, embedding) == whole
    likeness = duplicates._Embeddings(embedding)
    rows, others = np.arange(0, 20), np.arange(10, 420)
    best, partner = duplicates._closest(likeness, dataset.targets, rows, others)
    for row, value, other in zip(rows, best, partner, strict=True):
        same = [o for o in others if o != row and dataset.targets[o] == dataset.targets[row]]
        a = embedding[row] / np.linalg.norm(embedding[row])
        cosines = [a @ embedding[o] / np.linalg.norm(embedding[o]) for o in same]
        assert value == pytest.approx(max(cosines), abs=1e-6)
        assert other == same[int(np.argmax(cosines))]


@pytest.mark.parametrize("dead", [0, 5])
def test_rows_without_an_embedding_are_like_nothing(dead) -> None:
    embedding = np.random.default_rng(4).normal(size=(420, 16))
    embedding[dead] = 0
    embedding[204] = 0
    found = find_duplicates(of_inputs(table()), FORGET, embedding)
    assert found.near[1].found == ()


def test_a_class_or_a_set_without_company_is_no_fault() -> None:
    targets = np.zeros(420, np.int64)
    targets[0] = 1
    embedding = np.random.default_rng(4).normal(size=(420, 16))
    assert find_duplicates(of_inputs(table(), targets), FORGET, embedding).in_retain == ()
    all_but_one = np.arange(299)
    found = find_duplicates(of_inputs(table()), all_but_one, embedding)
    assert found.near[0].usual is None
    assert not found.near[0].tells


def test_constant_rows_are_compared_without_a_warning() -> None:
    found = find_duplicates(of_inputs(np.ones((420, 4), np.float32)), FORGET)
    assert found.near[0].usual is None
    assert len(found.in_retain) == len(FORGET), "they are exact copies"


def test_findings_are_words_and_data_that_show_no_row() -> None:
    inputs = table()
    inputs[200] = inputs[4]
    inputs[201:215] = inputs[5:19] + 1e-3
    found = find_duplicates(of_inputs(inputs), FORGET)
    record = json.loads(json.dumps(duplicates_record(found)))
    assert record["without_twins_leaves_out"] == 15
    assert record["exact"][0]["first_pairs"] == [[4, 200]]
    (near,) = record["near"]
    assert near["found"][0]["forget_rows"] == 14
    assert len(near["found"][0]["first_pairs"]) == 10
    exact, close, so = duplicates_in_words(found)
    assert exact.startswith("1 forget row has an exact copy among the retain rows.")
    assert close.startswith("14 forget rows have near twins among the retain rows by scaled")
    assert "with and without them" in so
