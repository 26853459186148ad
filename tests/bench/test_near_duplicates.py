"""The search for near twins of forget rows against a plain loop over all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from audit_case import Rows, random_dataset
from figures import Figures
from numpy.typing import NDArray
from timing import interleave, timed

from workbench.audit.duplicates import (
    MAX_HAMMING,
    MIN_COSINE,
    Duplicates,
    _Pictures,
    find_duplicates,
)
from workbench.audit.guards import content_hashes, rows_by_split
from workbench.core.dataset import Dataset
from workbench.core.vocabulary import Split

pytestmark = pytest.mark.bench

SECTION = "duplicates"
N, FORGET = 50_000, 1_000
LOOPED = 20  # forget rows that the plain loop affords
PLANTED = 10  # retain rows that are nearly a forget row
FEATURES = 64
ROUNDS = 3
ELSEWHERE = (Split.RETAIN, Split.TEST, Split.NON_MEMBER)


def rows_with_twins() -> tuple[Dataset, NDArray[np.float32], Rows]:
    """Noise, features of it, and forget rows of which some have a near twin."""
    dataset = random_dataset(N, (1, 16, 16))
    rng = np.random.default_rng(0)
    features = rng.normal(size=(N, FEATURES)).astype(np.float32)
    forget = np.arange(FORGET)
    twins = FORGET + np.arange(PLANTED)
    inputs, targets = dataset.inputs.copy(), dataset.targets.copy()
    inputs[twins] = inputs[:PLANTED]
    inputs[twins, 0, 0, 0] ^= 1
    targets[twins] = targets[:PLANTED]
    features[twins] = features[:PLANTED] + 0.01
    return replace(dataset, inputs=inputs, targets=targets), features, forget


def plain_loop(
    forget: Rows,
    others: Sequence[Rows],
    targets: Sequence[int],
    features: NDArray[np.float32],
    hashes: Sequence[int],
) -> tuple[set[int], set[int]]:
    """Forget rows with a near twin in each group of others: by their picture, by their features."""
    by_picture, by_features = set(), set()
    for row in forget.tolist():
        for group in others:
            for other in group.tolist():
                if (hashes[row] ^ hashes[other]).bit_count() <= MAX_HAMMING:
                    by_picture.add(row)
                if targets[row] == targets[other] and features[row] @ features[other] >= MIN_COSINE:
                    by_features.add(row)
    return by_picture, by_features


def found_in(found: Duplicates) -> tuple[set[int], set[int]]:
    """The same of the search, among retain rows."""
    picture, features = found.near
    return set(picture.rows), set(features.rows)


def test_near_twins(figures: Figures) -> None:
    dataset, features, forget = rows_with_twins()
    splits = rows_by_split(dataset, forget)
    bits = _Pictures(dataset).vectors(np.arange(N)) > 0
    hashes = [int.from_bytes(packed.tobytes(), "big") for packed in np.packbits(bits, axis=1)]
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    targets = dataset.targets.tolist()
    others = [splits[split] for split in ELSEWHERE]
    some = forget[:LOOPED]

    def loop() -> tuple[set[int], set[int]]:
        return plain_loop(some, others, targets, unit, hashes)

    def search() -> Duplicates:
        return find_duplicates(dataset, forget, features)

    found = search()
    assert all(near.tells for near in found.near)
    planted = set(range(PLANTED))
    assert found_in(found) == (planted, planted)
    assert plain_loop(some, [splits[Split.RETAIN]], targets, unit, hashes) == (planted, planted)

    measured = interleave(
        ROUNDS,
        {
            "search": timed(search),
            "hashes": timed(lambda: content_hashes(dataset)),
            "loop": timed(loop),
        },
    )
    of = f"{FORGET:,} forget rows among {N:,}:"
    looped = measured["loop"].times(FORGET / LOOPED)
    figures.add(SECTION, f"{of} search for twins", "s", measured["search"])
    figures.add(
        SECTION,
        f"{of} hashes of all rows / search",
        "ratio",
        measured["hashes"].over(measured["search"]),
        note="what the search for exact copies takes of it",
    )
    figures.add(
        SECTION,
        f"{of} plain double loop / search",
        "ratio",
        looped.over(measured["search"]),
        note=f"the loop over {LOOPED} forget rows scaled up; its hashes were made before",
    )
