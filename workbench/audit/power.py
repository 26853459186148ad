"""What the equivalence criteria of a plan can decide with its seeds."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from workbench.audit.cost import architecture_of, is_of, named_architecture
from workbench.audit.ladder import MIN_BAND
from workbench.audit.lookup import CENSORED
from workbench.audit.plan import Criterion, Plan
from workbench.audit.rung_cost import NO_PROJECT
from workbench.core.vocabulary import MetricStatus, RunRole, RunStatus
from workbench.metrics import Undefined
from workbench.registry import Registry
from workbench.store import Project

Values = NDArray[np.float64]

POWER = 0.8
_DRAWS = 20_000
_NO_BAND = "No two retrained models on these data and this architecture show the spread yet."


@dataclass(frozen=True, slots=True)
class CriterionPower:
    """What an equivalence criterion can decide with the seeds of the plan.

    `spread` is the standard deviation between retrained models seen in this project.
    `half_width`: what the interval would span on either side; `passing_margin`: the smallest
    margin that a method equal to retraining passes with power 0.8; `detectable`: the smallest
    true difference found to break the margin with power 0.8. In the unit of the metric, or as
    factors for a ratio. All are None where the spread is not known, and `unknown` says why.
    """

    criterion: str
    margin: float
    candidate_seeds: int
    band_seeds: int
    spread: float | None = None
    half_width: float | None = None
    passing_margin: float | None = None
    detectable: float | None = None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """Sizes of a test of one difference: see `CriterionPower`."""

    half_width: float
    passing_margin: float
    beyond_margin: float


def reach(spread: float, candidate_seeds: int, band_seeds: int, alpha: float, tests: int) -> Reach:
    """Sizes that a comparison with this many seeds can tell, seeds of both sides equally spread.

    Found by drawing what `equivalence.compare_with_band` would see of normal values, with a fixed
    seed. `tests` share alpha for failing (the first step of Holm), not for passing. Failing is
    told by one tail, so its power is a little below 0.8 where the margin is small against the
    spread. Undefined below two band seeds.
    """
    if candidate_seeds < 1 or band_seeds < 2:
        raise Undefined("A test needs one candidate seed and two retrained ones or more.")
    unit = _unit_reach(candidate_seeds, band_seeds, alpha, tests)
    return Reach(*(spread * size for size in unit))


@cache
def _unit_reach(k: int, r: int, alpha: float, tests: int) -> tuple[float, float, float]:
    """The sizes for a spread of 1, from estimates of the difference and of both spreads."""
    draw = np.random.Generator(np.random.PCG64(0))
    noise = draw.normal(0, math.sqrt(1 / k + 1 / r), _DRAWS)
    of_band = draw.chisquare(r - 1, _DRAWS) / (r - 1)
    of_candidate = draw.chisquare(k - 1, _DRAWS) / (k - 1) if k > 1 else None
    passing = _half_widths(of_candidate, of_band, k, r, alpha)
    failing = _half_widths(of_candidate, of_band, k, r, alpha / tests)
    return (
        float(np.median(passing)),
        float(np.quantile(np.abs(noise) + passing, POWER)),
        float(np.quantile(failing - noise, POWER)),
    )


def _half_widths(
    of_candidate: Values | None, of_band: Values, k: int, r: int, alpha: float
) -> Values:
    """Half of each interval, from the variances of both sides: the wider of pooled and Welch."""
    if of_candidate is None:
        return np.asarray(special.stdtrit(r - 1, 1 - alpha) * np.sqrt(of_band * (1 + 1 / r)))
    pooled = ((k - 1) * of_candidate + (r - 1) * of_band) / (k + r - 2)
    a, b = of_candidate / k, of_band / r
    df = (a + b) ** 2 / (a**2 / (k - 1) + b**2 / (r - 1))
    together = special.stdtrit(k + r - 2, 1 - alpha) * np.sqrt(pooled * (1 / k + 1 / r))
    return np.asarray(np.maximum(together, special.stdtrit(df, 1 - alpha) * np.sqrt(a + b)))


def criterion_powers(
    project: Project | None, plan: Plan, registry: Registry
) -> tuple[CriterionPower, ...]:
    """The power of every equivalence criterion, from retrained models that this project has."""
    seeds = min(len(method.seeds) for method in plan.methods)
    band_seeds = len(plan.reference.band_seeds)
    unknown = [
        CriterionPower(one.name, one.margin, seeds, band_seeds, unknown=NO_PROJECT)
        for one in plan.criteria
        if one.margin is not None
    ]
    if project is None:
        return tuple(unknown)
    bands = _bands(project, plan, registry)
    tests = max(1, sum(criterion.primary for criterion in plan.criteria))
    by_name = {criterion.name: criterion for criterion in plan.criteria}
    found = []
    for one in unknown:
        try:
            made = _power_of(one, by_name[one.criterion], project, bands, plan.alpha, tests)
        except Undefined as fault:
            made = replace(one, unknown=fault.reason)
        found.append(made)
    return tuple(found)


def _power_of(
    unknown: CriterionPower,
    criterion: Criterion,
    project: Project,
    bands: Sequence[Sequence[int]],
    alpha: float,
    tests: int,
) -> CriterionPower:
    if unknown.band_seeds < MIN_BAND:
        raise Undefined(f"Fewer than {MIN_BAND} retrained seeds decide nothing.")
    is_ratio = criterion.scale == "ratio"
    spread = _spread([_values(project, criterion, runs) for runs in bands], is_ratio)
    sizes = reach(spread, unknown.candidate_seeds, unknown.band_seeds, alpha, tests)

    def reported(size: float) -> float:
        return math.exp(min(size, 700.0)) if is_ratio else size

    margin = math.log(unknown.margin) if is_ratio else unknown.margin
    return replace(
        unknown,
        spread=reported(spread),
        half_width=reported(sizes.half_width),
        passing_margin=reported(sizes.passing_margin),
        detectable=reported(margin + sizes.beyond_margin),
        unknown="",
    )


def _spread(bands: Sequence[Sequence[float]], is_ratio: bool) -> float:
    """Pooled standard deviation (ddof 1) within bands; of logarithms for a ratio."""
    if is_ratio and any(value <= 0 for values in bands for value in values):
        raise Undefined("A ratio needs values above zero, and retrained models have others.")
    several = [np.log(values) if is_ratio else np.asarray(values) for values in bands]
    several = [values for values in several if len(values) > 1]
    if not several:
        raise Undefined(_NO_BAND)
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in several)
    spread = math.sqrt(squares / sum(len(values) - 1 for values in several))
    if spread == 0:
        raise Undefined("The retrained models do not differ in this metric, so far.")
    return spread


def _bands(project: Project, plan: Plan, registry: Registry) -> list[list[int]]:
    """Ids of finished retrained runs on the plan's data and network, those of a band together.

    Runs that ended in equal weights are one observation.
    """
    architecture = architecture_of(project, plan, registry)
    bands: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    for run in project.rows(
        "SELECT run.id, run.plan_id, run.forget_set_id, dataset.name, dataset.source, "
        "model.architecture, model.weights_hash FROM run JOIN plan ON plan.id = run.plan_id "
        "JOIN model ON model.id = run.model_id JOIN dataset ON dataset.id = plan.dataset_id "
        "WHERE run.status = ? AND run.role = ? AND run.method = ?",
        str(RunStatus.DONE),
        str(RunRole.REFERENCE),
        plan.reference.method.id,
    ):
        if is_of(plan, run, registry) and named_architecture(run["architecture"]) == architecture:
            bands[run["plan_id"], run["forget_set_id"]][run["weights_hash"]] = run["id"]
    return [list(band.values()) for band in bands.values()]


def _values(project: Project, criterion: Criterion, runs: Sequence[int]) -> list[float]:
    """What the criterion is about on these runs; a value at its cap says no spread."""
    found = []
    for run in runs:
        rows = project.rows(
            "SELECT value FROM metric WHERE run_id = ? AND name = ? AND group_key = ? "
            "AND (split IS ? OR ? IS NULL) AND status = ? AND ci_method <> ?",
            run,
            criterion.metric,
            criterion.group,
            criterion.split,
            criterion.split,
            str(MetricStatus.OK),
            CENSORED,
        )
        found += [float(row["value"]) for row in rows[:1]]
    return found
