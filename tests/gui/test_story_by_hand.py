"""The whole story lived in the real window: from an empty project to a written report."""

import os
import signal
import sqlite3
from contextlib import closing

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QDialog, QDialogButtonBox, QLineEdit, QWidget

from workbench.audit.plan import read_plan
from workbench.cli import main
from workbench.core.vocabulary import RunStatus
from workbench.gui import dialogs
from workbench.gui.pages.plan import questions
from workbench.gui.session.path_state import Step
from workbench.gui.testing import settle

PLAN = """
version = 1
name = "story"
attacks = ["loss"]
attributions = ["saliency"]
attribution_rows = 3
data = { use = "digits" }
model = { use = "mine" }
recipe = { epochs = 2, learning_rate = 0.01 }
forget_sets = [{ name = "threes", use = "threes" }]
reference = { band_seeds = [1, 2], control_seeds = [3] }
recovery = { relearn_cap = 3, retain_epochs = 1 }
methods = [{ id = "fine-tune", params = { epochs = 1 } }]
criteria = [{ name = "forget", metric = "accuracy", split = "forget", margin = 0.1 }]
"""
_MINUTE = 60_000
METRICS = (
    "SELECT run.label, run.role, run.seed, metric.name, metric.split, metric.group_key, "
    "metric.value, metric.ci_low, metric.ci_high, metric.status FROM metric "
    "JOIN run ON run.id = metric.run_id JOIN plan ON plan.id = run.plan_id "
    "WHERE plan.name = 'story' AND metric.name NOT IN ('unlearning_seconds', 'peak_memory') "
    "ORDER BY run.label, run.role, run.seed, metric.name, metric.split, metric.group_key"
)


def button_named(parent, name):
    found = [
        one
        for one in parent.findChildren(QAbstractButton)
        if name in (one.accessibleName(), one.text().replace("&", "")) and one.isVisible()
    ]
    assert found, f"no button {name!r} in {type(parent).__name__}"
    return found[0]


def field_named(parent, name):
    (found,) = [
        one
        for one in parent.findChildren(QLineEdit)
        if one.accessibleName() == name and one.isVisible()
    ]
    return found


def entry_named(parent, name):
    """The entry of a form, whatever its kind."""
    (found,) = [
        one
        for one in parent.findChildren(QWidget)
        if one.accessibleName() == name and one.isVisible() and not isinstance(one, QAbstractButton)
    ]
    return found


def write(qtbot, entry, text):
    """Type over what an entry holds."""
    entry.setFocus()
    entry.selectAll()
    qtbot.keyClicks(entry, text)


def open_dialog(window, qtbot):
    qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(QDialog)))
    return next(d for d in window.findChildren(QDialog) if d.isVisible())


def numbers_of(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(METRICS).fetchall()


def import_digits(window, qtbot):
    page = window.page(Step.DATA)
    settle(window.session)
    page.import_data()
    dialog = open_dialog(window, qtbot)
    for name, value in {
        "Train rows": "120",
        "Non-member rows": "120",
        "Label noise": "0.1",
    }.items():
        write(qtbot, entry_named(dialog, name), value)
    field_named(dialog, "Name").setText("digits")
    qtbot.mouseClick(button_named(dialog, "Import"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.state.datasets == 1, timeout=_MINUTE)


def train(window, qtbot):
    """The training job itself; its dialog has tests of its own."""
    task = window.session.compute.submit(
        "train-model",
        "Training a model",
        dataset=1,
        architecture="mlp",
        params={"hidden": [16]},
        recipe={"epochs": 2, "learning_rate": 0.01},
        seed=0,
        name="mine",
    )
    qtbot.waitUntil(lambda: task.is_over, timeout=_MINUTE)
    assert task.fault is None, task.fault
    qtbot.waitUntil(lambda: window.session.state.models == 1, timeout=_MINUTE)


def choose_threes(window, qtbot):
    page = window.page(Step.FORGET_SET)
    settle(window.session)
    rule = field_named(page, "Rule")
    rule.setText("class == 3")
    qtbot.mouseClick(button_named(page, "Apply rule"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.session.selection.rows) > 0)
    settle(window.session)
    page.save_forget_set()
    dialog = open_dialog(window, qtbot)
    field_named(dialog, "Name").setText("threes")
    settle(window.session)
    save = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Save)
    qtbot.waitUntil(save.isEnabled)
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.state.forget_sets == 1)


