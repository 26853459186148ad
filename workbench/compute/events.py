"""What a computation tells the outside while it runs."""

from __future__ import annotations

from typing import Protocol


class EventSink(Protocol):
    """Receives the reports of one run, on the computing thread."""

    def progress(self, share: float, step: str) -> None:
        """`share` in [0, 1] of the step named in plain words is done."""
        ...

    def log(self, text: str) -> None: ...

    def series(self, name: str, value: float) -> None:
        """The next point of a live curve."""
        ...


class Unheard:
    """An EventSink nobody listens to."""

    def progress(self, share: float, step: str) -> None:
        pass

    def log(self, text: str) -> None:
        pass

    def series(self, name: str, value: float) -> None:
        pass


class AsOneStep:
    """Passes on what a training tells as one step of something larger, without its curves."""

    def __init__(self, events: EventSink, step: str) -> None:
        self._events = events
        self._step = step

    def progress(self, share: float, step: str) -> None:  # noqa: ARG002 - replaced by its own
        self._events.progress(share, self._step)

    def log(self, text: str) -> None:
        self._events.log(text)

    def series(self, name: str, value: float) -> None:
        pass
