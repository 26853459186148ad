"""`workbench report --format pdf` as it is typed: no display, and without Qt one sentence."""

import os
import subprocess
import sys

import pytest
from simulated_audit import few_models, simulate

from workbench.core.hashing import hash_file
from workbench.store import Project

NO_DISPLAY = {
    name: value
    for name, value in os.environ.items()
    if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
}


@pytest.fixture
def judged(tmp_path):
    simulate(tmp_path / "p.audit", few_models()).project.close()
    return tmp_path / "p.audit"


def typed(*arguments, before=""):
    code = f"{before}\nimport sys\nfrom workbench.cli import main\nsys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=NO_DISPLAY,
        capture_output=True,
        text=True,
    )


def test_without_a_display_the_file_is_written_and_logged(judged, tmp_path):
    pytest.importorskip("PySide6")
    out = tmp_path / "report.pdf"
    for _ in range(2):  # a report may take the place of an earlier one
        done = typed("report", judged, "--format", "pdf", "--out", out)
        assert (done.returncode, done.stderr) == (0, "")
    assert out.read_bytes().startswith(b"%PDF-")
    with Project.open(judged, read_only=True) as project:
        rows = project.rows("SELECT * FROM report ORDER BY id")
    assert [row["format"] for row in rows] == ["pdf", "pdf"]
    assert rows[-1]["file_hash"] == hash_file(out)


def test_without_qt_one_sentence_and_no_file(judged, tmp_path):
    out = tmp_path / "report.pdf"
    absent = "import sys; sys.modules['PySide6'] = None"
    done = typed("report", judged, "--format", "pdf", "--out", out, before=absent)
    assert done.returncode == 2
    assert "needs PySide6" in done.stderr
    assert "pip install" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
    with Project.open(judged, read_only=True) as project:
        assert project.row("SELECT * FROM report") is None


def test_an_unknown_format_names_all_three(judged, tmp_path):
    done = typed("report", judged, "--format", "md", "--out", tmp_path / "r.md")
    assert done.returncode == 2
    assert all(known in done.stderr for known in ("html", "json", "pdf"))
