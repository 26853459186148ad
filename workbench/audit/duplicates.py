"""Rows nearly equal to forget rows: they look remembered after retraining without them too.

Three criteria of likeness look for them, each with a fixed limit: the cosine of embeddings under
the original model, a difference hash of pictures (Krawetz 2013), and the scaled distance of other
rows. What such a limit means depends on the data: a network that has collapsed its classes gives
nearly all rows of a class a cosine above any limit, and pictures of digits share many hashes. So
each criterion is first asked how often it calls two ordinary retain rows alike. Where that is
common it cannot tell twins, says so, and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import Rows, Twins, content_hashes, find_twins, rows_by_split
from workbench.core.dataset import Dataset
from workbench.core.pictures import is_image
from workbench.core.vocabulary import Split

MIN_COSINE = 0.95
MAX_HAMMING = 6  # of 64 bits
MAX_SCALED_DISTANCE = 0.05  # root mean square over columns, in standard deviations
MAX_USUAL = 0.05  # our choice: share of ordinary rows with a partner above which nothing is told
WITHOUT_TWINS = "without twins"  # group of a metric that leaves out forget rows with a twin

_ELSEWHERE = (Split.RETAIN, Split.TEST, Split.NON_MEMBER)
_SPLIT_NAMES = {Split.RETAIN: "retain", Split.TEST: "test", Split.NON_MEMBER: "non-member"}
_SIDE = 8  # of the difference hash
_BITS = _SIDE * _SIDE
_SAMPLED = 200  # retain rows that tell what is usual
_SHOWN_PAIRS, _NAMED_PAIRS = 10, 3
_PAIRS_AT_ONCE = 4_000_000
_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class NearTwins:
    """What one criterion says of the forget rows.

    `usual` is the share of ordinary retain rows with another, different retain row as close;
    None if there are not two to compare. `found` counts forget rows with a near twin that is no
    exact copy, and `rows` are the forget rows with one among the retain rows.
    """

    criterion: str
    usual: float | None
    found: tuple[Twins, ...]
    rows: tuple[int, ...]

    @property
    def tells(self) -> bool:
        """Whether the criterion sets twins apart from rows that are merely alike."""
        return self.usual is not None and self.usual <= MAX_USUAL


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Exact and near copies of forget rows among retain, test and non-member rows."""

    exact: tuple[Twins, ...]
    near: tuple[NearTwins, ...]
    in_retain: tuple[int, ...]

    @property
    def twinned(self) -> Rows:
        """Forget rows (k,) with an exact copy or a near twin among the retain rows."""
        return np.asarray(self.in_retain, dtype=np.int64)


