"""Whether a plan can be carried out, asked before anything is computed or locked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from workbench.audit.criterion_check import check_criterion, check_is_planted
from workbench.audit.ladder import MIN_BAND
from workbench.audit.plan import Plan
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.planting import PLANTED
from workbench.core.validation import did_you_mean
from workbench.core.vocabulary import Exactness, PluginKind
from workbench.core.where import parse_where
from workbench.registry import Registry
from workbench.store import Project


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
            check_is_planted(criterion, kinds)
        except WorkbenchError as error:
            yield PlanFault(f"criteria.{i}", error)


def _raise_first(faults: Iterator[PlanFault]) -> None:
    for fault in faults:
        raise fault.error


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
