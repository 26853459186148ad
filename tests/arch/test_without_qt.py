"""Everything but the window works where Qt is not installed."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ["tests/unit", "tests/store", "tests/jobs", "tests/cli", "tests/conformance"]
RUN = ["tests/cli/test_commands.py", "tests/cli/test_report_pdf.py"]

BLOCKER = """
import sys
from importlib.abc import MetaPathFinder

class NotInstalled(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"PySide6", "shiboken6", "pyqtgraph", "pytestqt"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

sys.meta_path.insert(0, NotInstalled())
"""


def run_pytest(folder, *arguments):
    (folder / "sitecustomize.py").write_text(BLOCKER)
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:pytest-qt", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
    )


def test_all_other_tests_can_be_collected(tmp_path):
    done = run_pytest(tmp_path, "--collect-only", *ROOMS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_commands_work_and_those_that_need_a_window_say_so(tmp_path):
    done = run_pytest(tmp_path, *RUN)
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "gui"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "The window needs PySide6, which is missing." in done.stderr
