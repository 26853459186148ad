"""Rows of many features as places on a plane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.metrics.arrays import LARGEST, Floats
from workbench.metrics.errors import Undefined

_CHUNK_VALUES = 1 << 22  # 32 MiB of float64


def principal_plane(features: NDArray[Any]) -> tuple[Floats, Floats]:
    """Coordinates (n, 2) on the plane of largest variance, and the share (2,) of variance of each.

    Principal component analysis (Pearson 1901) of `features` (n, d), centred and not scaled, by
    the eigenvectors of the covariance. The largest loading of each axis is positive, so that the
    same features always give the same picture. Undefined for fewer than two rows or features,
    for features that do not vary, and for values that are NaN, infinite or too large.
    """
    if features.ndim != 2:
        raise ValueError(f"features need shape (rows, features), got {features.shape}")
    n, d = features.shape
    if n < 2 or d < 2:
        raise Undefined("A plane needs at least two rows and two features.")
    mean = _mean(features)
    scatter = np.zeros((d, d))
    for _, chunk in _chunks(features):
        centred = chunk - mean
        scatter += centred.T @ centred
    variance = np.trace(scatter)
    if not variance > 0:
        raise Undefined("All rows have the same features, so no direction stands out.")
    values, vectors = np.linalg.eigh(scatter)
    axes = vectors[:, :-3:-1]
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.sign(axes[largest, [0, 1]])
    coordinates = np.empty((n, 2))
    for where, chunk in _chunks(features):
        coordinates[where] = (chunk - mean) @ axes
    return coordinates, np.clip(values[:-3:-1], 0, None) / variance


def _mean(features: NDArray[Any]) -> Floats:
    first = features[0].astype(np.float64)  # of rows that are all alike, exactly the mean
    total = np.zeros_like(first)
    for _, chunk in _chunks(features):
        if not np.abs(chunk).max() <= LARGEST:
            raise Undefined("Some features are NaN, infinite or too large to compute with.")
        total += (chunk - first).sum(axis=0)
    mean: Floats = first + total / len(features)
    return mean


def _chunks(features: NDArray[Any]) -> Iterator[tuple[slice, Floats]]:
    rows = max(1, _CHUNK_VALUES // features.shape[1])
    for start in range(0, len(features), rows):
        where = slice(start, start + rows)
        yield where, features[where].astype(np.float64)
