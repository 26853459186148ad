"""What a known answer is, and how it is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Answer:
    """One known answer, and what this installation gives.

    `expected` and `got` are, of a question about several numbers, the two furthest apart; `got` is
    NaN if there is none. `id` is that of the specification, empty if it has none.
    """

    name: str
    expected: float
    got: float
    id: str = ""
    tolerance: float = _TOLERANCE

    @property
    def correct(self) -> bool:
        return abs(self.got - self.expected) <= self.tolerance


@dataclass(frozen=True, slots=True)
class Question:
    """A formula on a small input, with one or several numbers that must come out."""

    name: str
    compute: Callable[[], ArrayLike]
    expected: float | tuple[float, ...]
    id: str = ""
    tolerance: float = _TOLERANCE

    def ask(self) -> Answer:
        expected = np.atleast_1d(np.asarray(self.expected, dtype=np.float64))
        try:
            got = np.asarray(self.compute(), dtype=np.float64).reshape(expected.shape)
        except (ArithmeticError, ValueError):  # also Undefined: these numbers exist
            return Answer(self.name, float(expected[0]), math.nan, self.id, self.tolerance)
        worst = int(np.nan_to_num(np.abs(got - expected), nan=np.inf).argmax())
        return Answer(self.name, float(expected[worst]), float(got[worst]), self.id, self.tolerance)
