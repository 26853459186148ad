"""Options that several commands share."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path
from typing import Any

from workbench.core.errors import UsageError


def add_plugin_folders(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--plugins",
        metavar="DIR",
        type=_folder,
        action="append",
        default=[],
        help="a further folder of plugins (may be given several times)",
    )


def add_project(command: argparse.ArgumentParser) -> None:
    command.add_argument("--project", metavar="P.audit", type=Path, required=True)


def add_lanes(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--jobs", metavar="N", type=_positive, default=None, help="runs at the same time"
    )
    command.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    command.add_argument(
        "--in-process", action="store_true", help="no worker process, for debugging a plugin"
    )


def add_params(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter of the plugin, in TOML notation (may be given several times)",
    )


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text!r}")
    return Path(text)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)


def parse_params(assignments: list[str]) -> dict[str, Any]:
    """`--param share=0.1 --param within="class == 3"` as a dict; bare words are text."""
    params: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f"The parameter {assignment!r} is not of the form NAME=VALUE.")
        try:
            params[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            params[name] = value
    return params
