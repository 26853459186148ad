"""Reads the arrays of an .npz file into rows, and names whatever is wrong with them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.plugin_api import DataError, Split

_FORMS = "Save 'x_train', 'y_train', 'x_test' and 'y_test', or 'x' and 'y', with numpy.savez."
_PARTS = {
    "train": Split.TRAIN,
    "test": Split.TEST,
    "nonmember": Split.NON_MEMBER,
    "val": Split.NON_MEMBER,
}
_RESERVED = ("class", "loss", "confidence")


@dataclass(frozen=True)
class Rows:
    """inputs (n, ...) as stored; targets (n,) int64; split (n,) or None if the file has none."""

    inputs: NDArray[Any]
    targets: NDArray[np.int64]
    split: NDArray[np.str_] | None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    class_names: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def read_rows(path: Path | None, target: str) -> Rows:
    """All rows of the file at `path`. DataError names the first thing that is wrong with it."""
    arrays = _read_arrays(path)
    file_name = path.name if path else ""
    names = arrays.pop("class_names", None)
    class_names = None if names is None else tuple(str(name) for name in names.ravel())
    if "x_train" in arrays:
        rows = _from_parts(arrays, file_name)
    elif "x" in arrays:
        rows = _from_table(arrays, file_name, target)
    else:
        held = ", ".join(sorted(arrays)) or "nothing"
        raise DataError(
            f"{file_name!r} has neither an array 'x_train' nor 'x', only: {held}.", remedy=_FORMS
        )
    for name in _RESERVED:
        if name in rows.columns:
            raise DataError(
                f"{file_name!r}: the array name {name!r} is reserved for a column of our own.",
                remedy="Rename the array.",
            )
    return replace(rows, class_names=class_names)


def _read_arrays(path: Path | None) -> dict[str, NDArray[Any]]:
    if path is None:
        raise DataError("The dataset source 'npz' needs a file.", remedy="Give its path.")
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}.", remedy="Check the path.")
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path.name!r} is not an .npz file.", remedy=_FORMS)
    arrays = {}
    with np.load(path, allow_pickle=False) as archive:
        for name in archive.files:
            try:
                values = archive[name]
            except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as fault:
                raise DataError(
                    f"{path.name!r}: the array {name!r} is damaged or holds Python objects.",
                    remedy="Save it again as plain numbers or text.",
                ) from fault
            if isinstance(values, np.ndarray):
                arrays[name] = values
    return arrays


def _from_parts(arrays: Mapping[str, NDArray[Any]], file_name: str) -> Rows:
    """The form x_train, y_train, x_test, y_test, with x_nonmember or x_val if there is one."""
    extra = next((part for part in ("nonmember", "val") if f"x_{part}" in arrays), None)
    parts = ("train", "test") if extra is None else ("train", "test", extra)
    lengths, shapes = [], []
    for part in parts:
        x, y = (_required(arrays, f"{letter}_{part}", file_name) for letter in "xy")
        _same_length(f"x_{part}", x, f"y_{part}", y, file_name)
        lengths.append(len(x))
        shapes.append(x.shape[1:])
    for part, shape in zip(parts, shapes, strict=True):
        if shape != shapes[0]:
            raise DataError(
                f"{file_name!r}: the rows of x_{part} have shape {shape}, "
                f"those of x_train {shapes[0]}.",
                remedy="Give all parts rows of one shape.",
            )
    return Rows(
        inputs=np.concatenate([arrays[f"x_{part}"] for part in parts]),
        targets=np.concatenate([_labels(arrays, f"y_{part}", file_name) for part in parts]),
        split=np.repeat([_PARTS[part].value for part in parts], lengths),
        columns=_columns_of_parts(arrays, dict(zip(parts, lengths, strict=True))),
        notes=("The validation rows of the file are the non-members.",) if extra == "val" else (),
    )


def _from_table(arrays: Mapping[str, NDArray[Any]], file_name: str, target: str) -> Rows:
    """The form x, y and, if there is one, split; other arrays of one value a row are columns."""
    x = _required(arrays, "x", file_name)
    y = _required(arrays, target, file_name)
    _same_length("x", x, target, y, file_name)
    split = arrays.get("split")
    if split is not None:
        _same_length("x", x, "split", split, file_name)
        split = _split_words(_text(split), file_name)
    used = {"x", "split"} | ({"y"} if target == "y" else set())
    return Rows(
        inputs=x,
        targets=_labels(arrays, target, file_name),
        split=split,
        columns={
            name: _text(values)
            for name, values in arrays.items()
            if name not in used and _is_column(values, len(x))
        },
    )


def _split_words(split: NDArray[Any], file_name: str) -> NDArray[np.str_]:
    """Check the words; rows called "val" are non-members, since the audit trains on neither."""
    if split.ndim != 1 or split.dtype.kind != "U":
        raise DataError(
            f"{file_name!r}: 'split' does not hold one word a row.",
            remedy="Use train, test and non_member.",
        )
    unknown = np.setdiff1d(split, ["train", "test", "non_member", "val"])
    if len(unknown):
        raise DataError(
            f"{file_name!r}: 'split' holds the unknown word {str(unknown[0])!r}.",
            remedy="Use train, test and non_member.",
        )
    return np.where(split == "val", Split.NON_MEMBER, split)


def _columns_of_parts(
    arrays: Mapping[str, NDArray[Any]], lengths: Mapping[str, int]
) -> dict[str, NDArray[Any]]:
    """Columns that every part has, as NAME_train, NAME_test and so on."""
    names = {full.removesuffix("_train") for full in arrays if full.endswith("_train")}
    columns = {}
    for name in sorted(names - {"x", "y"}):
        pieces = [
            _text(arrays[f"{name}_{part}"])
            for part, n in lengths.items()
            if f"{name}_{part}" in arrays and _is_column(arrays[f"{name}_{part}"], n)
        ]
        if len(pieces) == len(lengths):
            columns[name] = np.concatenate(pieces)
    return columns


def _required(arrays: Mapping[str, NDArray[Any]], name: str, file_name: str) -> NDArray[Any]:
    if name not in arrays:
        raise DataError(f"{file_name!r} has no array {name!r}.", remedy=_FORMS)
    if not arrays[name].ndim:
        raise DataError(f"{file_name!r}: {name!r} is one value, not rows.", remedy=_FORMS)
    return arrays[name]


def _same_length(one: str, a: NDArray[Any], other: str, b: NDArray[Any], file_name: str) -> None:
    if len(a) != len(b):
        raise DataError(
            f"{file_name!r}: {one!r} has {len(a)} rows but {other!r} has {len(b)}.",
            remedy="Give both the same number of rows.",
        )


def _labels(arrays: Mapping[str, NDArray[Any]], name: str, file_name: str) -> NDArray[np.int64]:
    values = arrays[name]
    if values.dtype.kind not in "iub" or values.size != len(values):
        raise DataError(
            f"{file_name!r}: the labels {name!r} are not one integer a row "
            f"(type {values.dtype}, shape {values.shape}).",
            remedy="Number the classes from 0.",
        )
    return values.reshape(-1).astype(np.int64)


def _is_column(values: NDArray[Any], n: int) -> bool:
    return values.shape == (n,) and values.dtype.kind in "biufUS"


def _text(values: NDArray[Any]) -> NDArray[Any]:
    """Byte strings as text; everything else as it is."""
    if values.dtype.kind != "S":
        return values
    return np.char.decode(values, "utf-8", "replace")
