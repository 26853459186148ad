"""Random choices of rows or models. Drawn with PCG64 and a stored seed, so they repeat exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def random_halves(n: int, seed: int) -> tuple[Indices, Indices]:
    """Two disjoint random halves of 0..n-1 of equal size, sorted; one is left over if n is odd."""
    order, half = np.random.Generator(np.random.PCG64(seed)).permutation(n), n // 2
    return np.sort(order[:half]), np.sort(order[half : 2 * half])
