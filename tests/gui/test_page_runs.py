"""The Runs page: it tells how each run stands, starts, stops and retries, and never lies."""

import os
import signal

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from workbench.audit.plan import plan_from
from workbench.audit.schedule import lock_plan
from workbench.core.errors import ProjectError
from workbench.core.vocabulary import RunRole, RunStatus
from workbench.gui.faults import Faults
from workbench.gui.pages.runs import contents
from workbench.gui.pages.runs.contents import Curve, NextStep, RunRow
from workbench.gui.pages.runs.curves_chart import CurvesChart
from workbench.gui.pages.runs.facts import number_facts
from workbench.gui.pages.runs.page import RunsPage
from workbench.gui.pages.runs.run_table import Column, Live, Role, RunsModel, ShownRuns
from workbench.gui.session.path_state import Step
from workbench.gui.session.session import Session
from workbench.gui.settings import Settings
from workbench.report.display import percent
from workbench.store import Project

WARN = QAbstractItemModelTester.FailureReportingMode.Warning
PATIENCE = 30_000  # milliseconds
ENDLESS = {"epochs": 10_000, "batch_size": 1}  # no test waits for its end


def short_plan(name="short", params=None):
    """Three runs: the original, one retrained model, one method."""
    return plan_from(
        {
            "version": 1,
            "name": name,
            "attacks": ["loss"],
            "attributions": [],
            "data": {"use": "digits"},
            "model": {"architecture": "mlp", "params": {"hidden": [16]}},
            "recipe": {"epochs": 2, "learning_rate": 0.01},
            "forget_sets": [{"name": "threes", "where": "class == 3"}],
            "reference": {"band_seeds": [1], "control_seeds": []},
            "recovery": {"relearn_cap": 1, "relearn_seeds": [0], "retain_epochs": 1},
            "controls": {"straw_men": []},
            "methods": [{"id": "fine-tune", "params": params or {"epochs": 1}}],
            "criteria": [
                {"name": "forget", "metric": "accuracy", "split": "forget", "margin": 0.1}
            ],
        }
    )


def lock(path, plan):
    with Project.open(path) as project:
        return lock_plan(project, plan)


def run_row(id_=1, **changes):
    given = {
        "forget_set": "threes",
        "label": "fine-tune",
        "role": RunRole.CANDIDATE,
        "seed": 0,
        "status": RunStatus.DONE,
        "device": "cpu",
        "started": "2026-05-03T10:00:00Z",
        "finished": "2026-05-03T10:00:02Z",
    }
    return RunRow(id=id_, **{**given, **changes})


def states(*names):
    return tuple(run_row(id_, status=RunStatus(name)) for id_, name in enumerate(names))


def stored_states(path):
    with Project.open(path, read_only=True) as project:
        return [row["status"] for row in project.rows("SELECT status FROM run ORDER BY id")]


@pytest.fixture
def show(qtbot):
    """Make the page of a session, shown and filled."""

    def made(session, *, size=(800, 560)):
        page = RunsPage(session)
        qtbot.addWidget(page)
        page.resize(*size)
        with qtbot.waitSignal(page.refreshed):
            page.show()
        return page

    return made


@pytest.fixture
def locked_project(data_project):
    """A project with data and a short plan that has not been started."""
    lock(data_project, short_plan())
    return data_project


@pytest.fixture
def endless_project(data_project):
    """A project with a plan whose method trains until it is stopped."""
    lock(data_project, short_plan(params=ENDLESS))
    return data_project


def until_over(qtbot, session):
    qtbot.waitUntil(lambda: session.compute.plan_task is None, timeout=PATIENCE)


def until_training(qtbot, page):
    """Wait until the method of an endless plan is under way; its run."""

    def heard():
        run = page.model.runs[-1] if page.model.runs else None
        task = page.session.compute.plan_task
        return bool(run and task and run.id in task.runs and task.runs[run.id].curves)

    qtbot.waitUntil(heard, timeout=PATIENCE)
    return page.model.runs[-1]


# What is read.


