"""The executor on a real project: what is computed, what is reused, what it costs."""

import numpy as np
import pytest
from torch.nn.modules.module import register_module_forward_pre_hook

from workbench.audit.evidence import compare_plan, judge_plan
from workbench.audit.plan import Plan
from workbench.audit.recomputation import recompute_aggregates
from workbench.audit.schedule import lock_plan, queue_runs
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.errors import ProjectError
from workbench.jobs.execution import Channel, explain
from workbench.jobs.executor import Executor, run_execution
from workbench.jobs.protocol import Job
from workbench.metrics.distances import FEWEST_INITIALISATIONS
from workbench.plugin_api import Cancelled
from workbench.registry import Registry
from workbench.store import Project, load_metrics, verify
from workbench.store import project as project_module
from workbench.store.connection import connect
from workbench.testing.forward_counter import ForwardCounter


class Prepared:
    """A project with a locked, prepared plan and its runs queued."""

    def __init__(self, folder, plan):
        self.project = Project.create(folder / "p.audit", "prepared")
        self.plan_id = lock_plan(self.project, plan)
        self.executor = Executor("cpu")
        self.do("prepare", plan=self.plan_id, folder=str(folder))
        queue_runs(self.project, self.plan_id, plan, Registry.discover())

    def do(self, kind, token=None, **payload):
        job = Job(id=kind, kind=kind, payload={"project": str(self.project.path), **payload})
        with Channel(kind, lambda _: None, token or CancelToken()) as channel:
            return self.executor.run(job, channel)

    def run_id(self, label, role):
        row = self.project.row(
            "SELECT id FROM run WHERE label = ? AND role = ? ORDER BY id", label, role
        )
        return row["id"]

    def status(self, run_id):
        return self.project.row("SELECT status FROM run WHERE id = ?", run_id)["status"]


@pytest.fixture
def prepare(tmp_path, tiny_plan):
    made = []

    def make(**changes):
        made.append(Prepared(tmp_path, Plan.model_validate(tiny_plan | changes)))
        return made[-1]

    yield make
    for one in made:
        one.project.close()


@pytest.fixture
def one_run_done(prepare):
    """The first run of a forget set also asks random networks, over the forget rows only."""
    prepared = prepare(recovery=None, attributions=[])
    (forget_set,) = prepared.project.rows("SELECT rows_artifact FROM forget_set")
    forget_rows = len(prepared.project.array(forget_set["rows_artifact"]))
    with ForwardCounter() as counted:
        prepared.do("run", run=prepared.run_id("original", "original"))
    assert counted.rows == FEWEST_INITIALISATIONS * forget_rows
    return prepared


def test_a_run_costs_one_forward_pass_over_the_data(one_run_done):
    rows = one_run_done.project.row("SELECT n_rows FROM dataset")["n_rows"]
    with ForwardCounter() as counted:
        one_run_done.do("run", run=one_run_done.run_id("random-weights", "straw_man"))
    assert counted.rows == rows


def test_equal_weights_share_their_forward_pass(one_run_done):
    with ForwardCounter() as counted:
        one_run_done.do("run", run=one_run_done.run_id("do-nothing", "straw_man"))
    assert counted.rows == 0


def test_metrics_attacks_and_verdicts_add_no_forward_pass(prepare):
    prepared = prepare()
    for row in prepared.project.rows("SELECT id FROM run"):
        prepared.do("run", run=row["id"])
    with ForwardCounter() as counted:
        compare_plan(prepared.project, prepared.plan_id)
        judge_plan(prepared.project, prepared.plan_id)
        faults = recompute_aggregates(prepared.project)
    assert counted.calls == 0
    assert faults == []


def test_a_repeated_run_gives_the_same_weights_and_numbers(tmp_path, tiny_plan):
    def outcome(name):
        folder = tmp_path / name
        folder.mkdir()
        prepared = Prepared(folder, Plan.model_validate(tiny_plan))
        run_id = prepared.run_id("fine-tune", "candidate")
        prepared.do("run", run=run_id)
        metrics = [
            (m.name, m.split, m.group_key, m.value)
            for m in load_metrics(prepared.project, run_id)
            if m.name not in ("unlearning_seconds", "peak_memory")
        ]
        weights = prepared.project.row(
            "SELECT weights_hash FROM model JOIN run ON run.model_id = model.id WHERE run.id = ?",
            run_id,
        )
        prepared.project.close()
        return weights, metrics

    assert outcome("one") == outcome("two")


