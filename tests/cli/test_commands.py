"""Every command on a tiny project: what it prints, what it leaves, how it exits."""

import json
import math
import re
import sqlite3

import numpy as np
import pytest

from workbench.metrics import membership
from workbench.store import Project


def test_run_leaves_every_run_done_and_judged(finished):
    with Project.open(finished, read_only=True) as project:
        statuses = {row["status"] for row in project.rows("SELECT status FROM run")}
        roles = {row["role"] for row in project.rows("SELECT role FROM run")}
        judged = {row["label"] for row in project.rows("SELECT label FROM verdict")}
    assert statuses == {"done"}
    assert roles == {"original", "reference", "control", "straw_man", "candidate"}
    assert {"fine-tune", "do-nothing", "random-weights"} <= judged


def test_too_few_references_cannot_pass(finished):
    with Project.open(finished, read_only=True) as project:
        row = project.row("SELECT outcome FROM verdict WHERE label = 'fine-tune' AND criterion=''")
    assert row["outcome"] in ("INCONCLUSIVE", "INVALID")


def test_run_prints_one_json_document(project, write_plan, workbench):
    code, out, err = workbench("run", write_plan(), "--project", project, "--in-process", "--json")
    document = json.loads(out)
    expected = {"PASS": 0, "FAIL": 10, "INCONCLUSIVE": 11, "INVALID": 12}
    assert code == expected[document["outcome"]]
    assert document["runs"] == {"done": sum(line.startswith("[") for line in err.splitlines())}


def test_a_second_run_is_refused_and_resume_repeats_nothing(finished, write_plan, workbench):
    again = ("run", write_plan(), "--project", finished, "--in-process")
    code, _, err = workbench(*again)
    assert code == 2
    assert "--resume" in err
    code, out, _ = workbench(*again, "--resume", "--json")
    with Project.open(finished, read_only=True) as project:
        starts = project.row("SELECT count(*) AS n FROM event WHERE type = 'run.started'")["n"]
        runs = project.row("SELECT count(*) AS n FROM run")["n"]
    assert code in (0, 10, 11, 12)
    assert starts == runs == json.loads(out)["runs"]["done"]


def test_dry_run_writes_nothing(project, write_plan, workbench):
    before = project.read_bytes()
    code, out, _ = workbench("run", write_plan(), "--project", project, "--dry-run", "--json")
    assert code == 0
    told = json.loads(out)
    assert len(told["runs"]) == 1 + 2 + 1 + 4 + 1
    assert told["seeds"].keys() == {"training", "unlearning", "evaluation"}
    assert [rung["rung"] for rung in told["evidence"]["rungs"] if rung["is_planned"]] == ["L2"]
    assert project.read_bytes() == before


def test_dry_run_says_what_each_rung_takes_and_the_rows_permit(finished, write_plan, workbench):
    before = finished.read_bytes()
    code, out, _ = workbench("run", write_plan(), "--project", finished, "--dry-run")
    assert code == 0
    assert finished.read_bytes() == before
    assert re.search(r"L2 \(planned\) +2 +0 +\d+\.\d min +\d+\.\d MB +a gap, undecided", out)
    assert "Seeds of training: original 0; band 1, 2; control 3" in out
    assert re.search(r"threes: \d+ forget rows, \d+ comparable non-members\.", out)
    assert "If no forget row is recognised, a true positive rate above" in out
    assert "forget: its power is not known. Fewer than 5 retrained seeds decide nothing." in out


def test_dry_run_needs_no_project(tmp_path, write_plan, workbench):
    absent = tmp_path / "absent.audit"
    code, out, _ = workbench("run", write_plan(), "--project", absent, "--dry-run")
    assert code == 0
    assert "There is no project yet." in out
    assert not absent.exists()


def test_verify_finds_a_changed_metric(finished, workbench):
    assert workbench("verify", finished)[0] == 0
    with sqlite3.connect(finished) as raw:
        raw.execute("UPDATE metric SET value = 0.5 WHERE id = 3")
    code, out, _ = workbench("verify", finished, "--json")
    assert code == 1
    assert json.loads(out)["faults"]


