"""Whether a plan can be carried out, asked before anything is computed or locked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from workbench.audit.ladder import MIN_BAND
from workbench.audit.plan import Criterion, Plan
from workbench.audit.recovery_tests import (
    PRECISIONS,
    PRUNED_SHARES,
    learning_rate_group,
    recovery_test_of,
    removal_test_of,
)
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.planting import PLANTED
from workbench.core.validation import did_you_mean
from workbench.core.vocabulary import Direction, Exactness, PluginKind, Split, Unit
from workbench.core.where import parse_where
from workbench.metrics.catalogue import CATALOGUE
from workbench.registry import Registry
from workbench.store import Project

_ALL = (Split.TRAIN, Split.FORGET, Split.RETAIN, Split.TEST, Split.NON_MEMBER)


@dataclass(frozen=True, slots=True)
class _Measured:
    """The splits on which a metric exists, and what its group names.

    That is "", attack, class, column (of the metadata) or group (a value of a column).
    """

    splits: tuple[Split | None, ...]
    group: str = ""


_MEASURED: Mapping[str, _Measured] = {
    "accuracy": _Measured(_ALL),
    "mean_loss": _Measured(_ALL),
    "median_loss": _Measured(_ALL),
    "class_accuracy": _Measured((Split.TEST, Split.FORGET), "class"),
    "balanced_accuracy": _Measured((Split.TEST,)),
    "macro_f1": _Measured((Split.TEST,)),
    "brier_score": _Measured((Split.TEST,)),
    "group_accuracy": _Measured((Split.TEST,), "group"),
    "worst_group_accuracy": _Measured((Split.TEST,), "column"),
    "demographic_parity_difference": _Measured((Split.TEST,), "column"),
    "equal_opportunity_difference": _Measured((Split.TEST,), "column"),
    "equalised_odds_difference": _Measured((Split.TEST,), "column"),
    "calibration_error": _Measured((Split.TEST, Split.FORGET, Split.RETAIN)),
    "membership_auc": _Measured((Split.FORGET,), "attack"),
    "membership_tpr_at_fpr_0.1": _Measured((Split.FORGET,), "attack"),
    "membership_tpr_at_fpr_0.01": _Measured((Split.FORGET,), "attack"),
    "relearn_steps": _Measured((Split.FORGET,), "learning rate"),
    "relearn_transfer_accuracy": _Measured((Split.FORGET,)),
    "recovered_accuracy": _Measured((Split.FORGET,)),
    "quantised_accuracy": _Measured((Split.FORGET, Split.TEST), "precision"),
    "pruned_accuracy": _Measured((Split.FORGET, Split.TEST), "share"),
    "prototype_accuracy": _Measured((Split.FORGET,)),
    "probe_auc": _Measured((Split.FORGET,)),
    "interclass_error": _Measured((Split.TEST,)),
    "interclass_memory": _Measured((Split.TRAIN,)),
    "backdoor_success": _Measured((Split.TEST,)),
    "canary_exposure": _Measured((Split.TRAIN,)),
    "js_divergence": _Measured((Split.FORGET, Split.TEST)),
    "prediction_agreement": _Measured((Split.FORGET, Split.TEST)),
    "activation_distance": _Measured((Split.FORGET, Split.TEST)),
    "confusion_shift": _Measured((Split.FORGET, Split.TEST)),
    "loss_ks_distance": _Measured((Split.FORGET, Split.TEST)),
    "loss_wasserstein": _Measured((Split.FORGET, Split.TEST)),
    "churn": _Measured((Split.FORGET, Split.RETAIN, Split.TEST)),
    "negative_flips": _Measured((Split.FORGET, Split.RETAIN, Split.TEST)),
    "positive_flips": _Measured((Split.FORGET, Split.RETAIN, Split.TEST)),
    "largest_group_drop": _Measured((Split.TEST,), "column"),
    "unlearning_seconds": _Measured((None,)),
    "peak_memory": _Measured((None,)),
}


@dataclass(frozen=True, slots=True)
class PlanFault:
    """What keeps a plan from being carried out; `path` says where, like "methods.0.params"."""

    path: str
    error: WorkbenchError


def check_against(plan: Plan, registry: Registry) -> None:
    """Check every id, parameter, rule and criterion of a plan; raises the first fault."""
    _raise_first(faults_against(plan, registry))


def check_names(plan: Plan, project: Project) -> None:
    """Check that the project has what the plan uses of it. UsageError for the first missing."""
    _raise_first(missing_names(plan, project))


def faults_against(plan: Plan, registry: Registry) -> Iterator[PlanFault]:
    """Every id, parameter, rule and criterion of a plan that the plugins cannot carry out."""
    for path, check in _checks(plan, registry):
        try:
            check()
        except WorkbenchError as error:
            yield PlanFault(path, error)


def missing_names(plan: Plan, project: Project) -> Iterator[PlanFault]:
    """Everything that the plan uses by name and the project does not have."""
    wanted = [
        ("data.use", "dataset", plan.data.use, "import-data"),
        ("model.use", "model", plan.model.use, "import-model"),
    ]
    wanted += [
        (f"forget_sets.{i}.use", "forget_set", chosen.use, "select")
        for i, chosen in enumerate(plan.forget_sets)
    ]
    for path, table, name, command in wanted:
        if not name:
            continue
        there = [row["name"] for row in project.rows(f"SELECT DISTINCT name FROM {table}")]
        if name not in there:
            error = UsageError(
                f"The project has no {table.replace('_', ' ')} {name!r}{did_you_mean(name, there)}",
                remedy=f"Make it with 'workbench {command}'.",
            )
            yield PlanFault(path, error)
    yield from _not_planted(plan, project)


def _not_planted(plan: Plan, project: Project) -> Iterator[PlanFault]:
    """Criteria about planted rows that a dataset of the project does not have."""
    row = project.row("SELECT source FROM dataset WHERE name = ?", plan.data.use)
    if not plan.data.use or row is None:
        return
    kinds = [planting["kind"] for planting in row["source"].get(PLANTED, ())]
    for i, criterion in enumerate(plan.criteria):
        try:
            _check_is_planted(criterion, kinds)
        except WorkbenchError as error:
            yield PlanFault(f"criteria.{i}", error)


def _raise_first(faults: Iterator[PlanFault]) -> None:
    for fault in faults:
        raise fault.error


def measured_splits(metric: str) -> tuple[Split | None, ...]:
    """The splits on which a metric that can decide is measured; None for the model as a whole."""
    return _MEASURED[metric].splits


def group_kind(metric: str) -> str:
    """What the group of a criterion on this metric names, or nothing, ""; see `_Measured`."""
    return _MEASURED[metric].group


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


def _checks(plan: Plan, registry: Registry) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is to be checked where; each check raises what is wrong."""

    def plugin(path: str, kind: PluginKind, id_: str) -> tuple[str, Callable[[], object]]:
        return path, partial(registry.get, kind, id_)

    def params(
        path: str, kind: PluginKind, id_: str, given: Mapping[str, Any]
    ) -> tuple[str, Callable[[], object]]:
        return path, lambda: registry.get(kind, id_).parse_params(given)

    if plan.data.source:
        yield params("data", PluginKind.DATASET, plan.data.source, plan.data.params)
    if plan.model.architecture:
        yield params("model", PluginKind.ARCHITECTURE, plan.model.architecture, plan.model.params)
    for i, chosen in enumerate(plan.forget_sets):
        if chosen.selector:
            yield params(f"forget_sets.{i}", PluginKind.SELECTOR, chosen.selector, chosen.params)
    for i, method in enumerate(plan.methods):
        yield params(f"methods.{i}", PluginKind.METHOD, method.id, method.params)
    reference = plan.reference.method
    yield params("reference.method", PluginKind.METHOD, reference.id, reference.params)
    for straw_man in plan.straw_men(registry):
        yield plugin("controls.straw_men", PluginKind.METHOD, straw_man)
    for i, attack in enumerate(plan.attacks):
        yield plugin(f"attacks.{i}", PluginKind.ATTACK, attack)
    yield plugin("controls.attack", PluginKind.ATTACK, plan.controls.attack)
    for i, attribution in enumerate(plan.attributions):
        yield plugin(f"attributions.{i}", PluginKind.ATTRIBUTION, attribution)
    yield "reference.method", partial(_check_exact, reference.id, registry)
    for i, chosen in enumerate(plan.forget_sets):
        for name, rule in (("where", chosen.where), ("non_members", chosen.non_members)):
            if rule:
                yield f"forget_sets.{i}.{name}", partial(parse_where, rule)
    for i, criterion in enumerate(plan.criteria):
        yield f"criteria.{i}", partial(check_criterion, criterion, plan)
    yield "controls.attack", partial(_check_control_attack, plan)


