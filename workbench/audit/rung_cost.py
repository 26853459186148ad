"""What each rung of the reference ladder would take with the forget sets of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from workbench.audit.cost import architecture_of, named_architecture, seconds_by_method
from workbench.audit.ladder import (
    LADDER,
    MIN_BAND,
    MIN_DISTRIBUTION,
    MIN_SHADOWS,
    Step,
    rung_reached,
)
from workbench.audit.plan import Plan
from workbench.core.vocabulary import Rung
from workbench.registry import Registry
from workbench.store import Project

NO_PROJECT = "There is no project yet."
_NO_RUNS = "No finished retraining on these data and this architecture tells the time yet."
_NO_MODEL = "No stored model of this architecture tells the size yet."


@dataclass(frozen=True, slots=True)
class RungCost:
    """What one rung takes with the forget sets of the plan, whatever the plan does now.

    `trainings` counts the models trained for it, the original included where the plan trains it;
    `unlearnings` the runs of methods. The `further` ones are beyond what the plan has. `seconds`
    of all of these, one after the other, and `size` of their weights in bytes are None where
    nothing tells, and `unknown` says why.
    """

    rung: Rung
    is_planned: bool
    trainings: int
    further_trainings: int
    unlearnings: int
    further_unlearnings: int
    seconds: float | None
    size: int | None
    unknown: str

    @property
    def step(self) -> Step:
        return LADDER[self.rung]


def rung_costs(project: Project | None, plan: Plan, registry: Registry) -> tuple[RungCost, ...]:
    """Every rung, least first; times and sizes from what runs left in this project."""
    times = seconds_by_method(project, plan, registry) if project else {}
    size = _weights_size(project, plan, registry) if project else None
    planned = rung_reached(original=True, retrained=len(plan.reference.band_seeds))
    n_sets = len(plan.forget_sets)
    of_plan = _Models(_original(plan), n_sets * len(plan.reference.band_seeds))
    own_runs = n_sets * sum(len(method.seeds) for method in plan.methods)
    costs = []
    for rung in Rung:
        trainings = _trainings(rung, plan)
        runs = {method.id: n_sets * len(method.seeds) for method in plan.methods}
        if rung is Rung.L5:
            runs = {method.id: n_sets * MIN_DISTRIBUTION for method in plan.methods}
        seconds = _seconds(trainings.total, runs, plan.reference.method.id, times)
        unlearnings = sum(runs.values())
        models = trainings.total + unlearnings
        reasons = [_NO_RUNS] if seconds is None else []
        reasons += [_NO_MODEL] if size is None else []
        costs.append(
            RungCost(
                rung=rung,
                is_planned=rung is planned,
                trainings=trainings.total,
                further_trainings=trainings.beyond(of_plan),
                unlearnings=unlearnings,
                further_unlearnings=max(0, unlearnings - own_runs),
                seconds=seconds,
                size=None if size is None else size * models,
                unknown=" ".join(reasons if project else [NO_PROJECT] * bool(reasons)),
            )
        )
    return tuple(costs)


def _original(plan: Plan) -> int:
    """Whether the plan trains the original, as a number of models."""
    return int(not plan.model.use and not plan.model.weights)


@dataclass(frozen=True, slots=True)
class _Models:
    """Models trained, by what for: none stands in for one of another kind."""

    originals: int
    retrained: int
    shadows: int = 0

    @property
    def total(self) -> int:
        return self.originals + self.retrained + self.shadows

    def beyond(self, others: _Models) -> int:
        return (
            max(0, self.originals - others.originals)
            + max(0, self.retrained - others.retrained)
            + max(0, self.shadows - others.shadows)
        )


def _trainings(rung: Rung, plan: Plan) -> _Models:
    """Models trained up to this rung; each rung needs those below it too."""
    n_sets, original = len(plan.forget_sets), _original(plan)
    match rung:
        case Rung.L0:
            return _Models(0, 0)
        case Rung.L1:
            return _Models(original, 0)
        case Rung.L2:
            return _Models(original, n_sets)
        case Rung.L3:
            return _Models(original, n_sets * MIN_BAND)
        case Rung.L4:
            return _Models(original, n_sets * MIN_BAND, MIN_SHADOWS)
        case Rung.L5:
            # unlearned models are independent only if each comes from an original of its own
            originals = original + MIN_DISTRIBUTION - 1
            return _Models(originals, n_sets * MIN_DISTRIBUTION, MIN_SHADOWS)


def _seconds(
    trainings: int, runs: Mapping[str, int], retrain: str, times: Mapping[str, list[float]]
) -> float | None:
    """None unless a retraining is known, or none is needed; methods never run take as long."""
    if retrain not in times:
        return None
    training = median(times[retrain])
    unlearning = sum(
        count * (median(times[method]) if method in times else training)
        for method, count in runs.items()
    )
    return trainings * training + unlearning


def _weights_size(project: Project, plan: Plan, registry: Registry) -> int | None:
    """Bytes of the weights of the newest stored model of the plan's architecture."""
    wanted = architecture_of(project, plan, registry)
    for row in project.rows("SELECT architecture, tensors FROM model ORDER BY id DESC"):
        if row["tensors"] and named_architecture(row["architecture"]) == wanted:
            return sum(_size(project, digest) for digest in row["tensors"].values())
    return None


def _size(project: Project, digest: str) -> int:
    artifact = project.row("SELECT size FROM artifact WHERE hash = ?", digest)
    return int(artifact["size"]) if artifact else 0
