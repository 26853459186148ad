"""Collect reference cycles on the window's thread only.

Python collects on whatever thread allocates next. A cycle that holds a widget would then be torn
down on a reader's or a lane's thread, and Qt dies of that.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

_INTERVAL = 1000  # milliseconds


@contextmanager
def no_automatic_collection() -> Iterator[None]:
    """Inside, cycles are collected only where somebody asks for it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def collect_what_is_due() -> None:
    """Do, on this thread, what Python would have done by itself by now."""
    for generation in (2, 1, 0):
        if gc.get_count()[generation] > gc.get_threshold()[generation]:
            gc.collect(generation)
            return


@contextmanager
def collection_on_this_thread() -> Iterator[None]:
    """Inside, cycles are collected by the event loop of this thread and nowhere else."""
    timer = QTimer()
    timer.timeout.connect(collect_what_is_due)
    with no_automatic_collection():
        timer.start(_INTERVAL)
        try:
            yield
        finally:
            timer.stop()
