"""Checks of a forget set before anything is computed with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.dataset import Dataset
from workbench.core.errors import DataError
from workbench.core.hashing import hash_array
from workbench.core.selection import select
from workbench.core.vocabulary import Split
from workbench.core.where import parse_where

Rows = NDArray[np.int64]

MIN_NON_MEMBERS = 2
SUBJECT = "subject"  # column that names whom a row is of
_SHOWN_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Twins:
    """Forget rows whose content also occurs elsewhere: they look remembered after retraining too.

    `split` is where the other copies are, `count` how many forget rows have one, and `pairs` the
    first few (forget row, other row).
    """

    split: Split
    count: int
    pairs: tuple[tuple[int, int], ...]


def rows_by_split(dataset: Dataset, forget_rows: Rows) -> dict[Split, Rows]:
    """Ascending row ids of every split, TRAIN parted into FORGET and RETAIN."""
    train = dataset.rows_of(Split.TRAIN)
    forget = np.unique(forget_rows).astype(np.int64)
    return {
        Split.TRAIN: train,
        Split.FORGET: forget,
        Split.RETAIN: np.setdiff1d(train, forget, assume_unique=True),
        Split.TEST: dataset.rows_of(Split.TEST),
        Split.NON_MEMBER: dataset.rows_of(Split.NON_MEMBER),
    }


def check_forget_rows(dataset: Dataset, rows: Rows) -> None:
    """Raise DataError with one plain sentence for the first thing that makes `rows` unusable."""
    n = len(dataset)
    if len(rows) == 0:
        raise DataError("The forget set is empty.", remedy="Choose at least one training row.")
    absent = rows[(rows < 0) | (rows >= n)]
    if len(absent):
        raise DataError(
            f"Dataset {dataset.name!r} has no {_named(absent)}; it has rows 0 to {n - 1}.",
            remedy="Correct the row numbers.",
        )
    values, counts = np.unique(rows, return_counts=True)
    if (counts > 1).any():
        raise DataError(
            f"The forget set names {_named(values[counts > 1])} more than once.",
            remedy="Name every row once.",
        )
    train = dataset.rows_of(Split.TRAIN)
    outside = np.setdiff1d(rows, train)
    if len(outside):
        raise DataError(
            f"The forget set holds {_named(outside)}, which the model was not trained on.",
            remedy="Choose training rows only.",
        )
    if len(rows) == len(train):
        raise DataError(
            "The forget set is the whole training set, so nothing is left to retrain on.",
            remedy="Leave rows to retain.",
        )


def content_hashes(dataset: Dataset) -> NDArray[np.str_]:
    """Hash of the stored input of every row (n,), whatever its label."""
    return np.array([hash_array(row) for row in dataset.inputs])


def find_twins(
    dataset: Dataset, forget_rows: Rows, content: NDArray[np.str_] | None = None
) -> tuple[Twins, ...]:
    """Exact copies of forget inputs among retain, test and non-member rows; empty if none.

    Rows are compared by the hash of their stored input, whatever their label; `content` holds
    these if they are known. This is a finding and not an error: whoever asked to be forgotten
    cannot help having a twin.
    """
    splits = rows_by_split(dataset, forget_rows)
    content = content_hashes(dataset) if content is None else content
    by_content: dict[str, list[int]] = {}
    for row in splits[Split.FORGET]:
        by_content.setdefault(str(content[row]), []).append(int(row))
    found = []
    for split in (Split.RETAIN, Split.TEST, Split.NON_MEMBER):
        pairs = [
            (forgotten, int(row))
            for row in splits[split]
            for forgotten in by_content.get(str(content[row]), ())
        ]
        if pairs:
            pairs.sort()
            count = len({forgotten for forgotten, _ in pairs})
            found.append(Twins(split, count, tuple(pairs[:_SHOWN_PAIRS])))
    return tuple(found)


def duplicate_findings(dataset: Dataset) -> list[str]:
    """One plain sentence for each kind of exact duplicate, compared by the stored input.

    Copies of training rows among test or non-member rows make the model look better, and every
    membership attack worse, than it is.
    """
    content = content_hashes(dataset)
    train = content[dataset.rows_of(Split.TRAIN)]
    found = []
    repeated = len(train) - len(np.unique(train))
    if repeated:
        found.append(f"{repeated} training rows repeat another training row.")
    for split in (Split.TEST, Split.NON_MEMBER):
        leaked = int(np.isin(content[dataset.rows_of(split)], train).sum())
        if leaked:
            found.append(f"{leaked} {split} rows are also training rows.")
    return found


def matched_non_members(dataset: Dataset, forget_rows: Rows, where: str = "") -> Rows:
    """Non-members to hold the forget rows against: only like compared with like shows leakage.

    Those of the classes in the forget set, or those that the rule `where` names (for a forget set
    that is set apart by more than its classes, such as one subject).
    """
    pool = dataset.rows_of(Split.NON_MEMBER)
    if where:
        return pool[select(parse_where(where), columns_of(dataset, pool))]
    return pool[np.isin(dataset.targets[pool], np.unique(dataset.targets[forget_rows]))]


def non_member_shortage(non_members: Rows) -> str:
    """Why membership cannot be tested against these rows at all; empty if it can."""
    n = len(non_members)
    if n >= MIN_NON_MEMBERS:
        return ""
    return (
        f"A membership test needs at least {MIN_NON_MEMBERS} non-member rows comparable with the "
        f"forget set, there {'is' if n == 1 else 'are'} {n}."
    )


def subjects_sharing_rows(dataset: Dataset, forget_rows: Rows) -> NDArray[np.int64] | None:
    """Subject of every row of the dataset as a number (n,), if one owns several forget rows.

    None if none does, or if the dataset has no column "subject": then rows are independent.
    """
    values = dataset.columns.get(SUBJECT)
    if values is None or len(np.unique(values[forget_rows])) == len(np.unique(forget_rows)):
        return None
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def columns_of(dataset: Dataset, rows: Rows) -> dict[str, NDArray[Any]]:
    """What a rule may ask about these rows: "class", "row" and the dataset's metadata."""
    columns = {name: values[rows] for name, values in dataset.columns.items()}
    return columns | {"class": dataset.targets[rows], "row": rows}


def _named(rows: Rows) -> str:
    """The first rows in words: "row 3", "rows 3 and 5", "rows 3, 5, 8 and 4 more"."""
    shown = [str(row) for row in rows[:3]]
    more = len(rows) - len(shown)
    if more:
        shown.append(f"{more} more")
    if len(shown) == 1:
        return f"row {shown[0]}"
    return f"rows {', '.join(shown[:-1])} and {shown[-1]}"
