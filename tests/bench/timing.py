"""Times of several works measured side by side, so that noise of the machine hits them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

Stopwatch = Callable[[], float]
"""Does its work once and returns the seconds that count."""


@dataclass(frozen=True)
class Sample:
    """One quantity, measured once in every round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def over(self, other: Sample) -> Sample:
        """Ratio to `other`, round by round: both sides of a ratio saw the same machine."""
        return Sample(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))

    def per(self, amount: float) -> Sample:
        """Seconds as `amount` per second."""
        return Sample(tuple(amount / seconds for seconds in self.values))

    def times(self, factor: float) -> Sample:
        return Sample(tuple(value * factor for value in self.values))

    def plus(self, other: Sample) -> Sample:
        return Sample(tuple(a + b for a, b in zip(self.values, other.values, strict=True)))


class Clock:
    """Seconds spent inside its `with` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._start


def timed(work: Callable[[], Any]) -> Stopwatch:
    """The wall time of the whole of `work`."""

    def watch() -> float:
        with Clock() as clock:
            work()
        return clock.seconds

    return watch


def interleave(rounds: int, works: Mapping[str, Stopwatch]) -> dict[str, Sample]:
    """Do every work once a round, after one round that does not count.

    Every other round goes backwards, so that a machine that slows down favours nobody.
    """
    values: dict[str, list[float]] = {name: [] for name in works}
    for watch in works.values():
        watch()
    for number in range(rounds):
        order = list(works)[:: 1 if number % 2 == 0 else -1]
        for name in order:
            values[name].append(works[name]())
    return {name: Sample(tuple(found)) for name, found in values.items()}