def _check_exact(method: str, registry: Registry) -> None:
    if registry.get(PluginKind.METHOD, method).declared.exactness is not Exactness.EXACT:
        raise UsageError(
            f"The reference method {method!r} does not retrain exactly.",
            remedy="Use a method whose exactness is 'exact', such as 'retrain'.",
        )


def _check_control_attack(plan: Plan) -> None:
    if plan.controls.attack not in plan.attacks:
        raise UsageError(
            f"The control attack {plan.controls.attack!r} is not among the plan's attacks.",
            remedy="Add it to 'attacks'.",
        )


def check_criterion(criterion: Criterion, plan: Plan) -> None:
    """UsageError if the runs of the plan will not measure what the criterion is about."""
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
    _check_is_tested(criterion, plan)
    size = criterion.limit if criterion.margin is None else criterion.margin
    if card.unit is Unit.FRACTION and criterion.scale == "difference" and (size or 0) >= 1:
        raise UsageError(f"{who}: {size:g} is no fraction below 1.", remedy="Write 2 % as 0.02.")


def _check_is_tested(criterion: Criterion, plan: Plan) -> None:
    """Whether the plan runs the recovery test, or plants the rows, that a criterion is about.

    What was planted in a dataset of the project is asked when its names are.
    """
    who = f"Criterion {criterion.name!r}"
    recovery = recovery_test_of(criterion.metric)
    if recovery is not None and plan.recovery is None:
        raise UsageError(
            f"{who} needs the recovery tests, which the plan leaves out.",
            remedy="Add a [recovery] table.",
        )
    if recovery is not None and plan.recovery and recovery.id not in plan.recovery.tests:
        raise UsageError(
            f"{who} needs the recovery test {recovery.id!r}, which the plan leaves out.",
            remedy="Add it to 'tests' under [recovery].",
        )
    if plan.data.source:
        _check_is_planted(criterion, [planting.kind for planting in plan.data.plant])