def test_counts_leave_out_states_that_no_run_is_in():
    runs = states("done", "done", "error", "crashed", "queued", "running", "interrupted")
    assert contents.counts_in_words(runs) == (
        "2 of 7 done, 1 running, 2 failed, 1 stopped, 1 waiting"
    )
    assert contents.counts_in_words(states("done")) == "1 of 1 done"


@pytest.mark.parametrize(
    ("runs", "is_judged", "step"),
    [
        ((), False, NextStep.START),
        (("done", "done"), True, NextStep.NOTHING),
        (("done", "done"), False, NextStep.RESUME),
        (("done", "error", "crashed"), True, NextStep.RETRY),
        (("done", "error", "queued"), False, NextStep.RESUME),
        (("done", "cancelled"), False, NextStep.RESUME),
        (("interrupted",), False, NextStep.RESUME),
    ],
)
def test_what_can_be_done_next(runs, is_judged, step):
    assert contents.next_step(states(*runs), is_judged=is_judged) is step


@pytest.mark.parametrize("length", [0, 1, 1999, 2000, 2001, 50_001])
def test_a_long_curve_is_thinned_and_keeps_its_newest_point(length):
    x = np.arange(length, dtype=float)
    for given in (x, x.tolist()):
        curve = contents.thin_curve("loss", given, given)
        assert len(curve.values) == len(curve.seconds) <= 2001
        assert length == 0 or curve.values[-1] == length - 1


def test_every_run_of_a_plan_is_read_in_its_order(small_project):
    with Project.open(small_project, read_only=True) as project:
        (plan,) = contents.read_locked_plans(project)
        shown = contents.read_plan_runs(project, plan.id)
    assert shown.is_judged
    assert shown.plan.name == plan.name == "small"
    assert [run.id for run in shown.runs] == sorted(run.id for run in shown.runs)
    assert {run.forget_set for run in shown.runs} == {"threes"}
    assert all(run.wall_seconds >= 0 for run in shown.runs)


def test_the_detail_of_a_run_has_its_curves_and_numbers(small_project):
    with Project.open(small_project, read_only=True) as project:
        run = project.row("SELECT id FROM run WHERE role = 'candidate'")
        detail = contents.read_run_detail(project, run["id"])
        stored = project.row(
            "SELECT value FROM metric WHERE run_id = ? AND name = 'accuracy' AND split = 'forget'",
            run["id"],
        )
    first = number_facts(detail.numbers)[1]
    assert (first.name, first.value) == ("Accuracy, forget rows", percent(stored["value"]))
    assert {one.group_key for one in detail.numbers} >= {"loss", "confidence"}
    accuracies = ["forget sample accuracy", "retain sample accuracy"]
    assert [curve.name for curve in detail.curves] == ["retain loss", *accuracies]
    assert detail.curves[0].quantity == "loss"
    assert detail.error is None


def test_all_numbers_of_a_run_stand_below_their_family(small_project):
    with Project.open(small_project, read_only=True) as project:
        run = project.row("SELECT id FROM run WHERE role = 'candidate'")
        numbers = contents.read_run_detail(project, run["id"]).numbers
    facts = number_facts(numbers)
    headings = [fact.name for fact in facts if fact.is_heading]
    assert headings[0] == "Read first"
    assert headings[1:3] == ["Utility", "Membership attacks"]
    assert headings[-1] == "Accuracy by class"
    below = facts[next(i for i, one in enumerate(facts) if one.name == "Utility") :]
    assert len([fact for fact in below if not fact.is_heading]) == len(numbers)
    assert all(fact.tip for fact in below if not fact.is_heading), "each name has its card"


def test_a_plan_that_is_gone_is_named_in_a_sentence(empty_project):
    with Project.open(empty_project, read_only=True) as project:
        assert contents.read_locked_plans(project) == ()
        with pytest.raises(ProjectError, match="no longer in the project"):
            contents.read_plan_runs(project, 7)


# The table.


def test_the_models_keep_the_promises_of_models(qapp):
    """The testers warn while the models change, and a warning fails the test."""
    model = RunsModel()
    shown = ShownRuns(model)
    testers = [QAbstractItemModelTester(one, WARN) for one in (model, shown)]
    for runs in (("done", "running", "error"), ("done", "done", "error"), ("done",), ()):
        model.set_runs(states(*runs))
        model.set_live({1: Live(0.5)})
        shown.show_matching("", (RunStatus.DONE,))
        shown.sort(Column.STATUS)
    assert len(testers) == 2


