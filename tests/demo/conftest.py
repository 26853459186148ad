"""The demo, run once, from a wheel that is installed away from the checkout."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Demo:
    """What the demo said and left, and how to run the workbench it was run with."""

    folder: Path
    document: dict
    seconds: float
    environment: dict[str, str]

    @property
    def project(self) -> Path:
        return self.folder / "digits.audit"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    def workbench(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return _python(self.folder, self.environment, "-m", "workbench", *map(str, arguments))


def _python(folder, environment, *arguments):
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="session")
def installed_wheel(tmp_path_factory):
    """A folder with the installed wheel, first on the path of `environment`."""
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("*.whl")
    installed = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--target",
            str(site),
            str(wheel),
        ],
        capture_output=True,
        text=True,
    )
    assert installed.returncode == 0, installed.stderr
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = _python(wheels, environment, "-c", "import workbench; print(workbench.__file__)")
    assert where.stdout.strip().startswith(str(site)), where.stdout + where.stderr
    return environment


@pytest.fixture(scope="session")
def demo(installed_wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    start = time.perf_counter()
    done = _python(
        folder,
        installed_wheel,
        "-m",
        "workbench",
        "demo",
        "--headless",
        "--out",
        str(folder),
        "--device",
        "cpu",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    seconds = time.perf_counter() - start
    return Demo(folder, json.loads(done.stdout), seconds, installed_wheel)
