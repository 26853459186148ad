"""A dataset in memory: arrays in a frozen row order, with everything that makes it repeatable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from workbench.core.errors import DataError
from workbench.core.hashing import hash_arrays, hash_json
from workbench.core.params import Params
from workbench.core.vocabulary import Split

SPLITS = (Split.TRAIN, Split.TEST, Split.NON_MEMBER)


class Preprocessing(Params):
    """Declared, hashed, and applied equally everywhere: x -> (x / divide_by - mean) / std."""

    divide_by: float = Field(1.0, gt=0, description="what stored values are divided by")
    mean: tuple[float, ...] = Field((0.0,), description="per channel, or one for all")
    std: tuple[float, ...] = Field((1.0,), description="per channel, or one for all")


@dataclass(frozen=True)
class Dataset:
    """Rows of one dataset. Row i is the same row in every array, always.

    inputs: (n, ...) uint8 or float32, channels first for images; targets: (n,) int64 class ids;
    split: (n,) of "train", "test" or "non_member"; columns: metadata, each (n,), for rules and
    subjects; notes: how it was made, in plain words (label noise, subsampling).
    """

    name: str
    inputs: NDArray[Any]
    targets: NDArray[np.int64]
    split: NDArray[np.str_]
    class_names: tuple[str, ...]
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    task: str = "classification"
    notes: str = ""

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def n_classes(self) -> int:
        return len(self.class_names)

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(self.inputs.shape[1:])

    def rows_of(self, split: Split) -> NDArray[np.int64]:
        """Ascending row ids of TRAIN, TEST or NON_MEMBER."""
        return np.flatnonzero(self.split == str(split)).astype(np.int64)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of everything a number can depend on."""
        arrays = {"inputs": self.inputs, "targets": self.targets, "split": self.split}
        arrays |= {f"column:{name}": values for name, values in self.columns.items()}
        described = {
            "arrays": hash_arrays(arrays),
            "classes": list(self.class_names),
            "preprocessing": self.preprocessing.model_dump(mode="json"),
            "task": self.task,
        }
        return hash_json(described)


def check_dataset(dataset: Dataset) -> None:
    """Raise DataError with one plain sentence for the first thing that makes it unusable."""
    n, name = len(dataset), dataset.name
    if n == 0:
        raise DataError(f"Dataset {name!r} has no rows.", remedy="Import a file with rows.")
    arrays = {"inputs": dataset.inputs, "split": dataset.split, **dataset.columns}
    for label, values in arrays.items():
        if len(values) != n:
            raise DataError(
                f"Dataset {name!r}: {label} has {len(values)} rows but there are {n} labels.",
                remedy="Give every array the same number of rows.",
            )
    if dataset.inputs.dtype.kind == "f":
        bad = ~np.isfinite(dataset.inputs.reshape(n, -1)).all(axis=1)
        if bad.any():
            raise DataError(
                f"Dataset {name!r}: {int(bad.sum())} rows hold NaN or infinite values, "
                f"the first is row {int(bad.argmax())}.",
                remedy="Remove or repair these rows before importing.",
            )
    outside = (dataset.targets < 0) | (dataset.targets >= dataset.n_classes)
    if outside.any():
        row = int(outside.argmax())
        raise DataError(
            f"Dataset {name!r}: row {row} has label {int(dataset.targets[row])}, outside the "
            f"{dataset.n_classes} classes 0 to {dataset.n_classes - 1}.",
            remedy="Correct the labels or name all classes.",
        )
    unknown = sorted({str(s) for s in np.unique(dataset.split)} - {str(s) for s in SPLITS})
    if unknown:
        raise DataError(
            f"Dataset {name!r}: unknown split {unknown[0]!r}.",
            remedy="Use train, test or non_member.",
        )
    for split in SPLITS:
        if not len(dataset.rows_of(split)):
            raise DataError(
                f"Dataset {name!r} has no {split} rows.",
                remedy="An audit needs train, test and non_member rows.",
            )
