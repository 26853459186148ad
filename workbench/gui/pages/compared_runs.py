"""The runs that the comparing pages look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.core.vocabulary import RunRole

if TYPE_CHECKING:
    from workbench.gui.session.choice import Choice, RunOption


@dataclass(frozen=True)
class ComparedRuns:
    """A, B, the original and the retrained band on one forget set; None for what has not run."""

    a: RunOption | None
    b: RunOption | None
    original: RunOption | None
    references: tuple[RunOption, ...]

    @property
    def all(self) -> tuple[RunOption, ...]:
        """Each once."""
        named = [run for run in (self.original, self.a, self.b) if run is not None]
        return tuple(dict.fromkeys([*named, *self.references]))


def compared_runs(choice: Choice) -> ComparedRuns:
    """The runs of the choice as it is now."""
    plan, forget_set = choice.plan, choice.chosen.forget_set
    runs = plan.runs_on(forget_set) if plan else ()
    original = next((run for run in runs if run.role is RunRole.ORIGINAL), None)
    return ComparedRuns(choice.a, choice.b, original, choice.references())
