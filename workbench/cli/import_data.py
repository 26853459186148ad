"""`workbench import-data PATH --project P.audit`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench.audit.guards import duplicate_findings
from workbench.cli.options import add_params, add_plugin_folders, add_project, parse_params
from workbench.cli.output import Output
from workbench.core.dataset import SPLITS
from workbench.jobs.importing import import_dataset
from workbench.registry import Registry
from workbench.store import Project


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", type=Path, nargs="?", help="not needed for bundled data")
    command.add_argument("--source", default="npz", help="the plugin that reads it (npz, digits)")
    command.add_argument("--name", help="its name in the project")
    add_project(command)
    add_params(command)
    add_plugin_folders(command)


def execute(options: argparse.Namespace, output: Output) -> int:
    registry = Registry.discover(options.plugins)
    with Project.open(options.project) as project:
        dataset_id, dataset = import_dataset(
            project,
            registry,
            options.source,
            options.path,
            parse_params(options.param),
            name=options.name,
        )
    rows = {str(split): len(dataset.rows_of(split)) for split in SPLITS}
    document: dict[str, Any] = {
        "dataset": dataset_id,
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "rows": rows,
        "classes": list(dataset.class_names),
    }
    counts = ", ".join(f"{count} {split}" for split, count in rows.items())
    known = options.name not in (None, dataset.name)
    verb = f"Already there as {dataset.name!r}" if known else f"Imported {dataset.name!r}"
    findings = duplicate_findings(dataset)
    document["duplicates"] = findings
    output.result(document, [f"{verb}: {counts} rows.", *findings])
    return 0
