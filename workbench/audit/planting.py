"""Changes training rows on purpose, so that a plan can test whether they are removed again.

Test and non-member rows are never touched, no row is added and none moves, so everything that is
measured on the rest of the data keeps its meaning. What was planted is in the column "planted".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from workbench.audit.guards import Rows
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError, ProjectError
from workbench.core.hashing import hash_json
from workbench.core.planting import PLANTED, Backdoor, Canaries, LabelSwap, Planting
from workbench.core.vocabulary import Split

Inputs = NDArray[Any]
Labels = NDArray[np.int64]

_PLANTINGS: TypeAdapter[tuple[Planting, ...]] = TypeAdapter(tuple[Planting, ...])
_WIDTH = f"U{max(len(kind) for kind in ('label-swap', 'backdoor', 'canary'))}"


def planted(dataset: Dataset, plantings: Sequence[Planting]) -> Dataset:
    """`dataset` with these plantings, one after the other; itself if there are none.

    No row gets two. DataError in one sentence for what the data do not allow.
    """
    if not plantings:
        return dataset
    if PLANTED in dataset.columns:
        raise DataError(
            f"Dataset {dataset.name!r} has a column {PLANTED!r} already.",
            remedy="Plant in the data as they were before, or rename the column.",
        )
    described = hash_json([one.model_dump(mode="json") for one in plantings])
    marks = np.full(len(dataset), "", dtype=_WIDTH)
    made = replace(
        dataset,
        name=f"{dataset.name} planted {described[:8]}",
        inputs=dataset.inputs.copy(),
        targets=dataset.targets.copy(),
        columns={**dataset.columns, PLANTED: marks},
    )
    for planting in plantings:
        match planting:
            case LabelSwap():
                rows = _swap_labels(made, planting)
            case Backdoor():
                rows = _plant_backdoor(made, planting)
            case Canaries():
                rows = _plant_canaries(made, planting)
        marks[rows] = planting.kind
    return replace(made, notes=f"{dataset.notes} {_note(marks)}".strip())


def planted_in(source: dict[str, Any]) -> tuple[Planting, ...]:
    """What was planted, from the `source` with which a project keeps a dataset."""
    try:
        return _PLANTINGS.validate_python(source.get(PLANTED, ()))
    except ValidationError as fault:
        raise ProjectError(
            "The project holds a planting that this version cannot read.",
            remedy="Run 'workbench verify'; if it is intact, a newer version wrote it.",
        ) from fault


def planted_rows(dataset: Dataset, kind: str) -> Rows:
    """Ascending rows in which a planting of this kind was put; none if the data have none."""
    marks = dataset.columns.get(PLANTED)
    if marks is None:
        return np.array([], dtype=np.int64)
    return np.flatnonzero(marks == kind).astype(np.int64)


def triggered(dataset: Dataset, backdoor: Backdoor, inputs: Inputs) -> Inputs:
    """Copies of `inputs` (n, ...) with the trigger."""
    shape, changed = dataset.input_shape, inputs.copy()
    value = _trigger_value(dataset, backdoor)
    if len(shape) == 3:
        height, width = shape[1:]
        if backdoor.size >= min(height, width):
            raise DataError(
                f"A trigger of {backdoor.size}x{backdoor.size} pixels is too large for images of "
                f"{height}x{width}.",
                remedy="Give a smaller 'size'.",
            )
        vertical, horizontal = backdoor.corner.split("-")
        down = slice(backdoor.size) if vertical == "top" else slice(-backdoor.size, None)
        across = slice(backdoor.size) if horizontal == "left" else slice(-backdoor.size, None)
        changed[:, :, down, across] = value
    else:
        changed[:, backdoor.feature] = value
    return changed


def triggered_test_rows(dataset: Dataset, backdoor: Backdoor) -> tuple[Inputs, Labels]:
    """All test rows not of the wanted class with the trigger, and their true labels."""
    rows = dataset.rows_of(Split.TEST)
    rows = rows[dataset.targets[rows] != backdoor.target]
    return triggered(dataset, backdoor, dataset.inputs[rows]), dataset.targets[rows]


def reference_canaries(dataset: Dataset, canaries: Canaries) -> tuple[Inputs, Labels]:
    """Canaries that no model was trained on, the same at every call.

    They are drawn as the planted ones were. Relabelled ones are test and non-member rows, whose
    inputs no model was trained on either.
    """
    draw = np.random.Generator(np.random.PCG64([canaries.seed, 1]))
    pool = np.flatnonzero(dataset.split != str(Split.TRAIN))
    rows = draw.choice(pool, canaries.references, replace=canaries.references > len(pool))
    return _canaries(dataset, canaries, rows, draw)


def _swap_labels(made: Dataset, swap: LabelSwap) -> Rows:
    draw = np.random.Generator(np.random.PCG64(swap.seed))
    free = _free_rows(made)
    chosen = []
    for label in swap.classes:
        _check_class(made, label)
        of_class = free[made.targets[free] == label]
        size = round(swap.share * len(of_class))
        if size == 0:
            raise DataError(
                f"A share of {swap.share:g} of the {len(of_class)} training rows of class {label} "
                "is no row to swap.",
                remedy="Swap a larger share, or other classes.",
            )
        chosen.append(draw.choice(of_class, size, replace=False))
    for rows, label in zip(chosen, reversed(swap.classes), strict=True):
        made.targets[rows] = label
    return np.concatenate(chosen)


def _plant_backdoor(made: Dataset, backdoor: Backdoor) -> Rows:
    _check_class(made, backdoor.target)
    draw = np.random.Generator(np.random.PCG64(backdoor.seed))
    free = _free_rows(made)
    others = free[made.targets[free] != backdoor.target]
    size = round(backdoor.share * len(others))
    if size == 0:
        raise DataError(
            f"A share of {backdoor.share:g} of the {len(others)} training rows of other classes "
            "is no row for the trigger.",
            remedy="Give a larger share.",
        )
    rows = draw.choice(others, size, replace=False)
    made.inputs[rows] = triggered(made, backdoor, made.inputs[rows])
    made.targets[rows] = backdoor.target
    return np.asarray(rows)


def _plant_canaries(made: Dataset, canaries: Canaries) -> Rows:
    free = _free_rows(made)
    if canaries.count >= len(free):
        raise DataError(
            f"{canaries.count} canaries would leave nothing of {len(free)} training rows.",
            remedy="Plant fewer canaries.",
        )
    draw = np.random.Generator(np.random.PCG64(canaries.seed))
    rows = np.asarray(draw.choice(free, canaries.count, replace=False))
    made.inputs[rows], made.targets[rows] = _canaries(made, canaries, rows, draw)
    return rows


def _canaries(
    dataset: Dataset, canaries: Canaries, rows: Rows, draw: np.random.Generator
) -> tuple[Inputs, Labels]:
    """As many canaries as `rows`: noise within the range of each value, or these rows."""
    labels = draw.integers(0, dataset.n_classes, len(rows))
    if canaries.form == "relabelled":
        return dataset.inputs[rows], labels
    untouched = _untouched(dataset)
    low, high = untouched.min(axis=0), untouched.max(axis=0)
    size = (len(rows), *dataset.input_shape)
    if dataset.inputs.dtype.kind == "f":
        return draw.uniform(low, high, size).astype(dataset.inputs.dtype), labels
    return draw.integers(low, high, size, dtype=dataset.inputs.dtype, endpoint=True), labels


def _trigger_value(dataset: Dataset, backdoor: Backdoor) -> Any:
    """The value of the trigger in the type of the inputs; also checks the kind of the inputs."""
    shape, dtype = dataset.input_shape, dataset.inputs.dtype
    if len(shape) not in (1, 3):
        raise DataError(
            f"A trigger can be put into images and feature rows, not into inputs of shape {shape}.",
            remedy="Leave the backdoor out.",
        )
    untouched = _untouched(dataset)
    if len(shape) == 1:
        if backdoor.feature >= shape[0]:
            raise DataError(
                f"The trigger sets feature {backdoor.feature}, but the rows have the features 0 "
                f"to {shape[0] - 1}.",
                remedy="Give another 'feature'.",
            )
        untouched = untouched[:, backdoor.feature]
    if backdoor.value is None:
        return untouched.max()
    value = np.array(backdoor.value)
    if dtype.kind != "f" and not (
        float(value).is_integer() and np.iinfo(dtype).min <= value <= np.iinfo(dtype).max
    ):
        raise DataError(
            f"The trigger's value {backdoor.value:g} cannot be stored among inputs of type "
            f"{dtype}, which are whole numbers from {np.iinfo(dtype).min} to "
            f"{np.iinfo(dtype).max}.",
            remedy="Give a value as the inputs are stored, before any preprocessing.",
        )
    return value.astype(dtype)


def _untouched(dataset: Dataset) -> Inputs:
    """Inputs that no planting changes, so that ranges are the same before and after."""
    return np.asarray(dataset.inputs[dataset.split != str(Split.TRAIN)])


def _free_rows(made: Dataset) -> Rows:
    """Training rows in which nothing was planted yet."""
    return np.flatnonzero((made.split == str(Split.TRAIN)) & (made.columns[PLANTED] == ""))


def _check_class(dataset: Dataset, label: int) -> None:
    if label >= dataset.n_classes:
        raise DataError(
            f"Dataset {dataset.name!r} has no class {label}; it has the classes 0 to "
            f"{dataset.n_classes - 1}.",
            remedy="Name the classes of a planting by their ids.",
        )


def _note(marks: NDArray[np.str_]) -> str:
    kinds, counts = np.unique(marks[marks != ""], return_counts=True)
    told = ", ".join(f"{kind} in {count}" for kind, count in zip(kinds, counts, strict=True))
    return f'Planted in training rows on purpose: {told}; the column "{PLANTED}" marks them.'
