"""Read one plan of a project into a `Report`: the only place that knows where things are kept."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, prod
from typing import Any

from workbench import __version__
from workbench.audit.duplicates import duplicates_in_words
from workbench.audit.guards import duplicate_findings
from workbench.audit.ladder import LADDER
from workbench.audit.plan import stored_plan
from workbench.audit.seeds import seed_axes, seeds_in_words
from workbench.audit.stored_plan import StoredForgetSet, StoredPlan
from workbench.core.dataset import SPLITS, Dataset
from workbench.core.errors import UsageError
from workbench.core.vocabulary import Rung, Split
from workbench.metrics.catalogue import CATALOGUE
from workbench.metrics.known_answers import check_known_answers
from workbench.report import wording
from workbench.report.attacks import attack_parts
from workbench.report.attributions import attribution_parts
from workbench.report.document import (
    CriterionPart,
    DatasetPart,
    EnvironmentPart,
    EvidencePart,
    Failure,
    ForgetSetPart,
    MetricDefinition,
    ModelPart,
    NotComputed,
    PlanPart,
    PluginPart,
    ProjectPart,
    Report,
    SelfTestPart,
    WrongAnswer,
)
from workbench.report.runs import band_rows, failures, missing_numbers, read_runs, spread_rows
from workbench.report.verdicts import (
    candidates_of,
    controls_of,
    plan_judgement,
    read_judgements,
    whole_of,
)
from workbench.store import Project, now

Record = dict[str, Any]


def collect(project: Project, plan_id: int | None = None) -> Report:
    """Everything the report on one plan says; the newest plan if none is named.

    UsageError if there is no plan yet, ProjectError if there is no such plan, it was not
    prepared, or it is no longer what was locked.
    """
    stored = StoredPlan(project, _newest(project) if plan_id is None else plan_id)
    row = _only(project, "SELECT * FROM plan WHERE id = ?", stored.id)
    criteria = read_criteria(project, stored.id)
    forget_sets = tuple(_forget_set(project, stored, one) for one in stored.forget_sets)
    overall = plan_judgement(project, stored.id)
    rung = overall.detail["rung"] if overall else ""
    return Report(
        title=f"Unlearning audit: {stored.plan.name}",
        generated=now(),
        tool_version=__version__,
        project=_project(project),
        plan=_plan(row),
        overall=overall,
        summary=wording.summary(forget_sets),
        rung=rung,
        claim=LADDER[Rung(rung)].claim if rung else "",
        self_test=_self_test(),
        dataset=_dataset(project, row["dataset_id"], stored.dataset),
        model=_model(project, row["original_model_id"]),
        criteria=criteria,
        forget_sets=forget_sets,
        not_computed=_missing(forget_sets),
        failures=_failures(project, forget_sets),
        glossary=_glossary(forget_sets, criteria),
        plugins=_plugins(project, stored.id),
        environments=_environments(project, stored.id),
        evidence=_evidence(project),
    )


def _newest(project: Project) -> int:
    row = project.row("SELECT id FROM plan WHERE locked IS NOT NULL ORDER BY id DESC LIMIT 1")
    if row is None:
        raise UsageError(
            "The project has no plan yet, so there is nothing to report.",
            remedy="Run a plan on this project first.",
        )
    return int(row["id"])


def _project(project: Project) -> ProjectPart:
    row = _only(project, "SELECT * FROM project")
    return ProjectPart(
        name=row["name"],
        file_name=project.path.name,
        created=row["created"],
        created_by=row["created_by"],
    )


def _plan(plan: Record) -> PlanPart:
    content = plan["content"]
    return PlanPart(
        id=plan["id"],
        name=plan["name"],
        hash=plan["hash"],
        locked=plan["locked"],
        notes=content["notes"],
        alpha=content["alpha"],
        seeds=seeds_in_words(seed_axes(stored_plan(content))),
        content=content,
    )


def read_criteria(project: Project, plan_id: int) -> tuple[CriterionPart, ...]:
    """The criteria of a plan, those added after its lock included."""
    rows = project.rows("SELECT * FROM criterion WHERE plan_id = ? ORDER BY id", plan_id)
    return tuple(_criterion(row) for row in rows)


def _criterion(row: Record) -> CriterionPart:
    definition = row["definition"]
    return CriterionPart(
        name=row["name"],
        metric=definition["metric"],
        split=definition["split"],
        group=definition["group"],
        kind=definition["kind"],
        scale=definition["scale"],
        margin=definition["margin"],
        limit=definition["limit"],
        primary=bool(row["is_primary"]),
        exploratory=bool(row["is_exploratory"]),
    )


def _forget_set(project: Project, stored: StoredPlan, forget_set: StoredForgetSet) -> ForgetSetPart:
    row = _only(project, "SELECT * FROM forget_set WHERE id = ?", forget_set.id)
    runs = read_runs(project, stored.id, forget_set.id)
    judgements = read_judgements(project, stored.id, forget_set.id)
    candidates = candidates_of(runs, judgements)
    return ForgetSetPart(
        id=forget_set.id,
        name=forget_set.name,
        version=row["version"],
        in_words=wording.describe_forget_set(row["definition"]),
        definition=row["definition"],
        n_rows=row["n_rows"],
        share=row["n_rows"] / len(stored.dataset.rows_of(Split.TRAIN)),
        rows_hash=row["rows_artifact"],
        notes=tuple(duplicates_in_words(stored.duplicates(forget_set))),
        verdict=whole_of(judgements),
        controls=controls_of(judgements),
        candidates=candidates,
        band=band_rows(runs),
        spreads=spread_rows(runs),
        runs=runs,
        attacks=attack_parts(stored, forget_set, runs),
        attributions=attribution_parts(stored, forget_set, candidates),
    )


def _dataset(project: Project, dataset_id: int, dataset: Dataset) -> DatasetPart:
    row = _only(project, "SELECT * FROM dataset WHERE id = ?", dataset_id)
    return DatasetPart(
        name=row["name"],
        fingerprint=row["fingerprint"],
        task=row["task"],
        rows={split: len(dataset.rows_of(split)) for split in SPLITS},
        input_shape=dataset.input_shape,
        class_names=dataset.class_names,
        preprocessing=row["preprocessing"],
        preprocessing_hash=row["preprocessing_hash"],
        notes=" ".join([row["notes"], *duplicate_findings(dataset)]),
        source=row["source"],
    )


def _model(project: Project, model_id: int) -> ModelPart:
    row = _only(project, "SELECT * FROM model WHERE id = ?", model_id)
    shapes = (
        _only(project, "SELECT shape FROM artifact WHERE hash = ?", digest)["shape"]
        for digest in row["tensors"].values()
    )
    return ModelPart(
        name=row["name"],
        architecture=row["architecture"],
        weights_hash=row["weights_hash"],
        n_parameters=sum(prod(shape) for shape in shapes),
        recipe=row["recipe"],
        source=row["source"],
    )


def _missing(forget_sets: Sequence[ForgetSetPart]) -> tuple[NotComputed, ...]:
    return tuple(entry for part in forget_sets for entry in missing_numbers(part.name, part.runs))


def _failures(project: Project, forget_sets: Sequence[ForgetSetPart]) -> tuple[Failure, ...]:
    return tuple(entry for part in forget_sets for entry in failures(project, part.name, part.runs))


def _glossary(
    forget_sets: Sequence[ForgetSetPart], criteria: Sequence[CriterionPart]
) -> tuple[MetricDefinition, ...]:
    """Definitions of the metrics that occur in this report, in the order of the catalogue."""
    measured = {metric.name for part in forget_sets for run in part.runs for metric in run.metrics}
    named = measured | {criterion.metric for criterion in criteria}
    return tuple(
        MetricDefinition(
            name=card.name,
            title=card.title,
            definition=card.definition,
            direction=str(card.direction),
            unit=str(card.unit),
            target=card.target,
            caveat=card.caveat,
            source=card.source,
            version=card.version,
        )
        for card in CATALOGUE.values()
        if card.name in named
    )


def _self_test() -> SelfTestPart:
    answers = check_known_answers()
    wrong = tuple(
        WrongAnswer(
            name=one.name, expected=one.expected, got=one.got if isfinite(one.got) else None
        )
        for one in answers
        if not one.correct
    )
    return SelfTestPart(answers=len(answers), wrong=wrong)


def _plugins(project: Project, plan_id: int) -> tuple[PluginPart, ...]:
    rows = project.rows(
        "SELECT DISTINCT plugin.name, plugin.version, plugin.origin, plugin.hash FROM plugin "
        "JOIN run ON run.plugin_id = plugin.id WHERE run.plan_id = ? ORDER BY plugin.name",
        plan_id,
    )
    return tuple(PluginPart(**row) for row in rows)


def _environments(project: Project, plan_id: int) -> tuple[EnvironmentPart, ...]:
    rows = project.rows(
        "SELECT * FROM environment WHERE id IN "
        "(SELECT environment_id FROM run WHERE plan_id = ?) ORDER BY id",
        plan_id,
    )
    return tuple(EnvironmentPart(hash=row["hash"], description=row["description"]) for row in rows)


def _evidence(project: Project) -> EvidencePart:
    row = _only(project, "SELECT hash, seq FROM event ORDER BY seq DESC LIMIT 1")
    events = _only(project, "SELECT COUNT(*) AS n FROM event")
    return EvidencePart(head_hash=row["hash"], events=events["n"])


def _only(project: Project, sql: str, *params: Any) -> Record:
    row = project.row(sql, *params)
    if row is None:
        raise UsageError(
            "The project lacks a record that its plan refers to.",
            remedy="Check the file with 'workbench verify'.",
        )
    return row
