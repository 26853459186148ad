"""Turns epochs and passes, as a method happens to nest them, into a share that only grows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from workbench.compute.events import EventSink

T = TypeVar("T")


class Progress:
    """Reports the epochs if there are any, else each pass by itself."""

    def __init__(self, events: EventSink) -> None:
        self._events = events
        self._epoch = 0
        self._epochs = 0
        self._share = 0.0

    def epochs(self, count: int) -> Iterator[int]:
        """Yield 0..count-1 and report the share done."""
        self._epochs, self._share = count, 0.0
        try:
            for self._epoch in range(count):
                yield self._epoch
                self._report_epoch(1.0)
        finally:
            self._epochs = 0

    def pass_over(self, batches: Sequence[T], step: str) -> Iterator[T]:
        """Yield every batch; inside an epoch it counts towards the epochs."""
        for done, batch in enumerate(batches, start=1):
            yield batch
            if self._epochs:
                self._report_epoch(done / len(batches))
            else:
                self._events.progress(done / len(batches), step)

    def _report_epoch(self, share_of_epoch: float) -> None:
        # A method may pass over its rows more than once an epoch: never report less than before.
        self._share = max(self._share, (self._epoch + share_of_epoch) / self._epochs)
        self._events.progress(self._share, f"epoch {self._epoch + 1} of {self._epochs}")
