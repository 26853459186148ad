"""Every mistake gets one plain sentence and a remedy, and the project is unharmed."""

import json

import numpy as np
import pytest

from workbench.store import Project, verify

PLAN_FAULTS = {
    "unknown key": ({"epochz": 3}, "epochz"),
    "unknown method": ({"methods": [{"id": "sdd"}]}, "ssd"),
    "unknown attack": ({"attacks": ["loss", "los"]}, "los"),
    "unknown parameter": ({"methods__0__params": {"epoch": 1}}, "epochs"),
    "parameter out of range": ({"methods__0__params": {"epochs": -1}}, "-1"),
    "recipe out of range": ({"recipe": {"learning_rate": 0}}, "learning_rate"),
    "no criteria": ({"criteria": []}, "criteria"),
    "criterion without margin": ({"criteria": [{"name": "a", "metric": "accuracy"}]}, "margin"),
    "unknown metric": ({"criteria__0__metric": "acuracy"}, "accuracy"),
    "reference that does not retrain": (
        {"reference": {"method": {"id": "do-nothing"}, "band_seeds": [1]}},
        "do-nothing",
    ),
    "metric that only informs": (
        {"criteria__0__metric": "attribution_similarity"},
        "attribution_similarity",
    ),
    "a file outside the plan's folder": (
        {"data": {"source": "npz", "path": "../secret.npz"}},
        "below its own folder",
    ),
    "an absolute path": ({"model__weights": "/etc/passwd"}, "below its own folder"),
    "a name that is no name": ({"methods__0__label": "../x"}, "must start with a letter"),
    "a split on which it is not measured": (
        {"criteria__0": {"name": "a", "metric": "relearn_steps", "split": "test", "margin": 0.1}},
        "not measured on test",
    ),
    "no split": ({"criteria": [{"name": "a", "metric": "accuracy", "margin": 0.1}]}, "no split"),
    "a group it has not": ({"criteria__0__group": "loss"}, "no groups"),
    "an attack the plan has not": (
        {
            "criteria__0": {
                "name": "a",
                "metric": "membership_auc",
                "split": "forget",
                "group": "entropy",
                "margin": 0.1,
            }
        },
        "entropy",
    ),
    "percent for a fraction": ({"criteria__0__margin": 2}, "0.02"),
    "dataset not there": ({"data": {"use": "nothing"}}, "nothing"),
    "forget set not there": ({"forget_sets": [{"name": "a", "use": "gone"}]}, "gone"),
    "a rule that is code": ({"forget_sets__0__where": "__import__('os')"}, "cannot be read"),
    "a seed twice": ({"reference__band_seeds": [1, 2, 2]}, "2 appears twice"),
    "an attack twice": ({"attacks": ["loss", "loss"]}, "'loss' appears twice"),
    "two of a name": ({"methods": [{"id": "ssd"}, {"id": "ssd"}]}, "ssd"),
    "seed in band and control": ({"reference__control_seeds": [1]}, "seed 1"),
    "unknown selector": (
        {"forget_sets": [{"name": "a", "selector": "by-clas", "params": {}}]},
        "by-class",
    ),
    "forget set chosen twice over": (
        {"forget_sets": [{"name": "a", "where": "class == 1", "rows": [1]}]},
        "exactly one",
    ),
}

PREPARATION_FAULTS = {
    "unknown column": ({"forget_sets__0__where": "clazz == 3"}, "clazz"),
    "empty forget set": ({"forget_sets__0__where": "class == 77"}, "empty"),
    "everything forgotten": ({"forget_sets__0__where": "class >= 0"}, "whole training set"),
    "rows that do not exist": (
        {"forget_sets": [{"name": "a", "rows": [1, 99999]}]},
        "99999",
    ),
    "a number beyond all numbers": ({"forget_sets__0__where": "row < 1e400"}, "cannot be read"),
    "a rule without end": (
        {"forget_sets__0__where": "not " * 5000 + "row == 1"},
        "longer than",
    ),
    "a rule nested too deep": (
        {"forget_sets__0__where": "(" * 900 + "row == 1" + ")" * 900},
        "cannot be read",
    ),
    "file not there": ({"data": {"source": "npz", "path": "no.npz"}}, "no.npz"),
}


