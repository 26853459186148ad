"""Running out of memory."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch
from tiny_models import CPU, MemoryFor

from workbench.compute.batching import MicroBatcher, batches_of
from workbench.core.errors import WorkbenchError

PLENTY = MemoryFor(1000)


def cover(
    batcher: MicroBatcher,
    n_rows: int,
    memory: MemoryFor = PLENTY,
    *,
    batch_size: int | None = None,
    indivisible: str = "",
) -> list[list[int]]:
    def work(start: int, stop: int) -> list[int]:
        memory.ask(stop - start)
        return list(range(start, stop))

    return list(batcher.pieces(n_rows, work, batch_size=batch_size, indivisible=indivisible))


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory"
        ),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        MemoryError(),
    ],
)
def test_pieces_are_halved_until_they_fit_and_stay_small(fault: Exception) -> None:
    notes: list[str] = []
    memory = MemoryFor(6, fault)
    batcher = MicroBatcher(CPU, notes.append)
    pieces = cover(batcher, 20, memory)
    assert [row for piece in pieces for row in piece] == list(range(20))
    assert memory.tried == [20, 10, 5, 5, 5, 5]
    assert len(notes) == 2
    assert "20 rows" in notes[0]
    memory.tried.clear()
    cover(batcher, 20, memory)
    assert memory.tried == [5, 5, 5, 5]


def test_a_single_row_that_does_not_fit_ends_with_one_plain_sentence() -> None:
    with pytest.raises(WorkbenchError, match="'cpu' ran out at a single row") as fault:
        cover(MicroBatcher(CPU), 8, MemoryFor(0))
    assert fault.value.remedy


def test_work_that_may_not_be_split_says_why() -> None:
    with pytest.raises(WorkbenchError, match="8 rows and cannot be split: the rows are friends"):
        cover(MicroBatcher(CPU), 8, MemoryFor(4), indivisible="the rows are friends")


def test_work_that_may_not_be_split_stays_whole_after_other_work_was_split() -> None:
    batcher = MicroBatcher(CPU)
    assert [len(p) for p in cover(batcher, 8, MemoryFor(4))] == [4, 4]
    assert [len(p) for p in cover(batcher, 8, indivisible="they are friends")] == [8]


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    memory = MemoryFor(4, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1"):
        cover(MicroBatcher(CPU), 8, memory)
    assert memory.tried == [8]


def test_the_batch_size_bounds_pieces_from_the_start() -> None:
    assert [len(p) for p in cover(MicroBatcher(CPU), 10, batch_size=4)] == [4, 4, 2]
    assert cover(MicroBatcher(CPU), 0) == []


def test_what_the_failed_attempt_held_is_free_before_the_next_one() -> None:
    class Activations:
        pass

    held: list[weakref.ref[Activations]] = []
    alive: list[bool] = []

    def work(start: int, stop: int) -> int:
        alive.extend(reference() is not None for reference in held)
        if stop - start > 2:
            activations = Activations()
            held.append(weakref.ref(activations))
            raise RuntimeError("out of memory")
        return stop - start

    gc.disable()
    try:
        assert sum(MicroBatcher(CPU).pieces(4, work)) == 4
    finally:
        gc.enable()
    assert alive == [False, False]


@pytest.mark.parametrize(
    ("n_rows", "batch_size", "sizes"),
    [
        (33, 16, [16, 17]),
        (34, 16, [16, 16, 2]),
        (1, 16, [1]),
        (3, 1, [1, 1, 1]),
        (0, 16, []),
    ],
)
def test_a_last_batch_of_one_row_joins_the_one_before(
    n_rows: int, batch_size: int, sizes: list[int]
) -> None:
    batches = batches_of(torch.arange(n_rows), batch_size)
    assert [len(batch) for batch in batches] == sizes
    assert [int(row) for batch in batches for row in batch] == list(range(n_rows))
