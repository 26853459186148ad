"""What a command costs before it does anything, beside bare Python and beside torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from figures import Figures
from timing import interleave, timed

pytestmark = pytest.mark.bench

SECTION = "command line"
ROUNDS = 9
REPOSITORY = Path(__file__).parents[2]

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import torch'": ["-c", "import torch"],
    "workbench --help": ["-m", "workbench", "--help"],
    "workbench plugins list": ["-m", "workbench", "plugins", "list"],
    "workbench metrics list": ["-m", "workbench", "metrics", "list"],
}


def python(arguments: list[str]) -> str:
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout


def test_start_of_commands(figures: Figures) -> None:
    assert "verify" in python(COMMANDS["workbench --help"])
    assert "modified-entropy" in python(COMMANDS["workbench plugins list"])
    assert "membership_auc" in python(COMMANDS["workbench metrics list"])

    def watch(arguments: list[str]) -> Callable[[], float]:
        return timed(lambda: python(arguments))

    measured = interleave(ROUNDS, {name: watch(words) for name, words in COMMANDS.items()})
    for name in COMMANDS:
        figures.add(SECTION, name, "s", measured[name])
        if name.startswith("workbench"):
            for other in ("python -c pass", "python -c 'import torch'"):
                figures.add(SECTION, f"  / {other}", "ratio", measured[name].over(measured[other]))
