"""A plugin that raises, crashes, hangs or returns nonsense hurts only its own run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.store import Project, process_start, verify

ROOT = Path(__file__).resolve().parents[2]

MANIFEST = """
api = 1
id = "faulty"
title = "Faulty methods"
version = "1"
"""
CONTRIBUTION = """
[[contributions]]
kind = "method"
id = "{id}"
title = "{id}"
summary = "Fails in its own way."
object = "method:{name}"
needs = ["forget", "retain", "labels"]
exactness = "approximate"
"""
METHODS = {
    "raises": "raise ValueError('no such luck')",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "returns-nonsense": "return 'a model'",
    "returns-nan": "model.fc1.weight.data.fill_(float('nan')); return model",
    "exits": "import os; os._exit(3)",
    "hangs": "import time; time.sleep(600)",
    "cheats": "model.register_forward_hook(lambda m, i, out: out * 0); return model",
}


@pytest.fixture
def faulty(tmp_path, monkeypatch, workbench):
    """A folder with the faulty plugin, trusted for this test only."""
    monkeypatch.setenv("WORKBENCH_CONFIG_DIR", str(tmp_path / "config"))
    folder = tmp_path / "plugins" / "faulty"
    folder.mkdir(parents=True)
    names = {id_: id_.title().replace("-", "") for id_ in METHODS}
    (folder / "plugin.toml").write_text(
        MANIFEST + "".join(CONTRIBUTION.format(id=id_, name=names[id_]) for id_ in METHODS)
    )
    (folder / "method.py").write_text(
        "".join(
            f"class {names[id_]}:\n    def unlearn(self, ctx, model, params):\n        {body}\n\n"
            for id_, body in METHODS.items()
        )
    )
    assert workbench("plugins", "trust", "faulty", "--plugins", folder)[0] == 0
    return folder


def statuses(path):
    with Project.open(path, read_only=True) as project:
        assert verify(project) == []
        rows = project.rows("SELECT label, role, status, error FROM run")
    return {row["label"]: row for row in rows}, {row["status"] for row in rows}


def test_each_fault_ends_its_own_run_only(project, write_plan, workbench, faulty):
    ids = [id_ for id_ in METHODS if id_ not in ("hangs", "cheats")]
    plan = write_plan(methods=[{"id": "fine-tune"}, *({"id": id_} for id_ in ids)])
    code, out, _ = workbench(
        "run",
        plan,
        "--project",
        project,
        "--plugins",
        faulty,
        "--jobs",
        "2",
        "--device",
        "cpu",
        "--json",
    )
    rows, _ = statuses(project)
    assert {id_: rows[id_]["status"] for id_ in ids} == {
        "raises": "error",
        "crashes": "crashed",
        "returns-nonsense": "error",
        "returns-nan": "error",
        "exits": "crashed",
    }
    assert "no such luck" in rows["raises"]["error"]["message"]
    assert "fc1.weight" in rows["returns-nan"]["error"]["message"]
    assert rows["fine-tune"]["status"] == "done"
    assert rows["retrain"]["status"] == "done"
    document = json.loads(out)
    assert {one["label"] for one in document["failed"]} == set(ids)
    assert code in (10, 11, 12)


def test_what_is_measured_is_the_stored_model(project, write_plan, workbench, faulty):
    plan = write_plan(methods=[{"id": "cheats"}])
    workbench("run", plan, "--project", project, "--plugins", faulty, "--in-process")
    with Project.open(project, read_only=True) as opened:
        losses = {
            row["label"]: row["value"]
            for row in opened.rows(
                "SELECT label, value FROM metric JOIN run ON run.id = metric.run_id "
                "WHERE name = 'mean_loss' AND split = 'test'"
            )
        }
    assert losses["cheats"] == losses["do-nothing"]


def test_an_untrusted_plugin_does_not_run(project, write_plan, workbench, faulty, tmp_path):
    owned = tmp_path / "owned"
    code = (faulty / "method.py").read_text()
    (faulty / "method.py").write_text(f"open({str(owned)!r}, 'w')\n{code}")
    code, _, _ = workbench(
        "run",
        write_plan(methods=[{"id": "raises"}]),
        "--project",
        project,
        "--plugins",
        faulty,
        "--in-process",
    )
    rows, _ = statuses(project)
    assert not owned.exists()
    assert code in (10, 11, 12)
    assert rows["raises"]["status"] == "error"
    assert "not trusted" in rows["raises"]["error"]["message"]


def start(plan, project, faulty):
    """`workbench run` as a program of its own, with one worker."""
    command = [sys.executable, "-m", "workbench", "run", plan, "--project", project]
    return subprocess.Popen(
        [str(part) for part in (*command, *one_worker(faulty))],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def one_worker(faulty):
    return ("--plugins", faulty, "--jobs", "1", "--device", "cpu")


def test_ctrl_c_ends_a_hanging_run_and_resume_finishes_the_rest(
    project, write_plan, workbench, faulty
):
    plan = write_plan(methods=[{"id": "hangs"}, {"id": "fine-tune"}])
    with start(plan, project, faulty) as program:
        _wait_until_running(project, "hangs")
        program.send_signal(signal.SIGINT)
        _, err = program.communicate(timeout=120)
    assert program.returncode == 130, err
    assert "Traceback" not in err
    rows, _ = statuses(project)
    assert rows["hangs"]["status"] == "cancelled"
    assert rows["retrain"]["status"] == "done"
    change(faulty, "time.sleep(600)", "return model", workbench)
    code, _, err = workbench("run", plan, "--project", project, *one_worker(faulty), "--resume")
    assert code in (10, 11, 12), err
    rows, found = statuses(project)
    assert found == {"done"}


def change(faulty, before, after, workbench):
    """Change the plugin's code and trust it again."""
    file = faulty / "method.py"
    file.write_text(file.read_text().replace(before, after))
    assert workbench("plugins", "trust", "faulty", "--plugins", faulty)[0] == 0


