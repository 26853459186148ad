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
    of_plan = _original(plan) + n_sets * len(plan.reference.band_seeds)
    own_runs = n_sets * sum(len(method.seeds) for method in plan.methods)
    costs = []
    for rung in Rung:
        trainings = _trainings(rung, plan)
        runs = {method.id: n_sets * len(method.seeds) for method in plan.methods}
        if rung is Rung.L5:
            runs = {method.id: n_sets * MIN_DISTRIBUTION for method in plan.methods}
        seconds = _seconds(trainings, runs, plan.reference.method.id, times)
        unlearnings = sum(runs.values())
        models = trainings + unlearnings
        reasons = [_NO_RUNS] if seconds is None else []
        reasons += [_NO_MODEL] if size is None else []
        costs.append(
            RungCost(
                rung=rung,
                is_planned=rung is planned,
                trainings=trainings,
                further_trainings=max(0, trainings - of_plan),
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


def _trainings(rung: Rung, plan: Plan) -> int:
    """Models trained up to this rung; each rung needs those below it too."""
    n_sets = len(plan.forget_sets)
    retrained = {Rung.L0: 0, Rung.L1: 0, Rung.L2: 1, Rung.L3: MIN_BAND, Rung.L4: MIN_BAND}
    shadows = MIN_SHADOWS if rung in (Rung.L4, Rung.L5) else 0
    originals = 0 if rung is Rung.L0 else _original(plan)
    if rung is Rung.L5:
        # unlearned models are independent only if each comes from an original of its own
        originals += MIN_DISTRIBUTION - 1
    return originals + shadows + n_sets * retrained.get(rung, MIN_DISTRIBUTION)


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
