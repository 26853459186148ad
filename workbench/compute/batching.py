"""Batches, and the back-off that cuts them into smaller pieces when memory runs out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import torch
from torch import Tensor

from workbench.compute.devices import release_memory
from workbench.core.errors import PluginError, WorkbenchError

T = TypeVar("T")

_OUT_OF_MEMORY = (
    "out of memory",
    "not enough memory",
    "can't allocate memory",
    "alloc_failed",
)


class HostBatch:
    """Rows on the device. Targets that a method did not ask for are not there at all."""

    def __init__(
        self, inputs: Tensor, rows: Tensor, targets: Tensor | None, reader: str = "the method"
    ) -> None:
        self.inputs = inputs
        self.rows = rows
        self._targets = targets
        self._reader = reader

    @property
    def targets(self) -> Tensor:
        if self._targets is None:
            raise PluginError(
                f"{self._reader} reads labels, which its manifest does not declare.",
                remedy="Add 'labels' to the needs of the method in plugin.toml.",
            )
        return self._targets

    def __len__(self) -> int:
        return len(self.rows)

    def with_targets(self, targets: Tensor) -> HostBatch:
        if len(targets) != len(self):
            raise PluginError(
                f"{self._reader} gives {len(targets)} labels to a batch of {len(self)} rows.",
                remedy="Give every row of the batch one label.",
            )
        return HostBatch(self.inputs, self.rows, targets, self._reader)

    def piece(self, start: int, stop: int) -> HostBatch:
        """Rows `start` to `stop` of this batch, sharing memory."""
        targets = None if self._targets is None else self._targets[start:stop]
        return HostBatch(self.inputs[start:stop], self.rows[start:stop], targets, self._reader)


def batches_of(rows: Tensor, batch_size: int) -> list[Tensor]:
    """`rows` in order, cut into batches.

    A last batch of a single row joins the one before: batch normalisation cannot train on it.
    """
    batches = list(torch.split(rows, batch_size)) if len(rows) else []
    if len(batches) > 1 and len(batches[-1]) == 1 < batch_size:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


class MicroBatcher:
    """Does work over rows in pieces, and halves the pieces when memory runs out.

    The piece size found is kept for later batches. `note` hears of every halving.
    """

    def __init__(self, device: torch.device, note: Callable[[str], None] = lambda _: None) -> None:
        self._device = device
        self._note = note
        self._largest: int | None = None

    def pieces(
        self,
        n_rows: int,
        work: Callable[[int, int], T],
        *,
        batch_size: int | None = None,
        indivisible: str = "",
    ) -> Iterator[T]:
        """Yield work(start, stop) for consecutive pieces that cover rows 0 to `n_rows`.

        A piece that runs out of memory is tried again in halves, so `work` must leave nothing
        behind when it fails. `indivisible` says why the work must not be split, if so.
        WorkbenchError when a single row, or work that is indivisible, does not fit.
        """
        start = 0
        while start < n_rows:
            size = batch_size or n_rows
            if self._largest and not indivisible:
                size = min(size, self._largest)
            stop = min(start + size, n_rows)
            done = self._attempt(work, start, stop)
            if done is None:
                self._halve(stop - start, indivisible)
            else:
                yield done.result
                start = stop

    def _attempt(self, work: Callable[[int, int], T], start: int, stop: int) -> _Done[T] | None:
        """None if memory ran out. By then the exception, which holds tensors, is gone."""
        try:
            return _Done(work(start, stop))
        except (RuntimeError, MemoryError) as fault:
            if not _is_out_of_memory(fault):
                raise
        return None

    def _halve(self, size: int, indivisible: str) -> None:
        gc.collect()
        release_memory(self._device)
        if indivisible or size == 1:
            why = f" and cannot be split: {indivisible}" if indivisible else ""
            rows = "a single row" if size == 1 else f"a batch of {size} rows"
            raise WorkbenchError(
                f"Memory of the device {str(self._device)!r} ran out at {rows}{why}.",
                remedy="Use a smaller batch size or model, or a device with more memory.",
            )
        self._largest = size // 2
        self._note(f"Memory ran out at {size} rows; trying again with {self._largest} at a time.")


class _Done(Generic[T]):
    def __init__(self, result: T) -> None:
        self.result = result


def _is_out_of_memory(fault: BaseException) -> bool:
    """Beside MemoryError, a RuntimeError whose wording differs by device and library."""
    text = str(fault).lower()
    return isinstance(fault, MemoryError) or any(phrase in text for phrase in _OUT_OF_MEMORY)
