"""Short work on background threads, with answers on the window's thread; stale ones dropped."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal
from shiboken6 import isValid

from workbench.gui.faults import Faults

T = TypeVar("T")


@dataclass(frozen=True)
class _Question:
    owner: QObject
    slot: tuple[int, str]
    then: Callable[[Any], None] | None
    failed: Callable[[Exception], None]


class Background(QObject):
    """A few threads that work for the window.

    What an owner asks under a key replaces what it asked under that key before: only the last
    answer is given, and none to an owner that is gone. Without a key nothing is replaced. `work`
    runs on another thread, so it must hold data only and no widget.
    """

    idle_changed = Signal()
    _answered = Signal(int, object, object)

    def __init__(
        self, name: str, faults: Faults, parent: QObject | None = None, *, threads: int = 1
    ) -> None:
        super().__init__(parent)
        self._faults = faults
        self._numbers = count(1)
        self._asked: dict[int, _Question] = {}
        self._latest: dict[tuple[int, str], int] = {}
        self._is_closed = False
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._answered.connect(self._answer)

    @property
    def is_idle(self) -> bool:
        """Whether every question was answered or dropped."""
        return not self._asked

    def ask(
        self,
        owner: QObject,
        key: str,
        work: Callable[[], T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Call `work` on a thread, then `then` with its answer, or `failed` with its error.

        Without `failed` an error goes to the funnel.
        """
        if self._is_closed:
            return
        number = next(self._numbers)
        slot = (id(owner), key or f"#{number}")
        self.drop(owner, slot[1])
        self._latest[slot] = number
        self._asked[number] = _Question(owner, slot, then, failed or self._faults.report)
        self._pool.submit(self._work, number, slot, work)

    def report(self, fault: Exception) -> None:
        """Give an error to the funnel, for a `failed` that knows what to do about others only."""
        self._faults.report(fault)

    def drop(self, owner: QObject, key: str) -> None:
        """Forget what `owner` asked under `key`."""
        number = self._latest.pop((id(owner), key), None)
        if number is not None:
            self._forget(number)

    def close(self, *, finish: bool = False) -> None:
        """Wait for work that has begun, without its answer; drop what has not.

        With `finish` nothing is dropped: all that was asked is done and answered first.
        """
        if finish:
            self._pool.shutdown(wait=True)
            self._is_closed = True
            QCoreApplication.sendPostedEvents(self, QEvent.Type.MetaCall.value)
        self._is_closed = True
        self._asked.clear()
        self._latest.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _work(self, number: int, slot: tuple[int, str], work: Callable[[], Any]) -> None:
        """On a thread of the pool."""
        if self._latest.get(slot) != number:
            return
        try:
            answer, fault = work(), None
        except Exception as error:  # noqa: BLE001 - given to whoever asked
            answer, fault = None, error
        if not self._is_closed:
            self._answered.emit(number, answer, fault)

    def _answer(self, number: int, answer: Any, fault: Exception | None) -> None:
        question = self._asked.get(number)
        if question is None:
            return
        self._latest.pop(question.slot, None)
        self._forget(number)
        if not isValid(question.owner):
            return
        if fault is not None:
            question.failed(fault)
        elif question.then is not None:
            question.then(answer)

    def _forget(self, number: int) -> None:
        del self._asked[number]
        if not self._asked:
            self.idle_changed.emit()
