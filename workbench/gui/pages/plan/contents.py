"""What the Plan page reads of a project and of the plugins, and what it makes of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.audit.cost import Cost, planned_cost
from workbench.audit.draft import Content, Fault, draft_faults, read_draft
from workbench.audit.ladder import LADDER, not_tested, rung_reached
from workbench.audit.plan import Plan
from workbench.audit.plan_check import shortfalls
from workbench.audit.rung_cost import RungCost, rung_costs
from workbench.audit.set_claims import all_set_claims, claims_in_words
from workbench.core.errors import WorkbenchError
from workbench.core.params import Params
from workbench.core.rule_words import in_words
from workbench.core.selection import RULE
from workbench.core.vocabulary import PluginKind, Rung
from workbench.plugin_api import Need
from workbench.registry import Contributed, Plugin, Registry, is_trusted
from workbench.store import Project


@dataclass(frozen=True)
class DatasetFacts:
    id: int
    name: str
    task: str
    n_rows: int
    n_classes: int


@dataclass(frozen=True)
class ModelFacts:
    """A model that is no result of a run. `recipe` is None if nobody knows it."""

    name: str
    dataset_id: int | None
    architecture: str
    recipe: dict[str, Any] | None


@dataclass(frozen=True)
class ForgetSetFacts:
    """The newest version of a saved forget set."""

    name: str
    version: int
    dataset_id: int
    n_rows: int
    in_words: str


@dataclass(frozen=True)
class LockedPlan:
    """A locked plan; `dataset` and `model` are "" until it is prepared.

    `exploratory`: the criteria that were added after the lock.
    """

    id: int
    name: str
    hash: str
    locked: str
    content: Content
    dataset: str
    model: str
    runs: int
    runs_done: int
    exploratory: tuple[Content, ...]

    @property
    def title(self) -> str:
        time = self.locked[:16].replace("T", " ")
        return f"{self.name} \N{MIDDLE DOT} {self.hash[:7]} \N{MIDDLE DOT} locked {time} UTC"


@dataclass(frozen=True)
class Offer:
    """A contribution of a plugin. `params` is None while it must not or cannot be loaded."""

    contributed: Contributed
    is_trusted: bool
    params: type[Params] | None
    problem: str

    @property
    def id(self) -> str:
        return self.contributed.id

    @property
    def title(self) -> str:
        return self.contributed.declared.title

    def unfit(self, task: str, architecture: str, registry: Registry) -> str:
        """Why it cannot be used on a model of this architecture for this task; "" if it can."""
        declared = self.contributed.declared
        if task and task not in declared.tasks:
            return f"Made for {' and '.join(declared.tasks)}, and these data are for {task}"
        known = {one.id for one in registry.contributions(PluginKind.ARCHITECTURE)}
        if Need.ARCHITECTURE in declared.needs and architecture and architecture not in known:
            return f"It builds new models, and no plugin offers the architecture {architecture!r}"
        return self.problem


@dataclass(frozen=True)
class PlanContents:
    """Everything a plan can be made of, newest first, and the plans there are."""

    datasets: tuple[DatasetFacts, ...]
    models: tuple[ModelFacts, ...]
    forget_sets: tuple[ForgetSetFacts, ...]
    locked: tuple[LockedPlan, ...]
    draft: Content | None
    draft_id: int | None
    methods: tuple[Offer, ...]
    attacks: tuple[Offer, ...]
    attributions: tuple[Offer, ...]

    def dataset(self, content: Mapping[str, Any]) -> DatasetFacts | None:
        """The dataset of the project that a plan uses."""
        name = content.get("data", {}).get("use")
        return next((one for one in self.datasets if one.name == name), None)

    def model(self, content: Mapping[str, Any]) -> ModelFacts | None:
        """The model of the project that a plan uses."""
        name = content.get("model", {}).get("use")
        return next((one for one in self.models if one.name == name), None)


@dataclass(frozen=True)
class Assessment:
    """What a plan is worth as it stands. `cost` is None and `hash` "" until it is complete.

    `rungs`: what each rung takes; `claims`: sentences on what its rows permit to say.
    """

    faults: tuple[Fault, ...]
    shortfalls: tuple[str, ...]
    rung: Rung
    not_tested: tuple[str, ...]
    cost: Cost | None
    hash: str
    rungs: tuple[RungCost, ...] = ()
    claims: tuple[str, ...] = ()

    @property
    def claim(self) -> str:
        return LADDER[self.rung].claim

    def faults_below(self, *roots: str) -> tuple[Fault, ...]:
        """The faults in these parts of the plan."""
        return tuple(fault for fault in self.faults if fault.path.partition(".")[0] in roots)


def read_contents(project: Project, registry: Registry) -> PlanContents:
    draft = project.row("SELECT id FROM plan WHERE locked IS NULL")
    return PlanContents(
        datasets=_datasets(project),
        models=_models(project),
        forget_sets=_forget_sets(project),
        locked=_locked(project),
        draft=read_draft(project),
        draft_id=draft["id"] if draft else None,
        methods=_offers(registry, PluginKind.METHOD),
        attacks=_offers(registry, PluginKind.ATTACK),
        attributions=_offers(registry, PluginKind.ATTRIBUTION),
    )


def assess(project: Project, registry: Registry, content: Content) -> Assessment:
    """Check a plan that may be incomplete, and say what it costs and may claim."""
    faults = tuple(draft_faults(content, registry, project))
    try:
        plan = Plan.model_validate(content)
    except ValidationError:
        seeds = content.get("reference", {}).get("band_seeds", ())
        rung = rung_reached(original=True, retrained=len(seeds))
        return Assessment(faults, (), rung, (), None, "")
    return Assessment(
        faults,
        tuple(shortfalls(plan)),
        rung_reached(original=True, retrained=len(plan.reference.band_seeds)),
        not_tested(plan.criteria),
        _cost(project, plan, registry),
        plan.hash,
        *_evidence(project, plan, registry),
    )


def origin_of(definition: Mapping[str, Any]) -> str:
    """How the rows of a forget set are chosen, whether it is saved or part of a plan."""
    if rule := definition.get("rule"):
        return f"Training rows where {in_words(RULE.validate_python(rule))}"
    if where := definition.get("where"):
        return f"Training rows where {where}"
    if selector := definition.get("selector"):
        return f"Proposed by the selector {selector}"
    return "Rows listed one by one"


@dataclass(frozen=True)
class PluginFiles:
    """What a person looks at before trusting a plugin."""

    plugin: Plugin
    hash: str
    files: tuple[str, ...]


def read_plugin_files(plugin: Plugin) -> PluginFiles:
    folder: Path = plugin.folder
    files = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    return PluginFiles(plugin, plugin.hash, tuple(files))


def _cost(project: Project, plan: Plan, registry: Registry) -> Cost | None:
    """None for plugins that cannot be asked; the faults of the plan say which."""
    try:
        return planned_cost(project, plan, registry)
    except WorkbenchError:
        return None


def _evidence(
    project: Project, plan: Plan, registry: Registry
) -> tuple[tuple[RungCost, ...], tuple[str, ...]]:
    """Rungs and sentences; none for plugins that cannot be asked."""
    try:
        rungs = rung_costs(project, plan, registry)
        claims = all_set_claims(project, plan, registry)
    except WorkbenchError:
        return (), ()
    return rungs, tuple(" ".join(claims_in_words(one)) for one in claims)


def _datasets(project: Project) -> tuple[DatasetFacts, ...]:
    rows = project.rows("SELECT id, name, task, n_rows, class_names FROM dataset ORDER BY id DESC")
    return tuple(
        DatasetFacts(row["id"], row["name"], row["task"], row["n_rows"], len(row["class_names"]))
        for row in rows
    )


def _models(project: Project) -> tuple[ModelFacts, ...]:
    """By name, since a plan means the newest of a name."""
    rows = project.rows(
        "SELECT name, dataset_id, architecture, recipe FROM model "
        "WHERE parent_id IS NULL ORDER BY id DESC"
    )
    found: dict[str, ModelFacts] = {}
    for row in rows:
        facts = ModelFacts(row["name"], row["dataset_id"], row["architecture"]["id"], row["recipe"])
        found.setdefault(facts.name, facts)
    return tuple(found.values())


def _forget_sets(project: Project) -> tuple[ForgetSetFacts, ...]:
    rows = project.rows(
        "SELECT name, max(version) AS version, dataset_id, definition, n_rows FROM forget_set "
        "GROUP BY dataset_id, name ORDER BY max(id) DESC"
    )
    return tuple(
        ForgetSetFacts(
            row["name"],
            row["version"],
            row["dataset_id"],
            row["n_rows"],
            origin_of(row["definition"]),
        )
        for row in rows
    )


def _locked(project: Project) -> tuple[LockedPlan, ...]:
    rows = project.rows(
        "SELECT plan.id, plan.name, plan.hash, locked, content, "
        "coalesce(dataset.name, '') AS dataset, coalesce(model.name, '') AS model, "
        "(SELECT count(*) FROM run WHERE plan_id = plan.id) AS runs, "
        "(SELECT count(*) FROM run WHERE plan_id = plan.id AND status = 'done') AS runs_done "
        "FROM plan LEFT JOIN dataset ON dataset.id = plan.dataset_id "
        "LEFT JOIN model ON model.id = plan.original_model_id "
        "WHERE locked IS NOT NULL ORDER BY plan.id DESC"
    )
    added = project.rows(
        "SELECT plan_id, definition FROM criterion WHERE is_exploratory = 1 ORDER BY id"
    )
    return tuple(
        LockedPlan(
            **row,
            exploratory=tuple(one["definition"] for one in added if one["plan_id"] == row["id"]),
        )
        for row in rows
    )


def _offers(registry: Registry, kind: PluginKind) -> tuple[Offer, ...]:
    return tuple(_offer(one) for one in registry.contributions(kind))


def _offer(contributed: Contributed) -> Offer:
    if not is_trusted(contributed.plugin):
        return Offer(contributed, False, None, "Its plugin is not trusted yet")
    try:
        return Offer(contributed, True, contributed.params_model(), "")
    except WorkbenchError as fault:
        return Offer(contributed, True, None, fault.message)