def _check_is_planted(criterion: Criterion, kinds: Collection[str]) -> None:
    removal = removal_test_of(criterion.metric)
    if removal is not None and removal.kind not in kinds:
        raise UsageError(
            f"Criterion {criterion.name!r} needs rows planted in the data (kind "
            f"{removal.kind!r}), and there are none.",
            remedy="Import the data from a source, with such a planting in [[data.plant]].",
        )


def _check_group(criterion: Criterion, plan: Plan, group: str) -> None:
    who, metric = f"Criterion {criterion.name!r}", criterion.metric
    if group == "class":
        if not criterion.group.removeprefix("class:").isdecimal():
            raise UsageError(
                f"{who}: {metric!r} needs 'group' to name a class, got {criterion.group!r}.",
                remedy='Write group = "class:3".',
            )
        return
    if group == "column":
        if not criterion.group:
            raise UsageError(
                f"{who}: {metric!r} needs 'group' to name a column of the data.",
                remedy='Write group = "site".',
            )
        return
    if group == "group":
        if not all(criterion.group.partition("=")):
            raise UsageError(
                f"{who}: {metric!r} needs 'group' to name a column and a value of it, got "
                f"{criterion.group!r}.",
                remedy='Write group = "site=north".',
            )
        return
    if not group:
        if criterion.group:
            raise UsageError(
                f"{who}: {metric!r} has no groups, got {criterion.group!r}.",
                remedy="Leave 'group' out.",
            )
        return
    known = _groups(group, plan)
    if criterion.group not in known:
        named = "one of the plan's attacks" if group == "attack" else f"a {group}"
        raise UsageError(
            f"{who}: {metric!r} needs 'group' to name {named}, got {criterion.group!r}.",
            remedy=f"The plan has: {', '.join(filter(None, known)) or 'none'}.",
        )


def _groups(group: str, plan: Plan) -> tuple[str, ...]:
    """What the group of a metric may be; "" for the learning rate that every plan has."""
    match group:
        case "attack":
            return plan.attacks
        case "precision":
            return tuple(PRECISIONS)
        case "share":
            return tuple(PRUNED_SHARES)
    further = plan.recovery.relearn_learning_rates if plan.recovery else ()
    return ("", *(learning_rate_group(rate) for rate in further))