class _Likeness(Protocol):
    name: str
    limit: float
    within_class: bool

    def vectors(self, rows: Rows) -> NDArray[Any]:
        """What is compared of these rows, (k, d)."""
        ...

    def between(self, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        """(k, m) of vectors (k, d) and (m, d); larger is more alike, from `limit` on twins."""
        ...


def find_duplicates(
    dataset: Dataset, forget_rows: Rows, embedding: NDArray[Any] | None = None
) -> Duplicates:
    """Look for exact and near copies of the forget rows; `embedding` (n, d) of the original model.

    A finding and not an error, like `find_twins`. Near copies are looked for among rows of the
    same class by the embedding, else among all rows. Nothing is drawn at random but the sample
    of retain rows, whose seed is fixed: the same rows always have the same twins.
    """
    splits = rows_by_split(dataset, forget_rows)
    content = content_hashes(dataset)
    near = tuple(_near(one, dataset, splits, content) for one in _criteria(dataset, embedding))
    forget = splits[Split.FORGET]
    in_retain = set(forget[_copied(content, forget, splits[Split.RETAIN])].tolist())
    in_retain.update(row for one in near if one.tells for row in one.rows)
    return Duplicates(find_twins(dataset, forget_rows, content), near, tuple(sorted(in_retain)))


def duplicates_record(found: Duplicates) -> dict[str, Any]:
    """Counts, limits and the first pairs of row numbers as JSON data; no content of any row."""
    return {
        "without_twins_leaves_out": len(found.in_retain),
        "exact": [_twins_record(one) for one in found.exact],
        "near": [
            {
                "criterion": one.criterion,
                "usual": one.usual,
                "tells": one.tells,
                "found": [_twins_record(twins) for twins in one.found],
            }
            for one in found.near
        ],
    }


def duplicates_in_words(found: Duplicates) -> list[str]:
    """Every finding, what cannot tell twins, and what follows from it, a sentence each."""
    sentences = [*twins_in_words(found)]
    sentences += [
        f"Near twins cannot be told by {near.criterion}: {_of_hundred(near.usual)} ordinary "
        "retain rows have another one as close."
        for near in found.near
        if near.usual is not None and not near.tells
    ]
    if found.in_retain:
        them = "it" if len(found.in_retain) == 1 else "them"
        sentences.append(
            f"{_forget_rows(len(found.in_retain)).capitalize()} with a twin among the retain rows: "
            f"forget accuracy and membership AUC are given with and without {them}."
        )
    return sentences


def twins_in_words(found: Duplicates) -> Iterator[str]:
    """A sentence for the exact copies in each split, and for near twins that can be told."""
    for twins in found.exact:
        verb = "has an exact copy" if twins.count == 1 else "have exact copies"
        yield (
            f"{_forget_rows(twins.count).capitalize()} {verb} among the "
            f"{_SPLIT_NAMES[twins.split]} rows. Such rows look remembered after retraining too."
        )
    for near in filter(lambda one: one.tells, found.near):
        for twins in near.found:
            verb = "has a near twin" if twins.count == 1 else "have near twins"
            pairs = ", ".join(f"{row} and {other}" for row, other in twins.pairs[:_NAMED_PAIRS])
            yield (
                f"{_forget_rows(twins.count).capitalize()} {verb} among the "
                f"{_SPLIT_NAMES[twins.split]} rows by {near.criterion}, as "
                f"{_of_hundred(near.usual or 0.0)} ordinary retain rows have; first pairs of rows: "
                f"{pairs}."
            )


def _of_hundred(share: float) -> str:
    return f"{100 * share:.3g} of 100"


def _forget_rows(count: int) -> str:
    return f"{count} forget row{'' if count == 1 else 's'}"


def _twins_record(twins: Twins) -> dict[str, Any]:
    return {
        "split": str(twins.split),
        "forget_rows": twins.count,
        "first_pairs": [list(pair) for pair in twins.pairs],
    }


def _criteria(dataset: Dataset, embedding: NDArray[Any] | None) -> Iterator[_Likeness]:
    yield _Pictures(dataset) if is_image(dataset.input_shape) else _Values(dataset)
    if embedding is not None:
        yield _Embeddings(embedding)


def _near(
    likeness: _Likeness, dataset: Dataset, splits: dict[Split, Rows], content: NDArray[np.str_]
) -> NearTwins:
    targets, forget = dataset.targets, splits[Split.FORGET]
    usual = _usual(likeness, targets, splits[Split.RETAIN], content)
    found, in_retain = [], ()
    for split in _ELSEWHERE:
        single = forget[~_copied(content, forget, splits[split])]
        closest, partners = _closest(likeness, targets, single, splits[split])
        alike = closest >= likeness.limit
        rows = tuple(single[alike].tolist())
        if rows:
            pairs = tuple(zip(rows, partners[alike].tolist(), strict=True))
            found.append(Twins(split, len(rows), pairs[:_SHOWN_PAIRS]))
        if split is Split.RETAIN:
            in_retain = rows
    return NearTwins(likeness.name, usual, tuple(found), in_retain)


def _usual(
    likeness: _Likeness, targets: NDArray[np.int64], retain: Rows, content: NDArray[np.str_]
) -> float | None:
    """Share of sampled retain rows, exact copies set aside, with a partner among the others."""
    _, first = np.unique(content[retain], return_index=True)
    different = retain[np.sort(first)]
    if len(different) < 2:
        return None
    draw = np.random.Generator(np.random.PCG64(0))
    size = min(_SAMPLED, len(different))
    sample = np.sort(draw.choice(different, size=size, replace=False))
    closest, _ = _closest(likeness, targets, sample, different)
    return float((closest >= likeness.limit).mean())


def _copied(content: NDArray[np.str_], rows: Rows, others: Rows) -> NDArray[np.bool_]:
    """Which of `rows` (k,) have an exact copy among `others`."""
    return np.isin(content[rows], content[others])


def _closest(
    likeness: _Likeness, targets: NDArray[np.int64], rows: Rows, others: Rows
) -> tuple[NDArray[Any], Rows]:
    """Likeness (k,) of each row to the closest of the others but itself, and that one (k,).

    -inf and -1 where there is none.
    """
    best = np.full(len(rows), -np.inf)
    partner = np.full(len(rows), -1, dtype=np.int64)
    if not likeness.within_class:
        _improve(likeness, rows, others, best, partner, np.arange(len(rows)))
        return best, partner
    for label in np.unique(targets[rows]):
        own = np.flatnonzero(targets[rows] == label)
        _improve(likeness, rows, others[targets[others] == label], best, partner, own)
    return best, partner


def _improve(
    likeness: _Likeness,
    rows: Rows,
    others: Rows,
    best: NDArray[Any],
    partner: Rows,
    own: NDArray[np.int64],
) -> None:
    """Write the closest of `others` to rows[own] into `best` and `partner`, block by block."""
    for start in range(0, len(own), _ROWS_AT_ONCE):
        here = own[start : start + _ROWS_AT_ONCE]
        a, block = likeness.vectors(rows[here]), max(1, _PAIRS_AT_ONCE // len(here))
        for first in range(0, len(others), block):
            some = others[first : first + block]
            alike = likeness.between(a, likeness.vectors(some))
            alike[rows[here][:, None] == some] = -np.inf
            nearest = alike.argmax(axis=1)
            value = alike[np.arange(len(here)), nearest]
            better = value > best[here]
            best[here[better]], partner[here[better]] = value[better], some[nearest[better]]


class _Embeddings:
    name = f"cosine of embeddings at least {MIN_COSINE:g}, same class"
    limit = MIN_COSINE
    within_class = True

    def __init__(self, embedding: NDArray[Any]) -> None:
        self._embedding = embedding

    def vectors(self, rows: Rows) -> NDArray[Any]:
        values = self._embedding[rows].astype(np.float32)
        length = np.linalg.norm(values, axis=1, keepdims=True)
        return np.asarray(values / np.where(length > 0, length, 1))

    def between(self, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(a @ b.T)


class _Pictures:
    """Bits say where brightness falls from one of 9 columns to the next, in 8 rows."""

    name = f"difference hash with at most {MAX_HAMMING} of {_BITS} bits different"
    limit = float(_BITS - MAX_HAMMING)
    within_class = False

    def __init__(self, dataset: Dataset) -> None:
        height, width = dataset.input_shape[-2:]
        down, across = _area_means(height, _SIDE), _area_means(width, _SIDE + 1).T
        self._bits = np.empty((len(dataset), _BITS), dtype=np.float32)
        for start in range(0, len(dataset), _ROWS_AT_ONCE):
            some = dataset.inputs[start : start + _ROWS_AT_ONCE].astype(np.float32)
            grey = some if some.ndim == 3 else some.mean(axis=1)
            small = down @ grey @ across
            falls = small[:, :, :-1] > small[:, :, 1:]
            self._bits[start : start + len(some)] = falls.reshape(len(some), -1) * 2.0 - 1.0

    def vectors(self, rows: Rows) -> NDArray[Any]:
        return np.asarray(self._bits[rows])

    def between(self, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        """Bits that are equal."""
        return np.asarray((a @ b.T + _BITS) / 2)


class _Values:
    """Rows of a table: columns in standard deviations, those that never change left out."""

    name = f"scaled distance of at most {MAX_SCALED_DISTANCE:g}"
    limit = -MAX_SCALED_DISTANCE
    within_class = False

    def __init__(self, dataset: Dataset) -> None:
        self._inputs = dataset.inputs.reshape(len(dataset), -1)
        spread = self._inputs.std(axis=0, dtype=np.float64)
        self._columns = np.flatnonzero(spread > 0)
        self._centre = self._inputs.mean(axis=0, dtype=np.float64)[self._columns]
        self._spread = spread[self._columns]

    def vectors(self, rows: Rows) -> NDArray[Any]:
        values = self._inputs[rows][:, self._columns].astype(np.float64)
        return np.asarray((values - self._centre) / self._spread)

    def between(self, a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        """Minus the distance: the root of the mean square over columns."""
        squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
        return np.asarray(-np.sqrt(np.maximum(squares, 0) / max(1, a.shape[1])))


def _area_means(pixels: int, cells: int) -> NDArray[np.float32]:
    """(cells, pixels) weights that average a line of pixels over equally wide cells."""
    edges = np.linspace(0, pixels, cells + 1)
    left, right = edges[:-1, None], edges[1:, None]
    here = np.arange(pixels)
    overlap = np.minimum(right, here + 1) - np.maximum(left, here)
    return np.asarray(np.maximum(overlap, 0) * cells / pixels, dtype=np.float32)
