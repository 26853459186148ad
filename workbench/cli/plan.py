"""`workbench plan lock PLAN.toml | amend CRITERIA.toml | export OUT.toml --project P.audit`."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.audit.amendment import amend_plan, judge_again, locked_plan, read_amendment
from workbench.audit.plan import read_plan
from workbench.audit.plan_check import check_against, check_names, shortfalls
from workbench.audit.plan_file import write_plan_file
from workbench.audit.schedule import lock_plan
from workbench.cli.options import add_plugin_folders, add_project
from workbench.cli.output import Output
from workbench.core.errors import UsageError
from workbench.registry import Registry
from workbench.store import Project


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "action",
        choices=["lock", "amend", "export"],
        help="lock: fix a plan before anything is measured; amend: add criteria to a locked one; "
        "export: write a locked one to a file, to run it again",
    )
    command.add_argument("file", metavar="FILE.toml", type=Path)
    command.add_argument("--plan", metavar="NAME", default="", help="the plan to amend or export")
    add_project(command)
    add_plugin_folders(command)


def execute(options: argparse.Namespace, output: Output) -> int:
    actions = {"lock": _lock, "amend": _amend, "export": _export}
    return actions[options.action](options, output)


def _lock(options: argparse.Namespace, output: Output) -> int:
    plan = read_plan(options.file)
    with Project.open(options.project) as project:
        check_against(plan, Registry.discover(options.plugins))
        check_names(plan, project)
        plan_id = lock_plan(project, plan)
    notes = shortfalls(plan)
    output.result(
        {"plan": plan_id, "name": plan.name, "hash": plan.hash, "notes": notes},
        [*(f"note: {note}" for note in notes), f"Plan {plan.name!r} locked as {plan.hash[:12]}."],
    )
    return 0


def _amend(options: argparse.Namespace, output: Output) -> int:
    criteria = read_amendment(options.file)
    with Project.open(options.project) as project:
        plan_id, plan = locked_plan(project, options.plan)
        amend_plan(project, plan_id, criteria)
        judge_again(project, plan_id)
    names = [criterion.name for criterion in criteria]
    said = f"Added to plan {plan.name!r} as exploratory: {', '.join(names)}."
    output.result(
        {"plan": plan_id, "name": plan.name, "hash": plan.hash, "exploratory": names},
        [said, "They decide nothing: they came after the lock."],
    )
    return 0


def _export(options: argparse.Namespace, output: Output) -> int:
    if options.file.exists():
        raise UsageError(
            f"There is already a file {options.file.name!r}.", remedy="Choose another name."
        )
    with Project.open(options.project, read_only=True) as project:
        plan_id, plan = locked_plan(project, options.plan)
    registry = Registry.discover(options.plugins)
    write_plan_file(options.file, plan.model_dump(mode="json"), registry)
    output.result(
        {"plan": plan_id, "name": plan.name, "hash": plan.hash, "file": str(options.file)},
        [f"Wrote plan {plan.name!r}, {plan.hash[:12]}, to {options.file}."],
    )
    return 0