@pytest.mark.parametrize("form", ["html", "json"])
def test_report_is_written_and_recorded(finished, workbench, tmp_path, form):
    out = tmp_path / f"report.{form}"
    assert workbench("report", finished, "--format", form, "--out", out)[0] == 0
    assert "fine-tune" in out.read_text()
    with Project.open(finished, read_only=True) as project:
        assert project.row("SELECT format FROM report")["format"] == form
    assert workbench("verify", finished)[0] == 0


def test_the_shell_path_import_select_run(project, write_plan, workbench, tmp_path):
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(400, 6)).astype(np.float32)
    labels = (inputs[:, 0] > 0).astype(np.int64)
    file = tmp_path / "points.npz"
    np.savez(
        file, x_train=inputs[:200], y_train=labels[:200], x_test=inputs[200:], y_test=labels[200:]
    )
    code, out, err = workbench("import-data", file, "--project", project, "--json")
    assert code == 0, err
    name = json.loads(out)["name"]
    code, out, err = workbench(
        "select",
        "--project",
        project,
        "--where",
        "class == 1 and row < 100",
        "--name",
        "few",
        "--json",
    )
    assert code == 0, err
    assert all(labels[row] == 1 for row in json.loads(out)["rows"])
    plan = write_plan(
        data={"use": name}, forget_sets=[{"name": "few", "use": "few"}], attributions=[]
    )
    code, _, err = workbench("run", plan, "--project", project, "--in-process")
    assert code in (10, 11, 12, 0), err


def test_a_model_file_is_imported_and_audited(project, write_plan, workbench, tmp_path):
    from safetensors.torch import save_file

    from workbench.compute.models import build_model
    from workbench.registry import Registry

    source = ("--source", "digits", "--param", "train_rows=120", "--param", "non_member_rows=120")
    assert workbench("import-data", *source, "--project", project)[0] == 0
    model = build_model(
        Registry.discover(),
        {"id": "mlp", "params": {"hidden": [16]}, "input_shape": [1, 8, 8], "n_outputs": 10},
        seed=0,
    )
    file = tmp_path / "weights.safetensors"
    save_file(model.state_dict(), file)
    code, _, err = workbench(
        "import-model",
        file,
        "--project",
        project,
        "--architecture",
        "mlp",
        "--param",
        "hidden=[16]",
        "--name",
        "given",
    )
    assert code == 0, err
    with Project.open(project, read_only=True) as opened:
        dataset = opened.row("SELECT name FROM dataset")["name"]
    plan = write_plan(data={"use": dataset}, model={"use": "given"})
    code, _, err = workbench("run", plan, "--project", project, "--in-process")
    assert code in (0, 10, 11, 12), err


def test_plugins_and_metrics_explain_themselves(workbench):
    code, out, _ = workbench("plugins", "list", "--json")
    listed = {(one["kind"], one["id"]) for one in json.loads(out)["contributions"]}
    assert code == 0
    assert {("method", "ssd"), ("attack", "loss"), ("attribution", "grad-cam")} <= listed
    code, out, _ = workbench("plugins", "show", "ssd")
    assert code == 0
    assert "alpha" in out
    code, out, _ = workbench("metrics", "show", "membership_auc")
    assert code == 0
    assert "caveat" in out


def test_doctor_is_content_with_this_installation(workbench):
    code, out, err = workbench("doctor", "--device", "cpu", "--json")
    document = json.loads(out)
    assert code == 0, err
    assert document["healthy"]
    assert document["worker"]["device"] == "cpu"
    assert all(answer["correct"] for answer in document["known_answers"])


def test_doctor_tells_a_formula_that_gives_no_number(workbench, monkeypatch):
    monkeypatch.setattr(membership, "auc", lambda *_sides: math.nan)
    code, out, _ = workbench("doctor", "--device", "cpu", "--json")
    (wrong,) = [answer for answer in json.loads(out)["known_answers"] if not answer["correct"]]
    assert code == 1
    assert (wrong["id"], wrong["name"], wrong["got"]) == ("K1", "AUC", None)
    code, out, _ = workbench("doctor", "--device", "cpu")
    assert code == 1
    assert "AUC: expected 0.8833333333, got None" in out
