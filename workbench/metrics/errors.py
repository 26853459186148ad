"""The one error of this room."""

from __future__ import annotations


class Undefined(ValueError):  # noqa: N818 - a state of a number, not a fault
    """The number does not exist for this input; `reason` is one plain sentence for the report."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
