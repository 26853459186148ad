"""`workbench gui [PROJECT]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.cli.output import Output
from workbench.core.errors import UsageError
from workbench.gui.launch import open_file, run_window


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("project", metavar="PROJECT", type=Path, nargs="?")


def execute(options: argparse.Namespace, _: Output) -> int:
    project: Path | None = options.project
    if project is not None and not project.is_file():
        raise UsageError(f"There is no project file {str(project)!r}.", remedy="Check the path.")
    return run_window(open_file(project.resolve()) if project else None)