def plain(err):
    """The one sentence for the user: no traceback, a remedy or a full stop at the end."""
    assert "Traceback" not in err
    said = [line for line in err.splitlines() if line.startswith("workbench:")]
    assert len(said) == 1
    return said[0]


def unharmed(path):
    with Project.open(path, read_only=True) as project:
        return verify(project) == []


@pytest.mark.parametrize(("changes", "named"), PLAN_FAULTS.values(), ids=PLAN_FAULTS.keys())
def test_a_plan_that_cannot_be_taken(project, write_plan, workbench, changes, named):
    before = project.read_bytes()
    code, _, err = workbench("run", write_plan(**changes), "--project", project, "--in-process")
    assert code == 2
    assert named in plain(err)
    assert project.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "named"), PREPARATION_FAULTS.values(), ids=PREPARATION_FAULTS.keys()
)
def test_a_plan_that_cannot_be_prepared(project, write_plan, workbench, changes, named):
    code, _, err = workbench("run", write_plan(**changes), "--project", project, "--in-process")
    assert code in (1, 2)
    assert named in plain(err)
    assert unharmed(project)


def test_a_plan_that_is_not_toml(project, tmp_path, workbench):
    file = tmp_path / "plan.toml"
    file.write_text("version = ")
    code, _, err = workbench("run", file, "--project", project)
    assert code == 2
    assert "not valid TOML" in plain(err)


def test_a_plan_that_is_not_there(project, tmp_path, workbench):
    code, _, err = workbench("run", tmp_path / "none.toml", "--project", project)
    assert code == 2
    assert "none.toml" in plain(err)


@pytest.mark.parametrize("command", ["verify", "report"])
@pytest.mark.parametrize("content", [b"hello", b"", b"SQLite format 3\x00" + bytes(84)])
def test_a_file_that_is_no_project(tmp_path, workbench, command, content):
    file = tmp_path / "x.audit"
    file.write_bytes(content)
    more = ["--out", tmp_path / "r.html"] if command == "report" else []
    code, _, err = workbench(command, file, *more)
    assert code == 1
    assert "x.audit" in plain(err)
    assert file.read_bytes() == content


def test_a_truncated_project(project, workbench, tmp_path):
    cut = tmp_path / "cut.audit"
    cut.write_bytes(project.read_bytes()[:5000])
    code, _, err = workbench("verify", cut)
    assert code == 1
    assert "cut.audit" in plain(err)


def test_a_report_of_an_empty_project(project, workbench, tmp_path):
    code, _, err = workbench("report", project, "--out", tmp_path / "r.html")
    assert code in (1, 2)
    assert plain(err)
    assert not (tmp_path / "r.html").exists()


DATA_FAULTS = {
    "NaN": ({"x_train": np.full((9, 2), np.nan, np.float32)}, "NaN"),
    "lengths differ": ({"y_train": np.zeros(3, np.int64)}, "3"),
    "labels not whole numbers": ({"y_train": np.linspace(0, 1, 9)}, "label"),
    "negative label": ({"y_train": np.full(9, -1)}, "label"),
}


@pytest.mark.parametrize(("changes", "named"), DATA_FAULTS.values(), ids=DATA_FAULTS.keys())
def test_data_that_cannot_be_audited(project, tmp_path, workbench, changes, named):
    good = {
        "x_train": np.zeros((9, 2), np.float32),
        "y_train": np.arange(9) % 2,
        "x_test": np.zeros((9, 2), np.float32),
        "y_test": np.arange(9) % 2,
    }
    file = tmp_path / "data.npz"
    np.savez(file, **{**good, **changes})
    code, _, err = workbench("import-data", file, "--project", project)
    assert code in (1, 2)
    assert named.lower() in plain(err).lower()
    assert unharmed(project)


@pytest.fixture
def with_digits(project, workbench):
    source = ("--source", "digits", "--param", "train_rows=120", "--param", "non_member_rows=120")
    assert workbench("import-data", *source, "--project", project)[0] == 0
    return project


def _import(workbench, file, project, *more):
    return workbench(
        "import-model", file, "--project", project, "--architecture", "small-cnn", *more
    )


def test_weights_that_do_not_fit(with_digits, tmp_path, workbench):
    import torch
    from safetensors.torch import save_file

    file = tmp_path / "other.safetensors"
    save_file({"head.weight": torch.zeros(10, 4)}, file)
    code, _, err = _import(workbench, file, with_digits)
    assert code == 1
    assert "conv1.weight" in plain(err)
    assert unharmed(with_digits)