def test_everything_a_run_depends_on_is_recorded(prepare):
    prepared = prepare()
    run_id = prepared.run_id("fine-tune", "candidate")
    prepared.do("run", run=run_id)
    inputs = {
        row["name"]
        for row in prepared.project.rows("SELECT name FROM run_input WHERE run_id = ?", run_id)
    }
    row = prepared.project.row("SELECT * FROM run WHERE id = ?", run_id)
    environment = prepared.project.row(
        "SELECT description FROM environment WHERE id = ?", row["environment_id"]
    )
    assert inputs == {
        "original weights",
        "dataset",
        "forget rows",
        "recipe",
        "method fine-tune",
        "attack loss",
        "attribution saliency",
    }
    assert row["params"]["epochs"] == 1
    assert row["params"]["learning_rate"] > 0
    assert row["seconds"] > 0
    assert environment["description"]["torch"]
    assert verify(prepared.project) == []


def test_live_curves_are_kept(prepare):
    prepared = prepare()
    run_id = prepared.run_id("retrain", "reference")
    prepared.do("run", run=run_id)
    curves = prepared.project.rows("SELECT name, hash FROM series WHERE run_id = ?", run_id)
    assert curves
    for curve in curves:
        points = prepared.project.array(curve["hash"])
        assert points.shape[1] == 2
        assert (np.diff(points[:, 0]) >= 0).all()


def test_a_cancelled_run_is_recorded_and_can_be_repeated(prepare):
    prepared = prepare()
    run_id = prepared.run_id("fine-tune", "candidate")
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        prepared.do("run", token=token, run=run_id)
    assert prepared.status(run_id) == "cancelled"
    assert verify(prepared.project) == []
    prepared.do("run", run=run_id)
    assert prepared.status(run_id) == "done"


def test_a_failed_run_records_what_its_job_reports(prepare, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("no such luck")

    prepared = prepare()
    run_id = prepared.run_id("fine-tune", "candidate")
    monkeypatch.setattr(run_execution, "run_method", fail)
    with pytest.raises(ZeroDivisionError) as fault:
        prepared.do("run", run=run_id)
    reported = explain(Job(id="run", kind="run"), fault.value)
    row = prepared.project.row("SELECT * FROM run WHERE id = ?", run_id)
    assert row["status"] == "error"
    assert row["error"]["message"] == reported.message
    assert row["error"]["remedy"] == reported.remedy
    assert "no such luck" in row["error"]["traceback"]
    assert "in fail" in row["error"]["traceback"]


def test_a_lack_of_memory_while_measuring_is_in_the_log_of_the_run(prepare):
    def room_for_four_rows(_, inputs):
        if len(inputs[0]) > 4:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    prepared = prepare(attribution_rows=5)
    run_id = prepared.run_id("random-weights", "straw_man")
    hook = register_module_forward_pre_hook(room_for_four_rows)
    try:
        prepared.do("run", run=run_id)
    finally:
        hook.remove()
    row = prepared.project.row("SELECT status, log FROM run WHERE id = ?", run_id)
    artifact = prepared.project.row("SELECT rows_artifact AS hash FROM forget_set")["hash"]
    forget = len(prepared.project.array(artifact))
    assert row["status"] == "done"
    for rows in (512, forget, 10):  # of the outputs, of relearning, of the attributions
        assert f"Memory ran out at {rows} rows" in row["log"]


def test_the_data_reach_the_device_once(prepare, monkeypatch):
    conversions = []
    convert = DatasetTensors.__init__

    def counted(self, *arguments):
        conversions.append(self)
        convert(self, *arguments)

    monkeypatch.setattr(DatasetTensors, "__init__", counted)
    prepared = prepare()
    prepared.do("run", run=prepared.run_id("original", "original"))
    prepared.do("run", run=prepared.run_id("fine-tune", "candidate"))
    assert len(conversions) == 1


def test_tests_on_copies_of_a_model_leave_no_curve(prepare):
    prepared = prepare()
    run_id = prepared.run_id("original", "original")
    prepared.do("run", run=run_id)
    assert prepared.project.rows("SELECT name FROM series WHERE run_id = ?", run_id) == []
    measured = {metric.name for metric in load_metrics(prepared.project, run_id)}
    assert {"relearn_steps", "recovered_accuracy"} <= measured


def test_a_full_disk_ends_the_run_and_harms_nothing(prepare, monkeypatch):
    prepared = prepare()
    run_id = prepared.run_id("fine-tune", "candidate")

    def with_little_room(path, access):
        connection = connect(path, access)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(project_module, "connect", with_little_room)
        prepared.executor = Executor("cpu")
        with pytest.raises(ProjectError, match="no room left"):
            prepared.do("run", run=run_id)
    assert prepared.status(run_id) == "error"
    assert verify(prepared.project) == []
    prepared.executor = Executor("cpu")
    prepared.do("run", run=run_id)
    assert prepared.status(run_id) == "done"