def lock_and_run(window, qtbot, monkeypatch, file):
    page = window.page(Step.PLAN)
    settle(window.session)
    monkeypatch.setattr(questions, "ask_plan_file", lambda _: file)
    page.import_plan()
    qtbot.waitUntil(lambda: window.session.state.has_draft)
    settle(window.session)
    monkeypatch.setattr(questions, "ask_lock", lambda *_: True)
    qtbot.mouseClick(button_named(page, "Lock plan"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.state.locked_plans == 1)
    settle(window.session)
    qtbot.mouseClick(button_named(page, "Start runs"), Qt.MouseButton.LeftButton)
    assert window._steps.currentWidget().step is Step.RUNS
    qtbot.waitUntil(lambda: window.session.compute.plan_task is None, timeout=3 * _MINUTE)
    qtbot.waitUntil(lambda: window.session.state.verdicts > 0, timeout=_MINUTE)
    settle(window.session)


@pytest.fixture
def plan_file(tmp_path):
    file = tmp_path / "story.toml"
    file.write_text(PLAN)
    return file


def test_from_an_empty_project_to_a_report(
    make_window, qtbot, tmp_path, monkeypatch, plan_file, capsys
):
    path = tmp_path / "story.audit"
    window = make_window(in_process=False)
    monkeypatch.setattr(dialogs, "ask_new_project", lambda _: path)
    window.new_project()
    settle(window.session)
    import_digits(window, qtbot)
    train(window, qtbot)
    choose_threes(window, qtbot)
    lock_and_run(window, qtbot, monkeypatch, plan_file)
    for step in Step:
        window.show_step(step)
        settle(window.session)
        assert not window.session.state.missing(step), step
    assert [notice.message for notice in window.faults.notices if notice.is_fault] == []
    window.close_project()
    for form in ("html", "json", "pdf"):
        out = tmp_path / f"report.{form}"
        assert main(["report", str(path), "--format", form, "--out", str(out)]) == 0
        assert out.stat().st_size > 1000
    assert main(["verify", str(path)]) == 0

    # The same plan without the window, on the same data, model and rows.
    headless = tmp_path / "headless.audit"
    assert main(["init", str(headless)]) == 0
    params = ["train_rows=120", "non_member_rows=120", "label_noise=0.1"]
    flags = [word for one in params for word in ("--param", one)]
    source = ["--source", "digits", "--project", str(headless), "--name", "digits"]
    assert main(["import-data", *source, *flags]) == 0
    trained = PLAN.replace(
        '{ use = "mine" }', '{ architecture = "mlp", params = { hidden = [16] }, seed = 0 }'
    ).replace('use = "threes"', 'where = "class == 3"')
    plan_file.write_text(trained)
    assert read_plan(plan_file).name == "story"
    assert main(["run", str(plan_file), "--project", str(headless)]) in (0, 10, 11, 12)
    ours = numbers_of(path)
    assert len(ours) > 100
    assert [one for one in zip(ours, numbers_of(headless), strict=True) if one[0] != one[1]] == []


def test_a_killed_worker_costs_its_run_only(
    make_window, qtbot, tmp_path, monkeypatch, data_project, plan_file
):
    plan_file.write_text(
        PLAN.replace('{ use = "mine" }', '{ architecture = "mlp", params = { hidden = [16] } }')
        .replace('use = "threes"', 'where = "class == 3"')
        .replace("epochs = 2,", "epochs = 400,", 1)
    )
    window = make_window(data_project, in_process=False)
    settle(window.session)
    task = window.session.run_plan(read_plan(plan_file), resume=False)
    window.show_step(Step.RUNS)

    def running():
        with closing(sqlite3.connect(data_project)) as connection:
            return connection.execute(
                "SELECT id, json_extract(worker, '$.pid') FROM run "
                "WHERE status = 'running' AND role = 'reference'"
            ).fetchone()

    qtbot.waitUntil(lambda: running() is not None, timeout=_MINUTE)
    run_id, pid = running()
    qtbot.waitUntil(lambda: run_id in task.runs)
    os.kill(pid, signal.SIGKILL)
    over = {RunStatus.ERROR, RunStatus.CRASHED, RunStatus.CANCELLED}
    qtbot.waitUntil(
        lambda: run_id in task.runs and task.runs[run_id].state in over, timeout=_MINUTE
    )
    task.cancel()
    qtbot.waitUntil(lambda: task.is_over, timeout=_MINUTE)
    with closing(sqlite3.connect(data_project)) as connection:
        status, error = connection.execute(
            "SELECT status, json_extract(error, '$.message') FROM run WHERE id = ?", (run_id,)
        ).fetchone()
    assert status == "crashed"
    assert error
    settle(window.session)
    assert window.isVisible()
