"""`workbench import-model FILE --project P.audit --architecture ID`."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.options import add_params, add_plugin_folders, add_project, parse_params
from workbench.cli.output import Output
from workbench.core.errors import UsageError
from workbench.jobs.handle import failure_of
from workbench.jobs.lane import Lane
from workbench.jobs.protocol import Job
from workbench.store import Project


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE", type=Path, help="safetensors or torch weights")
    command.add_argument("--architecture", required=True, metavar="ID")
    command.add_argument("--name", default="original", help="its name in the project")
    command.add_argument("--dataset", help="what it was trained on; the only one if not given")
    add_project(command)
    add_params(command)
    add_plugin_folders(command)


def execute(options: argparse.Namespace, output: Output) -> int:
    with Project.open(options.project) as project:
        dataset = options.dataset or _only_dataset(project)
    job = Job(
        id="import-model",
        kind="import-model",
        payload={
            "project": str(options.project.resolve()),
            "plugins": [str(folder.resolve()) for folder in options.plugins],
            "file": str(options.file.resolve()),
            "name": options.name,
            "dataset": dataset,
            "architecture": options.architecture,
            "params": parse_params(options.param),
        },
    )
    with Lane("cpu") as lane:
        result = lane.submit(job).wait()
    if result.result is None:
        raise failure_of(result)
    output.result(result.result, [f"Imported {options.file.name} as {options.name!r}."])
    return 0


def _only_dataset(project: Project) -> str:
    names = [row["name"] for row in project.rows("SELECT name FROM dataset")]
    if len(names) != 1:
        raise UsageError(
            f"The project has {len(names)} datasets, so it is not clear which one the model "
            "was trained on.",
            remedy="Import one with 'workbench import-data', or use --dataset.",
        )
    return str(names[0])
