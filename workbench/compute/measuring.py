"""What a computation costs, measured around it."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import torch

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


def synchronise(device: torch.device) -> None:
    """Wait for the device, so that a clock read afterwards has seen all work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


class PeakMemory:
    """Peak memory of a block in bytes: the device's allocator, or the resident set on Linux.

    `peak` is None where neither can be asked.
    """

    def __init__(self, device: torch.device) -> None:
        self.peak: int | None = None
        self._device = device

    def __enter__(self) -> Self:
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
        else:
            self._resettable = _reset_resident_peak()
        return self

    def __exit__(self, *_: object) -> None:
        if self._device.type == "cuda":
            self.peak = torch.cuda.max_memory_allocated(self._device)
        elif self._resettable:
            self.peak = _resident_peak()


def _reset_resident_peak() -> bool:
    try:
        _RESET.write_text("5")  # the kernel's code for "forget the peak resident set"
    except OSError:
        return False
    return True


def _resident_peak() -> int | None:
    for line in _STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None
