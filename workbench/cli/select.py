"""`workbench select --project P.audit --where QUERY --name NAME`."""

from __future__ import annotations

import argparse

from workbench.audit.plan import forget_set_from
from workbench.cli.options import add_params, add_plugin_folders, add_project, parse_params
from workbench.cli.output import Output
from workbench.core.errors import UsageError
from workbench.jobs.importing import choose_forget_set
from workbench.registry import Registry
from workbench.store import Project


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("--name", required=True, help="the forget set's name")
    command.add_argument("--dataset", help="its name; needed only if the project has several")
    command.add_argument("--where", default="", help='a rule, like "class == 3 and row < 100"')
    command.add_argument("--selector", default="", help="a selector plugin instead of a rule")
    command.add_argument("--non-members", default="", help="rule for comparable non-members")
    add_project(command)
    add_params(command)
    add_plugin_folders(command)


def execute(options: argparse.Namespace, output: Output) -> int:
    if bool(options.where) == bool(options.selector):
        raise UsageError("Give either --where or --selector.")
    choice = forget_set_from(
        {
            "name": options.name,
            "where": options.where,
            "selector": options.selector,
            "params": parse_params(options.param),
            "non_members": options.non_members,
        }
    )
    registry = Registry.discover(options.plugins)
    with Project.open(options.project) as project:
        forget_set_id, rows = choose_forget_set(project, registry, choice, options.dataset)
    output.result(
        {"forget_set": forget_set_id, "name": options.name, "rows": rows.tolist()},
        [f"Forget set {options.name!r} holds {len(rows)} rows."],
    )
    return 0
