"""`workbench run PLAN.toml --project P.audit`."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.audit.findings import CandidateVerdict, ControlResult
from workbench.audit.plan import Plan, read_plan
from workbench.audit.planned_evidence import (
    PlannedEvidence,
    evidence_record,
    planned_evidence,
    power_in_words,
)
from workbench.audit.recovery_tests import costs_in_words
from workbench.audit.seeds import seed_axes, seeds_in_words
from workbench.audit.set_claims import claims_in_words
from workbench.cli.lanes import open_pool
from workbench.cli.options import add_lanes, add_plugin_folders, add_project
from workbench.cli.output import Output, table
from workbench.core.vocabulary import Outcome
from workbench.jobs.campaign import Campaign, CampaignResult, dry_run
from workbench.registry import Registry
from workbench.store import Project

EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 10, Outcome.INCONCLUSIVE: 11, Outcome.INVALID: 12}

_BEHAVED = {
    Outcome.PASS: "as it must",
    Outcome.INCONCLUSIVE: "not shown",
    Outcome.INVALID: "broken",
    Outcome.FAIL: "broken",
}


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("plan", metavar="PLAN.toml", type=Path)
    command.add_argument("--engine", choices=["local"], default="local")
    command.add_argument("--resume", action="store_true", help="do only what is missing")
    command.add_argument("--dry-run", action="store_true", help="show what would run")
    add_project(command)
    add_lanes(command)
    add_plugin_folders(command)


def execute(options: argparse.Namespace, output: Output) -> int:
    plan = read_plan(options.plan)
    if options.dry_run:
        _show_dry_run(plan, options, output)
        return 0
    with Project.open(options.project) as project:
        campaign = Campaign(
            project,
            plan,
            folder=options.plan.parent,
            plugin_folders=options.plugins,
            resume=options.resume,
            say=output.note,
        )
        with open_pool(options) as pool:
            result = campaign.run(pool)
    output.result(document(result), summary(result))
    return EXIT_CODES[result.verdict.outcome]


def _show_dry_run(plan: Plan, options: argparse.Namespace, output: Output) -> None:
    registry = Registry.discover(options.plugins)
    runs = dry_run(plan, registry)
    if options.project.exists():
        with Project.open(options.project, read_only=True) as project:
            evidence = planned_evidence(project, plan, registry)
    else:
        evidence = planned_evidence(None, plan, registry)
    seeds = seeds_in_words(seed_axes(plan))
    rows = [[r["forget_set"], r["role"], r["label"], str(r["seed"])] for r in runs]
    lines = [*table(rows, ["FORGET SET", "ROLE", "METHOD", "SEED"]), f"{len(runs)} runs", ""]
    lines += [f"Seeds of {kind}: {told}" for kind, told in seeds.items()]
    tests = costs_in_words(plan)
    if tests:
        lines += ["", "Each model also pays for:", *(f"  {test}" for test in tests)]
    lines += ["", *evidence_lines(evidence)]
    output.result(
        {
            "plan": plan.name,
            "hash": plan.hash,
            "runs": runs,
            "tests": tests,
            "seeds": seeds,
            "evidence": evidence_record(evidence),
        },
        lines,
    )


def evidence_lines(evidence: PlannedEvidence) -> list[str]:
    """The ladder as a table, then what its planned rung, the sets and the seeds permit to say."""
    rows = [
        [
            f"{one.rung}{' (planned)' if one.is_planned else ''}",
            str(one.trainings),
            str(one.further_trainings),
            "unknown" if one.seconds is None else f"{one.seconds / 60:.1f} min",
            "unknown" if one.size is None else f"{one.size / 1e6:.1f} MB",
            one.step.brief,
        ]
        for one in evidence.rungs
    ]
    lines = table(rows, ["RUNG", "TRAININGS", "FURTHER", "TIME", "WEIGHTS", "MAY CLAIM"])
    lines += dict.fromkeys(one.unknown for one in evidence.rungs if one.unknown)
    lines += [f"May claim: {one.step.claim}" for one in evidence.rungs if one.is_planned]
    for claims in evidence.sets:
        lines += ["", *claims_in_words(claims)]
    return [*lines, "", *map(power_in_words, evidence.criteria)]


def document(result: CampaignResult) -> dict[str, object]:
    """The result of a plan as JSON: the same content as `summary`."""
    return {
        "plan": result.plan_id,
        "outcome": str(result.verdict.outcome),
        "reason": result.verdict.reason,
        "runs": result.runs,
        "failed": list(result.failed),
        "forget_sets": [
            {
                "name": audit.forget_set,
                "outcome": str(audit.outcome),
                "rung": str(audit.rung),
                "controls": [{"name": one.name, **_entry(one)} for one in audit.controls],
                "candidates": [_entry(candidate) for candidate in audit.candidates],
            }
            for audit in result.verdict.forget_sets
        ],
        "limits": result.verdict.limits,
    }


def _control_name(control: ControlResult) -> str:
    return f"{control.name} ({control.label})" if control.label else control.name


def _entry(judged: CandidateVerdict | ControlResult) -> dict[str, str]:
    return {
        "label": judged.label,
        "role": str(judged.role),
        "outcome": str(judged.outcome),
        "reason": judged.reason,
    }


def summary(result: CampaignResult) -> list[str]:
    """One line per control and candidate of each forget set, then the verdict of the plan."""
    rows = []
    for audit in result.verdict.forget_sets:
        rows += [
            [audit.forget_set, _control_name(control), _BEHAVED[control.outcome], ""]
            for control in audit.controls
        ]
        rows += [
            [audit.forget_set, candidate.label, str(candidate.outcome), _because(candidate)]
            for candidate in audit.candidates
        ]
    lines = table(rows, ["FORGET SET", "CONTROL OR METHOD", "OUTCOME", "BECAUSE OF"])
    lines += [
        f"{one['label']}, seed {one['seed']}, ended as {one['status']}: "
        f"{(one['error'] or {}).get('message', 'no message')}"
        for one in result.failed
    ]
    return [*lines, f"Plan: {result.verdict.outcome}. {result.verdict.limits}"]


def _because(candidate: CandidateVerdict) -> str:
    """The criteria that decided, or why none did."""
    if candidate.outcome is Outcome.PASS:
        return ""
    decided = [
        result.criterion.name
        for result in candidate.criteria
        if result.decides and result.outcome is candidate.outcome
    ]
    return ", ".join(decided) or candidate.reason
