"""Whether a plan can be carried out, asked before anything is computed or locked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.audit.ladder import MIN_BAND
from workbench.audit.plan import Criterion, Plan
from workbench.core.errors import UsageError
from workbench.core.selection import parse_where
from workbench.core.validation import did_you_mean
from workbench.core.vocabulary import Direction, Exactness, PluginKind, Split, Unit
from workbench.metrics.catalogue import CATALOGUE
from workbench.registry import Registry
from workbench.store import Project

_ALL = (Split.TRAIN, Split.FORGET, Split.RETAIN, Split.TEST, Split.NON_MEMBER)


@dataclass(frozen=True, slots=True)
class _Measured:
    """The splits on which a metric exists, and what its group names: "", attack or class."""

    splits: tuple[Split | None, ...]
    group: str = ""


_MEASURED: Mapping[str, _Measured] = {
    "accuracy": _Measured(_ALL),
    "mean_loss": _Measured(_ALL),
    "class_accuracy": _Measured((Split.TEST, Split.FORGET), "class"),
    "calibration_error": _Measured((Split.TEST, Split.FORGET, Split.RETAIN)),
    "membership_auc": _Measured((Split.FORGET,), "attack"),
    "membership_tpr_at_fpr_0.1": _Measured((Split.FORGET,), "attack"),
    "membership_tpr_at_fpr_0.01": _Measured((Split.FORGET,), "attack"),
    "relearn_steps": _Measured((Split.FORGET,)),
    "recovered_accuracy": _Measured((Split.FORGET,)),
    "js_divergence": _Measured((Split.FORGET, Split.TEST)),
    "prediction_agreement": _Measured((Split.FORGET, Split.TEST)),
    "activation_distance": _Measured((Split.FORGET, Split.TEST)),
    "churn": _Measured((Split.FORGET, Split.RETAIN, Split.TEST)),
    "unlearning_seconds": _Measured((None,)),
    "peak_memory": _Measured((None,)),
}
_RECOVERY = ("relearn_steps", "recovered_accuracy")


def check_against(plan: Plan, registry: Registry) -> None:
    """Check every id, parameter, rule and criterion of a plan. UsageError for the first fault."""
    _check_plugins(plan, registry)
    for chosen in plan.forget_sets:
        for rule in filter(None, (chosen.where, chosen.non_members)):
            parse_where(rule)
    for criterion in plan.criteria:
        _check_criterion(criterion, plan)
    if plan.controls.attack not in plan.attacks:
        raise UsageError(
            f"The control attack {plan.controls.attack!r} is not among the plan's attacks.",
            remedy="Add it to 'attacks'.",
        )


def check_names(plan: Plan, project: Project) -> None:
    """Check that the project has what the plan uses of it. UsageError for the first missing."""
    wanted = [("dataset", plan.data.use, "import-data"), ("model", plan.model.use, "import-model")]
    wanted += [("forget_set", chosen.use, "select") for chosen in plan.forget_sets]
    for table, name, command in wanted:
        if not name:
            continue
        there = [row["name"] for row in project.rows(f"SELECT DISTINCT name FROM {table}")]
        if name not in there:
            raise UsageError(
                f"The project has no {table.replace('_', ' ')} {name!r}{did_you_mean(name, there)}",
                remedy=f"Make it with 'workbench {command}'.",
            )


def shortfalls(plan: Plan) -> list[str]:
    """What keeps a plan from ever ending in PASS; it may be run all the same."""
    found = []
    if len(plan.reference.band_seeds) < MIN_BAND:
        found.append(
            f"The plan has {len(plan.reference.band_seeds)} retrained seeds; below {MIN_BAND} "
            "nothing can pass or fail by comparison with retraining."
        )
    if not plan.reference.control_seeds:
        found.append(
            "The plan has no control seeds, so nothing can show that a right answer would pass."
        )
    return found


def _check_plugins(plan: Plan, registry: Registry) -> None:
    if plan.data.source:
        registry.get(PluginKind.DATASET, plan.data.source).parse_params(plan.data.params)
    if plan.model.architecture:
        registry.get(PluginKind.ARCHITECTURE, plan.model.architecture).parse_params(
            plan.model.params
        )
    for forget_set in plan.forget_sets:
        if forget_set.selector:
            registry.get(PluginKind.SELECTOR, forget_set.selector).parse_params(forget_set.params)
    for method in (*plan.methods, plan.reference.method):
        registry.get(PluginKind.METHOD, method.id).parse_params(method.params)
    for straw_man in plan.straw_men(registry):
        registry.get(PluginKind.METHOD, straw_man)
    for attack in (*plan.attacks, plan.controls.attack):
        registry.get(PluginKind.ATTACK, attack)
    for attribution in plan.attributions:
        registry.get(PluginKind.ATTRIBUTION, attribution)
    reference = registry.get(PluginKind.METHOD, plan.reference.method.id).declared
    if reference.exactness is not Exactness.EXACT:
        raise UsageError(
            f"The reference method {reference.id!r} does not retrain exactly.",
            remedy="Use a method whose exactness is 'exact', such as 'retrain'.",
        )


def _check_criterion(criterion: Criterion, plan: Plan) -> None:
    who, metric = f"Criterion {criterion.name!r}", criterion.metric
    if metric not in CATALOGUE:
        raise UsageError(
            f"{who} names no known metric: {metric!r}{did_you_mean(metric, CATALOGUE)}",
            remedy="See 'workbench metrics list'.",
        )
    card = CATALOGUE[metric]
    if card.direction is Direction.INFORMATIVE:
        raise UsageError(
            f"{who} uses {metric!r}, which only informs and can decide nothing.",
            remedy="Choose a metric with a direction; see 'workbench metrics show'.",
        )
    measured = _MEASURED[metric]
    if criterion.split not in measured.splits:
        splits = " or ".join(f'split = "{split}"' for split in measured.splits if split)
        raise UsageError(
            f"{who}: {metric!r} is not measured on {criterion.split or 'no split'}.",
            remedy=f"Use {splits}." if splits else "Leave the split out.",
        )
    _check_group(criterion, plan, measured.group)
    if metric in _RECOVERY and plan.recovery is None:
        raise UsageError(
            f"{who} needs the recovery tests, which the plan leaves out.",
            remedy="Add a [recovery] table.",
        )
    size = criterion.limit if criterion.margin is None else criterion.margin
    if card.unit is Unit.FRACTION and criterion.scale == "difference" and (size or 0) >= 1:
        raise UsageError(f"{who}: {size:g} is no fraction below 1.", remedy="Write 2 % as 0.02.")


def _check_group(criterion: Criterion, plan: Plan, group: str) -> None:
    who = f"Criterion {criterion.name!r}"
    if group == "attack" and criterion.group not in plan.attacks:
        raise UsageError(
            f"{who}: {criterion.metric!r} needs 'group' to name one of the plan's attacks, "
            f"got {criterion.group!r}.",
            remedy=f"The plan has: {', '.join(plan.attacks) or 'none'}.",
        )
    if group == "class" and not criterion.group.removeprefix("class:").isdecimal():
        raise UsageError(
            f"{who}: {criterion.metric!r} needs 'group' to name a class, got {criterion.group!r}.",
            remedy='Write group = "class:3".',
        )
    if not group and criterion.group:
        raise UsageError(
            f"{who}: {criterion.metric!r} has no groups, got {criterion.group!r}.",
            remedy="Leave 'group' out.",
        )
