"""A small project with real outputs: compare, judge, recompute."""

import sqlite3

import numpy as np
import pytest

from workbench.audit.comparison import COMPARED
from workbench.audit.evidence import compare_plan, judge_plan
from workbench.audit.from_arrays import metrics_from_arrays
from workbench.audit.plan import plan_from
from workbench.audit.recomputation import recompute_aggregates
from workbench.audit.standard import StoredOutputs
from workbench.core.dataset import Dataset
from workbench.core.errors import ProjectError
from workbench.core.vocabulary import MetricStatus, Outcome, RunRole, RunStatus, Split
from workbench.metrics.scores import cross_entropy
from workbench.store import (
    Project,
    load_metrics,
    now,
    save_dataset,
    save_forget_set,
    save_metrics,
    save_model,
    save_outputs,
    verify,
)

FORGET = np.arange(40)
EXPLAINED = np.array([0, 5, 9, 60, 70, 80])
CRITERIA = [
    {"name": "forget accuracy", "metric": "accuracy", "split": "forget", "margin": 0.25},
    {
        "name": "forget divergence",
        "metric": "js_divergence",
        "split": "forget",
        "margin": 0.05,
    },
]
# (role, label, seed, how much the model knows of the forget rows)
RUNS = [
    (RunRole.ORIGINAL, "original", 0, 6.0),
    *((RunRole.REFERENCE, "retrain", seed, 0.5) for seed in range(5)),
    *((RunRole.CONTROL, "retrain", seed, 0.5) for seed in (10, 11)),
    (RunRole.STRAW_MAN, "do-nothing", 0, 6.0),
    *((RunRole.CANDIDATE, "good", seed, 0.5) for seed in (0, 1)),
    *((RunRole.CANDIDATE, "bad", seed, 6.0) for seed in (0, 1)),
]


def make_dataset() -> Dataset:
    rng = np.random.default_rng(0)
    split = np.repeat(["train", "test", "non_member"], [200, 100, 150])
    return Dataset(
        name="toy",
        inputs=rng.normal(size=(450, 6)).astype(np.float32),
        targets=rng.integers(0, 3, 450),
        split=split,
        class_names=("a", "b", "c"),
    )


def outputs_of(dataset: Dataset, number: int, knowledge: float) -> StoredOutputs:
    shared, own = (np.random.default_rng(seed).normal(size=(450, 3)) for seed in (99, number))
    logits = (shared + 0.3 * own).astype(np.float32)
    strength = np.full(len(dataset), 0.5)
    strength[40:200] = 6.0
    strength[FORGET] = knowledge
    logits[np.arange(len(dataset)), dataset.targets] += strength.astype(np.float32)
    loss = cross_entropy(logits, dataset.targets)
    return StoredOutputs(logits, loss, logits[:, :2])


