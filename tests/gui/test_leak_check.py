"""The fixtures offered to plugin authors, used as one of them would, in a pytest of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import workbench

THEIR_CONFTEST = "from workbench.gui.testing import leak_check, make_window\n"


def outcome(folder, test):
    """The last line that pytest prints about the test."""
    (folder / "conftest.py").write_text(THEIR_CONFTEST)
    (folder / "test_theirs.py").write_text(test)
    root = str(Path(workbench.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root},
        check=False,
    )
    return done.stdout, done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("test", "expected", "said"),
    [
        ("def test(make_window):\n    assert make_window().isVisible()\n", "1 passed", ""),
        (
            "kept = []\ndef test(make_window):\n    kept.append(make_window())\n",
            "1 passed, 1 error",
            "left behind: MainWindow object",
        ),
        (
            "def test(make_window):\n    made = make_window()\n    assert not made.isVisible()\n",
            "1 failed in",  # and no complaint about the window that the failure's traceback holds
            "",
        ),
    ],
    ids=["tidy", "leaking", "failing"],
)
def test_a_window_left_behind_fails_the_test_that_left_it(tmp_path, test, expected, said):
    printed, last = outcome(tmp_path, test)
    assert last.startswith(expected), printed
    assert said in printed
