"""Random numbers: every stream comes from a seed, and none leaks into the caller's."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed every global generator of this process and prefer deterministic algorithms.

    For the start of a worker. Operations without a deterministic form still run, with a warning
    from torch. cuBLAS reads its variable when the first CUDA context is made.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries of plugins may draw from the global generator
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False


def generator(seed: int) -> torch.Generator:
    """A CPU generator of its own: the same draws whatever the device."""
    return torch.Generator().manual_seed(seed)


@contextmanager
def isolated_rng(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Run a block under torch generators seeded with `seed`; restore the caller's afterwards.

    For code that cannot take a generator: weight initialisation and dropout.
    """
    if device is None or device.type == "cpu":
        with torch.random.fork_rng(devices=[]):
            # torch.manual_seed would reset the generators of accelerators as well.
            torch.default_generator.manual_seed(seed)
            yield
    else:
        with torch.random.fork_rng(devices=[device.index or 0], device_type=device.type):
            torch.manual_seed(seed)
            yield


def draw_seed(source: torch.Generator) -> int:
    """The next seed of a stream of seeds."""
    return int(torch.randint(2**31, (), generator=source))