class Built:
    """A project in which a plan has been run."""

    def __init__(self, path) -> None:
        self.project = Project.create(path, "audit")
        self.dataset = make_dataset()
        self.plan = plan_from(
            {
                "version": 1,
                "name": "stored plan",
                "data": {"use": "toy"},
                "model": {"use": "original"},
                "forget_sets": [{"name": "first rows", "where": "row < 40"}],
                "methods": [{"id": "good", "seeds": [0, 1]}, {"id": "bad", "seeds": [0, 1]}],
                "attributions": ["saliency"],
                "controls": {"straw_men": ["do-nothing"]},
                "criteria": CRITERIA,
            }
        )
        with self.project.transaction("test") as tx:
            self.dataset_id = save_dataset(tx, self.dataset, {})
            self.forget_set_id = save_forget_set(
                tx, self.dataset_id, "first rows", {"where": "row < 40"}, FORGET
            )
            self.original_id = self._model(tx, 0, 6.0)
            self.plan_id = self._plan(tx)
            for number, run in enumerate(RUNS):
                self._run(tx, number, *run)

    def _model(self, tx, number, knowledge) -> int:
        id_ = save_model(tx, f"model {number}", {"id": "toy"}, {"w": np.array([number])}, source={})
        outputs = outputs_of(self.dataset, number, knowledge)
        arrays = {
            "logits": outputs.logits,
            "loss": outputs.loss,
            "embedding": outputs.embedding,
        }
        save_outputs(tx, id_, self.dataset_id, arrays)
        return id_

    def _plan(self, tx) -> int:
        plan_id = tx.insert(
            "plan",
            name=self.plan.name,
            content=self.plan.model_dump(mode="json"),
            hash=self.plan.hash,
            dataset_id=self.dataset_id,
            original_model_id=self.original_id,
            forget_sets={"first rows": self.forget_set_id},
            locked=now(),
            created=now(),
        )
        for criterion in self.plan.criteria:
            self.add_criterion(tx, plan_id, criterion.model_dump(mode="json"), exploratory=0)
        return plan_id

    def add_criterion(self, tx, plan_id, definition, *, exploratory) -> None:
        tx.insert(
            "criterion",
            plan_id=plan_id,
            name=definition["name"],
            definition=definition,
            is_primary=1,
            is_exploratory=exploratory,
        )

    def _run(self, tx, number, role, label, seed, knowledge) -> None:
        is_original = role is RunRole.ORIGINAL
        model_id = self.original_id if is_original else self._model(tx, number, knowledge)
        run_id = tx.insert(
            "run",
            plan_id=self.plan_id,
            forget_set_id=self.forget_set_id,
            label=label,
            role=str(role),
            method=label,
            params={},
            seed=seed,
            status=str(RunStatus.DONE),
            key=str(number),
            original_model_id=self.original_id,
            model_id=model_id,
            queued=now(),
        )
        outputs = outputs_of(self.dataset, number, knowledge)
        scores = -outputs.loss
        metrics = metrics_from_arrays(outputs, {"loss": scores}, self.dataset, FORGET)
        save_metrics(tx, run_id, model_id, metrics)
        maps = np.random.default_rng(number).normal(size=(len(EXPLAINED), 6))
        for name, array in {
            "scores/loss": scores,
            "attribution rows": EXPLAINED,
            "attribution/saliency": maps,
        }.items():
            tx.insert("run_artifact", run_id=run_id, name=name, hash=tx.put_array(array))

    def metrics(self, label, name, role=RunRole.CANDIDATE):
        rows = self.project.rows(
            "SELECT id FROM run WHERE label = ? AND role = ? ORDER BY id", label, str(role)
        )
        return [m for row in rows for m in load_metrics(self.project, row["id"]) if m.name == name]

    def verdicts(self, **wanted):
        rows = self.project.rows("SELECT * FROM verdict ORDER BY id")
        return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


@pytest.fixture
def built(tmp_path):
    made = Built(tmp_path / "toy.audit")
    yield made
    made.project.close()


@pytest.fixture
def judged(built):
    compare_plan(built.project, built.plan_id)
    judge_plan(built.project, built.plan_id)
    return built


def test_comparisons_are_stored_for_every_run_with_the_floor_of_the_band(built):
    compare_plan(built.project, built.plan_id)
    floor = built.metrics("retrain", "js_divergence", RunRole.REFERENCE)
    assert {m.reference for m in floor} == {"retrained band, left one out"}
    assert len(floor) == 5 * 2
    (bad, *_) = [m for m in built.metrics("bad", "js_divergence") if m.split is Split.FORGET]
    assert bad.reference == "retrained band"
    assert bad.value > 2 * max(m.value for m in floor if m.split is Split.FORGET)
    assert all(m.value == 0 for m in built.metrics("original", "churn", RunRole.ORIGINAL))
    similar = built.metrics("good", "attribution_similarity")
    assert {(m.split, m.n) for m in similar} == {(Split.FORGET, 3), (Split.RETAIN, 3)}
    assert {m.status for m in similar} == {MetricStatus.OK}


def test_comparing_again_replaces_and_does_not_add(built):
    def snapshot():
        rows = built.project.rows("SELECT * FROM metric")
        return sorted(
            ({k: v for k, v in row.items() if k != "id"} for row in rows), key=lambda r: str(r)
        )

    compare_plan(built.project, built.plan_id)
    once = snapshot()
    compare_plan(built.project, built.plan_id)
    assert snapshot() == once
    without_groups = set(COMPARED) - {"largest_group_drop"}  # the data have no metadata
    assert {row["name"] for row in once} >= without_groups


def test_the_verdict_is_returned_and_written(judged):
    verdict = judge_plan(judged.project, judged.plan_id)
    good, bad = verdict.forget_sets[0].candidates
    assert (good.outcome, bad.outcome) == (Outcome.PASS, Outcome.FAIL), good.reason
    assert verdict.outcome is Outcome.FAIL
    (overall,) = judged.verdicts(forget_set_id=None)
    assert overall["outcome"] == "FAIL"
    assert overall["detail"]["rung"] == "L3"
    (of_set,) = judged.verdicts(forget_set_id=judged.forget_set_id, label="", criterion="")
    assert {c["outcome"] for c in of_set["detail"]["controls"]} == {"PASS"}
    for label, outcome in (("good", "PASS"), ("bad", "FAIL")):
        (row,) = judged.verdicts(label=label, criterion="")
        assert (row["outcome"], row["role"]) == (outcome, "candidate")
    (straw,) = judged.verdicts(label="do-nothing", criterion="")
    assert straw["outcome"] == "FAIL"
    (accuracy,) = judged.verdicts(label="good", criterion="forget accuracy")
    assert accuracy["ci_low"] < accuracy["estimate"] < accuracy["ci_high"]
    assert len(accuracy["detail"]["band_values"]) == 5


