"""Cooperative cancelling, checked at every batch."""

from __future__ import annotations

import threading


class Cancelled(BaseException):
    """Raised inside a batch loop when the user cancels; never catch it."""


class CancelToken:
    """Set from any thread; the computing thread checks it between batches."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def cancel(self) -> None:
        self._asked.set()

    def cancelled(self) -> bool:
        return self._asked.is_set()

    def check(self) -> None:
        """Raise Cancelled once somebody has asked to cancel."""
        if self._asked.is_set():
            raise Cancelled