def test_a_running_run_shows_its_share_and_its_step():
    model = RunsModel()
    model.set_runs((run_row(1, status=RunStatus.QUEUED), run_row(2)))
    model.set_live({1: Live(0.4, "epoch 2 of 5", 3.0), 2: Live(0.9, "over by now", 9.0)})
    status = model.index(0, Column.STATUS)
    assert status.data() == "40 % epoch 2 of 5"
    assert status.data(Role.SHARE) == 0.4
    assert model.index(1, Column.STATUS).data() == "done"
    model.set_live({1: Live(0.4, "epoch 2 of 5", 3.0, is_stopping=True)})
    assert status.data() == "stopping…"
    model.set_live({})
    assert status.data() == "waiting"
    assert status.data(Role.SHARE) is None


def test_runs_are_found_by_words_and_state_and_sorted_by_number():
    model = RunsModel()
    model.set_runs(
        (
            run_row(1, seed=10),
            run_row(2, seed=9),
            run_row(3, label="ssd", status=RunStatus.ERROR, seed=1),
        )
    )
    shown = ShownRuns(model)
    shown.sort(Column.SEED)
    seeds = [shown.index(row, Column.SEED).data() for row in range(3)]
    assert seeds == ["1", "9", "10"]
    shown.show_matching("candidate SSD", tuple(RunStatus))
    assert shown.rowCount() == 1
    shown.show_matching("", (RunStatus.DONE,))
    assert shown.rowCount() == 2


def test_a_change_of_one_run_keeps_the_others(qtbot):
    model = RunsModel()
    model.set_runs(states("running", "queued"))
    with qtbot.waitSignal(model.dataChanged) as changed, qtbot.assertNotEmitted(model.modelReset):
        model.set_runs(states("done", "queued"))
    assert changed.args[0].row() == changed.args[1].row() == 0


# The chart.


def test_a_logarithmic_scale_leaves_out_what_it_cannot_show(qtbot):
    chart = CurvesChart()
    qtbot.addWidget(chart)
    values = np.array([1.0, 0.0, -2.0, np.nan, np.inf, 3.0])
    curve = Curve("forget loss", np.arange(6.0), values)
    chart.show_curves([curve])
    assert not chart.leaves_out
    chart.set_log(True)
    chart.show()
    assert chart.leaves_out
    chart.set_log(False)
    chart.copy_table()
    assert chart.table["value"][:3] == [1.0, 0.0, -2.0]


# The page.


def test_without_a_plan_the_page_says_what_is_missing(empty_project, make_session, show):
    page = show(make_session(empty_project))
    assert page.empty.isVisible()
    assert "No plan is locked yet" in page.empty.accessibleDescription()
    page.start_or_resume()
    assert page.session.compute.plan_task is None


def test_a_finished_plan_leaves_nothing_to_start(small_project, make_session, show):
    page = show(make_session(small_project))
    total = page.model.rowCount()
    assert page.controls.counts.text() == f"{total} of {total} done"
    assert page.controls.start.text() == "All runs are done"
    assert not page.controls.start.isEnabled()
    assert "judged" in page.controls.start.toolTip()


def test_the_chosen_run_is_shown_close_up(small_project, make_session, show, qtbot):
    page = show(make_session(small_project))
    candidate = next(run for run in page.model.runs if run.role is RunRole.CANDIDATE)
    with qtbot.waitSignal(page.refreshed):
        page.table.selectRow(page.model.row_of(candidate.id))
    assert page.pane.run_id == candidate.id
    facts = page.pane.numbers
    assert facts.item(0, 0).text() == "Read first"
    assert facts.item(1, 0).text() == "Accuracy, forget rows"
    assert "share of rows" in facts.item(1, 0).toolTip()
    page.pane.chart.copy_table()
    assert set(page.pane.chart.table["curve"]) == {"retain loss"}
    page.pane._quantity.setCurrentText("accuracy")
    page.pane._quantity.activated.emit(page.pane._quantity.currentIndex())
    page.pane.chart.copy_table()
    accuracies = {"forget sample accuracy", "retain sample accuracy"}
    assert set(page.pane.chart.table["curve"]) == accuracies
    assert all(name in page.pane._legend.text().replace("\xa0", " ") for name in accuracies)