def test_resume_refuses_a_method_that_changed_after_it_ran(project, write_plan, workbench, faulty):
    change(faulty, "return 'a model'", "return model", workbench)
    run = ("run", write_plan(methods=[{"id": "returns-nonsense"}]), "--project", project)
    assert workbench(*run, "--plugins", faulty, "--in-process")[0] in (10, 11, 12)
    change(faulty, "time.sleep(600)", "time.sleep(1)", workbench)
    code, _, err = workbench(*run, "--plugins", faulty, "--in-process", "--resume")
    assert code == 2
    assert "returns-nonsense" in err


def test_two_programs_do_not_run_one_plan(project, write_plan, workbench, faulty):
    plan = write_plan(methods=[{"id": "hangs"}])
    with start(plan, project, faulty) as program:
        _wait_until_running(project, "hangs")
        code, _, err = workbench("run", plan, "--project", project, *one_worker(faulty), "--resume")
        rows, _ = statuses(project)
        program.kill()
    assert code == 2
    assert "Another program is running 'hangs'" in err
    assert rows["hangs"]["status"] == "running"


def test_a_killed_program_leaves_its_run_interrupted(project, write_plan, workbench, faulty):
    plan = write_plan(methods=[{"id": "hangs"}])
    with start(plan, project, faulty) as program:
        _wait_until_running(project, "hangs")
        program.kill()
    _wait_until_worker_is_gone(project)
    plan.write_text(plan.read_text().replace('"hangs"', '"fine-tune"'))
    code, _, err = workbench("run", plan, "--project", project, "--in-process")
    assert code in (10, 11, 12), err
    with Project.open(project, read_only=True) as opened:
        row = opened.row("SELECT status FROM run WHERE label = 'hangs'")
    assert row["status"] == "interrupted"


def _wait_until_worker_is_gone(path):
    with Project.open(path, read_only=True) as project:
        worker = project.row("SELECT worker FROM run WHERE status = 'running'")["worker"]
    deadline = time.monotonic() + 60
    while process_start(worker["pid"]) == worker["start"]:
        assert time.monotonic() < deadline, "the worker outlives its program"
        time.sleep(0.1)


def _wait_until_running(path, label):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with Project.open(path, read_only=True) as project:
            if project.row(
                "SELECT 1 AS there FROM run WHERE label = ? AND status = 'running'", label
            ):
                return
        time.sleep(0.2)
    pytest.fail(f"{label} never started")
