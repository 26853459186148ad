"""The gold run: a small audit, carried out for real, whose every verdict is known beforehand.

An audit that passes a straw man or fails a retrained model is worth nothing, whatever else is
right about it; this one shows on the user's own machine that ours does neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workbench.audit.controls import NEGATIVE, ORIGINAL, POSITIVE
from workbench.audit.findings import ControlResult, ForgetSetVerdict
from workbench.audit.plan import read_plan
from workbench.core.errors import WorkbenchError
from workbench.core.locations import GOLD_PLAN
from workbench.core.vocabulary import Outcome
from workbench.jobs.campaign import Campaign
from workbench.jobs.lanes import LanePool
from workbench.store import Project


@dataclass(frozen=True, slots=True)
class KnownVerdict:
    """What the verdict on `label` must be, and what it is."""

    label: str
    expected: Outcome
    got: Outcome

    @property
    def correct(self) -> bool:
        return self.got is self.expected


def carry_out(
    project: Project, pool: LanePool, say: Callable[[str], None] = lambda _: None
) -> tuple[KnownVerdict, ...]:
    """Run the gold plan in an empty project; WorkbenchError if one of its runs does not finish."""
    campaign = Campaign(project, read_plan(GOLD_PLAN), folder=GOLD_PLAN.parent, say=say)
    result = campaign.run(pool)
    if result.failed:
        raise WorkbenchError(
            f"{len(result.failed)} runs of the gold run did not finish, "
            f"the first is {result.failed[0]['label']!r}.",
            remedy="Without them nothing is known about the verdicts.",
        )
    (verdict,) = result.verdict.forget_sets
    return tuple(_known(verdict))


def _known(verdict: ForgetSetVerdict) -> Iterator[KnownVerdict]:
    for control in verdict.controls:
        yield _known_of_control(control)
    for candidate in verdict.candidates:
        yield KnownVerdict(candidate.label, Outcome.FAIL, candidate.outcome)


def _known_of_control(control: ControlResult) -> KnownVerdict:
    """A control is judged as a candidate would be; the positive one is not judged but seen."""
    label = f"{control.name}, {control.label}"
    if control.name == POSITIVE or control.verdict is None:
        return KnownVerdict(label, Outcome.PASS, control.outcome)
    expected = Outcome.PASS if control.name == NEGATIVE else Outcome.FAIL
    name = control.name if control.name == ORIGINAL else label
    return KnownVerdict(name, expected, control.verdict.outcome)