def test_a_locked_plan_is_started_and_runs_to_its_verdict(
    locked_project, make_session, show, qtbot
):
    session = make_session(locked_project)
    page = show(session)
    assert "has not started" in page.empty.accessibleDescription()
    qtbot.mouseClick(page.controls.start, Qt.MouseButton.LeftButton)
    task = session.compute.plan_task
    until_over(qtbot, session)
    qtbot.waitUntil(lambda: page.controls.start.text() == NextStep.NOTHING, timeout=PATIENCE)
    assert page.controls.counts.text() == "3 of 3 done"
    assert task.total == task.ended == 3
    assert stored_states(locked_project) == ["done"] * 3


def test_runs_are_started_by_an_action_before_the_page_has_read_anything(
    locked_project, make_session, qtbot
):
    session = make_session(locked_project)
    page = RunsPage(session)
    qtbot.addWidget(page)
    page.show()
    page.start_or_resume()
    qtbot.waitUntil(lambda: session.compute.plan_task is not None)
    until_over(qtbot, session)
    qtbot.waitUntil(lambda: page.controls.counts.text() == "3 of 3 done")


def test_all_runs_are_stopped_and_resumed(endless_project, make_session, show, qtbot):
    session = make_session(endless_project)
    page = show(session)
    page.start_or_resume()
    run = until_training(qtbot, page)
    qtbot.waitUntil(lambda: page.pane.run_id == run.id)  # it follows what is running
    qtbot.waitUntil(lambda: bool(page.pane.chart.listDataItems()))
    page.stop_all()
    assert page.controls.stop.text() == "Stopping…"
    until_over(qtbot, session)
    qtbot.waitUntil(lambda: page.controls.counts.text() == "2 of 3 done, 1 stopped")
    assert page.controls.start.text() == NextStep.RESUME
    assert page.controls.start.isEnabled()
    assert stored_states(endless_project) == ["done", "done", "cancelled"]


def test_one_run_is_stopped_and_the_plan_goes_on(endless_project, make_session, show, qtbot):
    session = make_session(endless_project)
    page = show(session)
    page.start_or_resume()
    run = until_training(qtbot, page)
    qtbot.waitUntil(lambda: page.pane.run_id == run.id)
    qtbot.waitUntil(lambda: page.pane.stop.isVisible())
    qtbot.mouseClick(page.pane.stop, Qt.MouseButton.LeftButton)
    until_over(qtbot, session)
    qtbot.waitUntil(lambda: page.model.runs[-1].status is RunStatus.CANCELLED)
    with Project.open(endless_project, read_only=True) as project:
        assert project.row("SELECT count(*) AS n FROM verdict")["n"] > 0


def test_a_hidden_page_does_not_follow_what_is_running(endless_project, make_session, show, qtbot):
    session = make_session(endless_project)
    page = show(session)
    page.start_or_resume()
    run = until_training(qtbot, page)
    page.hide()
    drawn = page.model.index(page.model.row_of(run.id), Column.TIME).data()
    heard = session.compute.plan_task.runs[run.id]
    points = len(heard.curves["retain loss"][0])
    qtbot.waitUntil(lambda: len(heard.curves["retain loss"][0]) > points + 10, timeout=PATIENCE)
    assert page.model.index(page.model.row_of(run.id), Column.TIME).data() == drawn
    page.stop_all()
    until_over(qtbot, session)


def fail(path):
    """Make the last run of a project one that failed."""
    with Project.open(path) as project, project.transaction("test.failed") as tx:
        run_id = tx.row("SELECT max(id) AS id FROM run")["id"]
        error = {"message": "Row 7 has no label.", "remedy": "Label it.", "traceback": "line 7"}
        tx.update("run", {"id": run_id}, status="error", error=error, log="one\ntwo")
        tx.delete("run_artifact", {"run_id": run_id})
        tx.delete("metric", {"run_id": run_id})
        tx.delete("series", {"run_id": run_id})
    return run_id


