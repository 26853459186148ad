"""Datasets from NumPy archives: images or tables, in any of the usual forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.plugin_api import DataError, Dataset, Preprocessing, Split, check_dataset

from .npz_file import Rows, read_rows
from .params import NpzParams

_CHANNELS = (1, 3, 4)  # grey, colour, colour with transparency


class Npz:
    def load(self, path: Path | None, params: NpzParams) -> Dataset:
        """Rows in the order of the file; DataError names the first thing that is wrong."""
        rows = read_rows(path, params.target)
        name = path.stem if path else ""
        inputs = _stored(_channels_first(rows.inputs, params.layout, name), name)
        generator = np.random.Generator(np.random.PCG64(params.seed))
        split, notes = _split(rows, params, generator)
        kept, limited = _under_limit(split, params.limit, generator)
        dataset = Dataset(
            name=name,
            inputs=inputs[kept],
            targets=rows.targets[kept],
            split=split[kept],
            class_names=rows.class_names or _class_names(rows.targets, name),
            columns={column: values[kept] for column, values in rows.columns.items()},
            preprocessing=_preprocessing(inputs, params, name),
            notes=" ".join([*notes, *limited]),
        )
        check_dataset(dataset)
        return dataset


def _channels_first(values: NDArray[Any], layout: str, name: str) -> NDArray[Any]:
    """(n, height, width) and (n, height, width, channels) become (n, channels, height, width).

    One value a row becomes one feature a row.
    """
    if values.ndim in (1, 3):
        return values[:, np.newaxis]
    if values.ndim != 4 or layout == "channels_first":
        return values
    first, last = values.shape[1] in _CHANNELS, values.shape[3] in _CHANNELS
    if layout == "auto" and first == last:
        raise DataError(
            f"Dataset {name!r}: images of shape {values.shape[1:]} do not show where their "
            "channels are.",
            remedy="Set 'layout' to channels_first or channels_last.",
        )
    return values if layout == "auto" and first else np.moveaxis(values, 3, 1)


def _stored(values: NDArray[Any], name: str) -> NDArray[Any]:
    if values.dtype.kind not in "biuf":
        raise DataError(
            f"Dataset {name!r}: the inputs hold {values.dtype} values, not numbers.",
            remedy="Turn them into numbers before importing.",
        )
    kind = np.uint8 if values.dtype in (np.uint8, np.bool_) else np.float32
    with np.errstate(over="ignore"):  # the check of the dataset reports infinite values
        return np.ascontiguousarray(values, dtype=kind)


def _split(
    rows: Rows, params: NpzParams, generator: np.random.Generator
) -> tuple[NDArray[np.str_], list[str]]:
    """Every row's split, and in words which of them were drawn here."""
    notes = list(rows.notes)
    if rows.split is not None:
        split = rows.split.astype("U10")
    else:
        split = np.full(len(rows.targets), Split.TRAIN, dtype="U10")
        everyone = np.arange(len(split))
        held_out = _share_of_each_class(rows.targets, everyone, params.test_share, generator)
        split[held_out] = Split.TEST
        notes.append(
            f"A share of {params.test_share:g} of each class was held out at random "
            f"(seed {params.seed}), because the file has no split."
        )
    if not (split == Split.NON_MEMBER).any():
        test = np.flatnonzero(split == Split.TEST)
        apart = _share_of_each_class(rows.targets, test, params.non_member_share, generator)
        split[apart] = Split.NON_MEMBER
        notes.append(
            f"A share of {params.non_member_share:g} of the held-out rows of each class was set "
            f"apart at random (seed {params.seed}) as non-members, because the file names none."
        )
    return split, notes


def _share_of_each_class(
    targets: NDArray[np.int64],
    rows: NDArray[np.int64],
    share: float,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    shuffled = generator.permutation(rows)
    picked = [
        of_class[: round(share * len(of_class))]
        for of_class in (shuffled[targets[shuffled] == c] for c in np.unique(targets))
    ]
    return np.concatenate(picked) if picked else rows


def _under_limit(
    split: NDArray[np.str_], limit: int | None, generator: np.random.Generator
) -> tuple[NDArray[np.int64], list[str]]:
    """Rows to keep, ascending, and the note on what was left out."""
    if limit is None:
        return np.arange(len(split)), []
    kept = [
        generator.permutation(np.flatnonzero(split == name))[:limit] for name in np.unique(split)
    ]
    return np.sort(np.concatenate(kept)), [f"Of each split at most {limit} random rows are kept."]


def _class_names(targets: NDArray[np.int64], name: str) -> tuple[str, ...]:
    count = int(targets.max(initial=-1)) + 1
    if count > len(targets):
        raise DataError(
            f"Dataset {name!r}: labels reach {count - 1}, more than there are rows "
            f"({len(targets)}).",
            remedy="Number the classes from 0.",
        )
    return tuple(str(number) for number in range(count))


def _preprocessing(inputs: NDArray[Any], params: NpzParams, name: str) -> Preprocessing:
    channels = inputs.shape[1] if inputs.ndim > 1 else 1
    for label, values in (("mean", params.mean), ("std", params.std)):
        if len(values) not in (1, channels):
            raise DataError(
                f"Dataset {name!r}: {label} has {len(values)} values for {channels} channels.",
                remedy="Give one for all, or one for each channel.",
            )
    divide_by = params.divide_by or (255.0 if inputs.dtype == np.uint8 else 1.0)
    return Preprocessing(divide_by=divide_by, mean=params.mean, std=params.std)