def test_judging_again_leaves_one_set_of_verdicts_and_one_more_event(judged):
    before = judged.verdicts()
    events = judged.project.row("SELECT count(*) AS n FROM event WHERE type = 'plan.judged'")["n"]
    judge_plan(judged.project, judged.plan_id)
    after = judged.verdicts()
    assert [(r["label"], r["criterion"], r["outcome"]) for r in after] == [
        (r["label"], r["criterion"], r["outcome"]) for r in before
    ]
    again = judged.project.row("SELECT count(*) AS n FROM event WHERE type = 'plan.judged'")["n"]
    assert again == events + 1
    assert verify(judged.project) == []


def test_an_exploratory_criterion_of_the_project_is_judged_and_does_not_decide(judged):
    definition = {
        "name": "hindsight",
        "metric": "accuracy",
        "split": "test",
        "kind": "upper",
        "limit": 0.01,
    }
    with judged.project.transaction("criterion.added") as tx:
        judged.add_criterion(tx, judged.plan_id, definition, exploratory=1)
    verdict = judge_plan(judged.project, judged.plan_id)
    assert verdict.forget_sets[0].candidates[0].outcome is Outcome.PASS
    (row,) = judged.verdicts(label="good", criterion="hindsight")
    assert row["outcome"] == "FAIL"
    assert row["detail"]["exploratory"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"locked": None}, "is not locked"),
        ({"hash": "0" * 64}, "no longer the one that was locked"),
        ({"dataset_id": None}, "was not prepared"),
    ],
)
def test_a_plan_that_is_not_what_was_locked_is_not_judged(built, change, sentence):
    with built.project.transaction("test") as tx:
        tx.update("plan", {"id": built.plan_id}, **change)
    for act in (judge_plan, compare_plan):
        with pytest.raises(ProjectError, match=sentence):
            act(built.project, built.plan_id)


def test_there_is_no_such_plan(built):
    with pytest.raises(ProjectError, match="no plan 99"):
        judge_plan(built.project, 99)


def test_a_crashed_run_is_named_in_the_verdict(judged):
    with judged.project.transaction("test") as tx:
        tx.update("run", {"label": "good", "seed": 1}, status=str(RunStatus.CRASHED))
    verdict = judge_plan(judged.project, judged.plan_id)
    good = verdict.forget_sets[0].candidates[0]
    assert good.outcome is Outcome.INCONCLUSIVE
    assert "Seed 1 is unfinished (crashed)." in good.reason


def test_two_runs_with_one_model_count_once(judged):
    with judged.project.transaction("test") as tx:
        first = tx.row("SELECT model_id FROM run WHERE label = 'good' AND seed = 0")
        tx.update("run", {"label": "good", "seed": 1}, model_id=first["model_id"])
    verdict = judge_plan(judged.project, judged.plan_id)
    good, bad = verdict.forget_sets[0].candidates
    assert (good.note, bad.note) == ("2 seeds gave the same model, which counts once.", "")
    assert {len(result.candidate_values) for result in good.criteria} == {1}
    (row,) = judged.verdicts(label="good", criterion="")
    assert row["detail"] == {"seeds": [0, 1], "note": good.note}


def test_everything_stored_follows_from_the_arrays(judged):
    assert recompute_aggregates(judged.project) == []


def test_a_project_without_verdicts_has_nothing_to_recompute(built):
    assert recompute_aggregates(built.project) == []


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("UPDATE metric SET value = 0.5 WHERE name = 'membership_auc' AND run_id = 1", "run 1"),
        ("UPDATE metric SET value = value / 2 WHERE name = 'js_divergence'", "js_divergence"),
        ("DELETE FROM metric WHERE name = 'churn'", "churn"),
        ("UPDATE verdict SET outcome = 'PASS' WHERE label = 'bad'", "bad"),
        ("DELETE FROM verdict WHERE label = 'do-nothing'", "do-nothing"),
    ],
)
def test_a_changed_number_or_verdict_is_found_by_computing_it_again(judged, sql, where):
    judged.project.close()
    connection = sqlite3.connect(judged.project.path)
    with connection:
        connection.execute(sql)
    connection.close()
    with Project.open(judged.project.path, read_only=True) as project:
        faults = recompute_aggregates(project)
    assert faults
    assert any(where in fault.where for fault in faults)