def test_a_failed_run_says_why_and_what_to_do(small_project, make_session, show, qapp):
    run_id = fail(small_project)
    page = show(make_session(small_project))
    assert page.pane.run_id == run_id  # what failed is looked at first
    assert page.pane.tabs.currentWidget() is page.pane.error
    assert page.pane.log.toPlainText() == "one\ntwo"
    page.pane.error.copy_debug_info()
    copied = qapp.clipboard().text()
    for told in ("Row 7 has no label.", "Label it.", "kept", "line 7", f"Run {run_id}"):
        assert told in copied


def test_failed_runs_are_retried(small_project, make_session, show, qtbot):
    fail(small_project)
    session = make_session(small_project)
    page = show(session)
    assert page.controls.start.text() == NextStep.RETRY
    qtbot.mouseClick(page.controls.start, Qt.MouseButton.LeftButton)
    assert session.compute.plan_task is not None
    until_over(qtbot, session)
    qtbot.waitUntil(lambda: page.controls.start.text() == NextStep.NOTHING, timeout=PATIENCE)
    assert set(stored_states(small_project)) == {"done"}
    error = page.pane.tabs.indexOf(page.pane.error)
    qtbot.waitUntil(lambda: not page.pane.tabs.isTabVisible(error))


def test_a_window_that_only_reads_starts_nothing(locked_project, make_session, show):
    first = make_session(locked_project)
    page = show(make_session(locked_project))
    assert not first.read_only
    assert not page.controls.start.isEnabled()
    assert page.controls.start.toolTip() == page.session.only_reads_because
    page.start_or_resume()
    assert page.session.compute.plan_task is None


def test_a_newly_locked_plan_comes_into_view(small_project, make_session, show, qtbot):
    session = make_session(small_project)
    page = show(session)
    newer = lock(small_project, short_plan("newer"))
    qtbot.waitUntil(lambda: page.controls.plan_id == newer)
    qtbot.waitUntil(page.empty.isVisible)
    page.controls.plan.setCurrentIndex(1)
    with qtbot.waitSignal(page.refreshed):
        page.controls.plan.activated.emit(1)
    assert page.model.rowCount() > 0


def test_the_page_reaches_everything_by_keyboard(small_project, make_session, show, qtbot):
    page = show(make_session(small_project))
    page.activateWindow()
    page.controls.words.setFocus()
    for expected in (page.controls.states, page.table):
        qtbot.keyClick(page.focusWidget(), Qt.Key.Key_Tab)
        assert page.focusWidget() is expected
    row = page.table.currentIndex().row()
    qtbot.keyClick(page.table, Qt.Key.Key_Down)
    assert page.table.currentIndex().row() == row + 1
    assert page.step is Step.RUNS


def worker_of(path, run):
    with Project.open(path, read_only=True) as project:
        return project.row("SELECT worker FROM run WHERE id = ?", run.id)["worker"]["pid"]


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals")
def test_a_worker_that_dies_or_hangs_costs_its_run_only(endless_project, show, qtbot):
    session = Session(endless_project, Faults(), Settings(jobs=1, device="cpu"))
    try:
        page = show(session)
        page.start_or_resume()
        run = until_training(qtbot, page)
        os.kill(worker_of(endless_project, run), signal.SIGKILL)
        until_over(qtbot, session)
        qtbot.waitUntil(lambda: page.model.runs[-1].status is RunStatus.CRASHED)
        qtbot.waitUntil(lambda: page.pane.error.isVisible())
        assert page.controls.start.text() == NextStep.RETRY
        assert stored_states(endless_project) == ["done", "done", "crashed"]
        assert not session.faults.notices  # the page tells it, beside the run

        page.start_or_resume()
        run = until_training(qtbot, page)
        os.kill(worker_of(endless_project, run), signal.SIGSTOP)
        page.stop_all()
        assert not page.controls.stop.isEnabled()
        qtbot.waitUntil(lambda: page.controls.stop.text() == "Force stop", timeout=PATIENCE)
        qtbot.mouseClick(page.controls.stop, Qt.MouseButton.LeftButton)
        until_over(qtbot, session)
        assert stored_states(endless_project) == ["done", "done", "cancelled"]
    finally:
        session.close()