def test_weights_with_nan(with_digits, tmp_path, workbench):
    import torch
    from safetensors.torch import save_file

    from workbench.compute.models import build_model
    from workbench.registry import Registry

    architecture = {"id": "small-cnn", "params": {}, "input_shape": [1, 8, 8], "n_outputs": 10}
    weights = build_model(Registry.discover(), architecture, seed=0).state_dict()
    weights["fc2.bias"] = torch.full_like(weights["fc2.bias"], float("nan"))
    file = tmp_path / "nan.safetensors"
    save_file(weights, file)
    code, _, err = _import(workbench, file, with_digits)
    assert code == 1
    assert "fc2.bias" in plain(err)


def test_a_weights_file_that_would_run_code(with_digits, tmp_path, workbench):
    import pickle  # noqa: TID251 - the attack itself

    class Touch:
        def __reduce__(self):
            return (open, (str(tmp_path / "owned"), "w"))

    file = tmp_path / "evil.pt"
    file.write_bytes(pickle.dumps(Touch()))
    code, _, err = _import(workbench, file, with_digits)
    assert code == 1
    assert "evil.pt" in plain(err)
    assert not (tmp_path / "owned").exists()


def test_an_unknown_command_parameter(with_digits, workbench, tmp_path):
    code, _, err = _import(workbench, tmp_path / "x.pt", with_digits, "--param", "chanels=[1,2]")
    assert code == 2
    assert "channels" in plain(err)


def test_a_device_that_is_not_there(project, write_plan, workbench):
    code, _, err = workbench(
        "run", write_plan(), "--project", project, "--device", "cuda:99", "--in-process"
    )
    assert code == 2
    assert "cuda:99" in plain(err)
    assert unharmed(project)


def test_a_forget_set_before_any_data(project, workbench):
    code, _, err = workbench("select", "--project", project, "--where", "class == 1", "--name", "a")
    assert code == 2
    assert "no dataset yet" in plain(err)


def test_a_forget_set_with_no_name(with_digits, workbench):
    code, _, err = workbench(
        "select", "--project", with_digits, "--where", "class == 1", "--name", "../x"
    )
    assert code == 2
    assert "must start with a letter" in plain(err)


def test_an_output_folder_that_is_a_file(tmp_path, workbench):
    file = tmp_path / "file"
    file.write_text("mine")
    code, _, err = workbench("demo", "--headless", "--out", file)
    assert code == 1
    assert str(file) in plain(err)
    assert file.read_text() == "mine"


def test_a_report_into_a_folder_that_is_not_there(project, tmp_path, workbench):
    code, _, err = workbench("report", project, "--out", tmp_path / "no" / "r.html")
    assert code in (1, 2)
    assert plain(err)


def test_a_project_in_a_folder_that_is_not_there(tmp_path, workbench):
    code, _, err = workbench("init", tmp_path / "no" / "p.audit")
    assert code in (1, 2)
    assert plain(err)


def test_a_report_in_the_place_of_the_project(finished, workbench):
    before = finished.read_bytes()
    code, _, err = workbench("report", finished, "--out", finished)
    assert code == 2
    assert "is no report" in plain(err)
    assert finished.read_bytes() == before


def test_a_command_line_that_cannot_be_read(workbench):
    code, out, err = workbench("run", "--json")
    assert code == 2
    assert plain(err)
    assert json.loads(out)["exit"] == 2


def test_a_folder_of_plugins_that_is_not_there(workbench):
    code, _, err = workbench("plugins", "list", "--plugins", "no-such-folder")
    assert code == 2
    assert "no-such-folder" in plain(err)


def test_training_rows_among_the_non_members_are_reported(project, tmp_path, workbench):
    inputs = np.arange(40, dtype=np.float32).reshape(20, 2)
    labels = np.arange(20) % 2
    file = tmp_path / "twins.npz"
    np.savez(
        file,
        x_train=inputs,
        y_train=labels,
        x_test=inputs + 100,
        y_test=labels,
        x_nonmember=inputs[:3],
        y_nonmember=labels[:3],
    )
    code, out, _ = workbench("import-data", file, "--project", project)
    assert code == 0
    assert "3 non_member rows are also training rows" in out
