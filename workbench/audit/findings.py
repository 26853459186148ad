"""What a judgement is made from, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.audit.plan import Criterion
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Outcome, Rung, RunRole, RunStatus


@dataclass(frozen=True, slots=True)
class RunEvidence:
    """One run: whose it is, how it ended, and every number measured on its model.

    `weights` is the hash of the weights of that model; empty if unknown, then it counts as unlike
    any other.
    """

    label: str
    role: RunRole
    seed: int
    status: RunStatus
    metrics: tuple[MetricValue, ...] = ()
    weights: str = ""

    @property
    def done(self) -> bool:
        return self.status is RunStatus.DONE


def distinct_models(runs: Sequence[RunEvidence]) -> tuple[RunEvidence, ...]:
    """The finished runs, of those with equal weights only the first: a copy tells nothing new."""
    first: dict[str | int, RunEvidence] = {}
    for position, run in enumerate(runs):
        if run.done:
            first.setdefault(run.weights or position, run)
    return tuple(first.values())


def describe_copies(runs: Sequence[RunEvidence]) -> str:
    """One sentence if seeds gave the same model, as they do if a method draws nothing at random."""
    seeds, models = sum(run.done for run in runs), len(distinct_models(runs))
    if seeds == models:
        return ""
    if models == 1:
        return f"{seeds} seeds gave the same model, which counts once."
    return f"{seeds} seeds gave {models} different models, and each counts once."


@dataclass(frozen=True, slots=True)
class Evidence:
    """Every run of a plan on one forget set."""

    forget_set: str
    runs: tuple[RunEvidence, ...]

    def of_role(self, role: RunRole) -> tuple[RunEvidence, ...]:
        return tuple(run for run in self.runs if run.role is role)

    def labels(self, role: RunRole) -> tuple[str, ...]:
        return tuple(sorted({run.label for run in self.of_role(role)}))

    def of_label(self, role: RunRole, label: str) -> tuple[RunEvidence, ...]:
        return tuple(run for run in self.of_role(role) if run.label == label)

    @property
    def band(self) -> tuple[RunEvidence, ...]:
        """The retrained models that finished."""
        return tuple(run for run in self.of_role(RunRole.REFERENCE) if run.done)


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion for one candidate.

    For an equivalence criterion `estimate` and its (1 - 2 alpha) interval are candidate minus
    band, or candidate over band on the ratio scale; for a limit they are the metric itself (of
    its worst seed) and its one-sided limits. `p` is the evidence against the criterion;
    `adjusted_p` is after Holm over the primary family, equal to `p` outside it.
    """

    criterion: Criterion
    exploratory: bool
    outcome: Outcome
    reason: str
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    adjusted_p: float | None = None
    candidate_values: tuple[float, ...] = ()
    band_values: tuple[float, ...] = ()

    @property
    def decides(self) -> bool:
        """Only primary criteria that were locked before the results decide anything."""
        return self.criterion.primary and not self.exploratory


@dataclass(frozen=True, slots=True)
class CandidateVerdict:
    """What the criteria say about one candidate (or control) on one forget set.

    `note` says what is special about its runs, in a full sentence, and is part of the reason.
    """

    label: str
    role: RunRole
    outcome: Outcome
    reason: str
    seeds: tuple[int, ...]
    criteria: tuple[CriterionResult, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ControlResult:
    """Whether a control behaved: PASS it did, INCONCLUSIVE no passes stand, INVALID nothing does.

    `label` is the attack for a positive control. `verdict` is what the criteria say about the
    control, if it was judged like a candidate.
    """

    name: str
    role: RunRole
    label: str
    outcome: Outcome
    reason: str
    verdict: CandidateVerdict | None = None


@dataclass(frozen=True, slots=True)
class ForgetSetVerdict:
    """The candidates and controls of one forget set."""

    forget_set: str
    outcome: Outcome
    reason: str
    rung: Rung
    candidates: tuple[CandidateVerdict, ...]
    controls: tuple[ControlResult, ...]


@dataclass(frozen=True, slots=True)
class PlanVerdict:
    """The verdict on a plan. `limits` belongs beside it wherever it is shown."""

    outcome: Outcome
    reason: str
    forget_sets: tuple[ForgetSetVerdict, ...]
    limits: str
