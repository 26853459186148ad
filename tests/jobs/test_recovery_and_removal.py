"""Every recovery and removal test in one small plan, on every model alike."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from workbench.audit.plan import Plan, RecoveryTestId
from workbench.audit.recomputation import recompute_aggregates
from workbench.audit.recovery_tests import RECOVERY_TESTS, REMOVAL_TESTS
from workbench.cli import main
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus, PluginKind, RunStatus, Split
from workbench.jobs.campaign import Campaign
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.registry import Registry
from workbench.store import Project, load_dataset, load_metrics, verify

PARAMS = {"train_rows": 500, "non_member_rows": 200}
PLANT: list[dict[str, Any]] = [
    {"kind": "label-swap", "classes": [3, 5], "share": 0.4},
    {"kind": "backdoor", "target": 7, "share": 0.15, "size": 3, "corner": "top-left"},
    {"kind": "canary", "count": 8},
]
EXPECTED = {
    ("relearn_steps", Split.FORGET, ""),
    ("relearn_steps", Split.FORGET, "lr:0.01"),
    ("relearn_steps", Split.FORGET, "lr:1"),
    ("relearn_transfer_accuracy", Split.FORGET, ""),
    ("recovered_accuracy", Split.FORGET, ""),
    ("quantised_accuracy", Split.FORGET, "int8"),
    ("quantised_accuracy", Split.TEST, "int8"),
    ("quantised_accuracy", Split.FORGET, "int4"),
    ("quantised_accuracy", Split.TEST, "int4"),
    ("pruned_accuracy", Split.FORGET, "20 %"),
    ("pruned_accuracy", Split.TEST, "20 %"),
    ("pruned_accuracy", Split.FORGET, "50 %"),
    ("pruned_accuracy", Split.TEST, "50 %"),
    ("prototype_accuracy", Split.FORGET, ""),
    ("probe_auc", Split.FORGET, ""),
    ("loss_barrier", Split.RETAIN, ""),
    ("loss_barrier", Split.FORGET, ""),
    ("noisy_accuracy", Split.FORGET, "sigma 0.05"),
    ("noisy_accuracy", Split.TEST, "sigma 0.05"),
    ("noisy_accuracy", Split.FORGET, "sigma 0.1"),
    ("noisy_accuracy", Split.TEST, "sigma 0.1"),
    ("inversion_gain", Split.FORGET, ""),
    ("interclass_error", Split.TEST, ""),
    ("interclass_memory", Split.TRAIN, ""),
    ("backdoor_success", Split.TEST, ""),
    ("canary_exposure", Split.TRAIN, ""),
}
Key = tuple[str, Split | None, str]


@pytest.fixture
def thorough(tiny_plan: dict[str, Any]) -> dict[str, Any]:
    """A plan whose original learns what was planted, and whose retrained models cannot."""
    return tiny_plan | {
        "attributions": [],
        "data": {
            "source": "digits",
            "params": PARAMS,
            "plant": PLANT,
        },
        "model": {"architecture": "mlp", "params": {"hidden": [64]}},
        "recipe": {"epochs": 80, "learning_rate": 0.01, "batch_size": 32},
        "forget_sets": [
            {"name": "planted", "where": "planted != ''"},
            {"name": "fours", "where": "class == 4 and planted == ''"},
            {"name": "one row", "rows": [_a_training_row()]},
        ],
        "reference": {"band_seeds": [1], "control_seeds": []},
        "recovery": {
            "tests": list(get_args(RecoveryTestId)),
            "relearn_cap": 5,
            "relearn_seeds": [0],
            "relearn_learning_rates": [0.01, 1],
            "retain_epochs": 1,
            "inversion_steps": 30,
        },
        "controls": {"straw_men": ["random-weights"]},
        "methods": [{"id": "fine-tune", "params": {"epochs": 1}}],
        "criteria": [
            {
                "name": "backdoor gone",
                "metric": "backdoor_success",
                "split": "test",
                "kind": "upper",
                "limit": 0.2,
            },
            {
                "name": "rounded as retrained",
                "metric": "quantised_accuracy",
                "split": "forget",
                "group": "int8",
                "margin": 0.1,
            },
        ],
    }


def _a_training_row() -> int:
    source = Registry.discover().get(PluginKind.DATASET, "digits")
    dataset = source.load().load(None, source.parse_params(PARAMS))
    return int(dataset.rows_of(Split.TRAIN)[0])


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p.audit", "P") as project:
        yield project


@pytest.fixture
def pool() -> Iterator[LanePool]:
    with LanePool([Lane("cpu", in_process=True)]) as pool:
        yield pool


def found(project: Project, forget_set: str, label: str) -> dict[Key, MetricValue]:
    row = project.row(
        "SELECT run.id FROM run JOIN forget_set ON forget_set.id = run.forget_set_id "
        "WHERE forget_set.name = ? AND run.label = ? ORDER BY run.id",
        forget_set,
        label,
    )
    assert row is not None
    metrics = load_metrics(project, row["id"])
    return {(one.name, one.split, one.group_key): one for one in metrics}


def value(metrics: dict[Key, MetricValue], name: str, split: Split, group: str = "") -> float:
    number = metrics[name, split, group].value
    assert number is not None
    return number


def test_every_test_gives_every_model_a_number_or_a_reason(
    project: Project, pool: LanePool, tmp_path: Path, thorough: dict[str, Any]
) -> None:
    Campaign(project, Plan.model_validate(thorough), folder=tmp_path).run(pool)
    runs = project.rows("SELECT id, label, status FROM run")
    assert {run["status"] for run in runs} == {RunStatus.DONE}
    assert len(runs) == 3 * 4
    names = {metric for metric, _, _ in EXPECTED}
    for run in runs:
        metrics = [one for one in load_metrics(project, run["id"]) if one.name in names]
        assert {(one.name, one.split, one.group_key) for one in metrics} == EXPECTED
        assert len(metrics) == len(EXPECTED)
        for one in metrics:
            if one.status is MetricStatus.OK:
                assert one.value is not None
                assert math.isfinite(one.value)
                assert one.n > 0
            else:
                assert one.reason.endswith(".")
    _check_planted(project)
    _check_recovered(project)
    _check_lone_row(project)
    assert verify(project) == []
    assert recompute_aggregates(project) == []


def _check_planted(project: Project) -> None:
    """The original holds everything that was planted, a model that never saw it nothing."""
    original, retrained = (
        found(project, "planted", "original"),
        found(project, "planted", "retrain"),
    )
    untouched = found(project, "fours", "retrain")
    for having in (original, untouched):
        assert value(having, "interclass_memory", Split.TRAIN) > 0.8
        assert value(having, "backdoor_success", Split.TEST) > 0.7
        assert value(having, "canary_exposure", Split.TRAIN) > 5
    assert value(retrained, "interclass_memory", Split.TRAIN) < 0.3
    assert value(retrained, "backdoor_success", Split.TEST) < 0.3
    assert value(retrained, "canary_exposure", Split.TRAIN) < 4
    confused = "interclass_error"
    assert value(original, confused, Split.TEST) > value(retrained, confused, Split.TEST)
    (row,) = project.rows("SELECT id, source FROM dataset")
    assert [planting["kind"] for planting in row["source"]["planted"]] == list(REMOVAL_TESTS)
    dataset = load_dataset(project, row["id"])
    success = original["backdoor_success", Split.TEST, ""]
    test = dataset.rows_of(Split.TEST)
    assert success.n == (dataset.targets[test] != 7).sum()
    assert success.ci_method == "clopper-pearson"


def _check_recovered(project: Project) -> None:
    original, retrained = found(project, "fours", "original"), found(project, "fours", "retrain")
    assert value(original, "relearn_steps", Split.FORGET) == 0
    assert value(retrained, "relearn_steps", Split.FORGET) > 0
    transfer = "relearn_transfer_accuracy"
    assert value(original, transfer, Split.FORGET) > value(retrained, transfer, Split.FORGET)
    plain = value(original, "accuracy", Split.TEST)
    assert abs(value(original, "quantised_accuracy", Split.TEST, "int8") - plain) < 0.02
    assert value(retrained, "quantised_accuracy", Split.FORGET, "int8") < 0.1
    assert original["probe_auc", Split.FORGET, ""].reference == "retain"  # a whole class
    for split in (Split.FORGET, Split.RETAIN):
        assert value(original, "loss_barrier", split) == 0
    tuned = value(found(project, "fours", "fine-tune"), "loss_barrier", Split.RETAIN)
    assert tuned < value(retrained, "loss_barrier", Split.RETAIN)
    for split in (Split.FORGET, Split.TEST):
        weak, strong = (
            value(original, "noisy_accuracy", split, f"sigma {level}") for level in (0.05, 0.1)
        )
        assert value(original, "accuracy", split) + 0.02 > weak
        assert weak + 0.02 > strong
    gain = original["inversion_gain", Split.FORGET, ""]
    assert gain.ci_low is not None
    assert gain.ci_high is not None
    assert gain.ci_low <= value(original, "inversion_gain", Split.FORGET) <= gain.ci_high
    assert gain.n == 4
    of_many = found(project, "planted", "original")
    assert of_many["probe_auc", Split.FORGET, ""].reference == "non_member"


def _check_lone_row(project: Project) -> None:
    """What needs several forget rows says so, on every model."""
    for label in ("original", "retrain", "fine-tune", "random-weights"):
        metrics = found(project, "one row", label)
        for name, reason in (
            ("relearn_transfer_accuracy", "at least two forget rows"),
            ("prototype_accuracy", "two forget rows"),
            ("probe_auc", "at least 5 rows"),
        ):
            assert reason in metrics[name, Split.FORGET, ""].reason


def test_a_plan_without_plantings_or_tests_measures_none(
    project: Project, pool: LanePool, tmp_path: Path, tiny_plan: dict[str, Any]
) -> None:
    tiny_plan |= {"controls": {"straw_men": []}, "attributions": []}
    Campaign(project, Plan.model_validate(tiny_plan), folder=tmp_path).run(pool)
    measured = {row["name"] for row in project.rows("SELECT DISTINCT name FROM metric")}
    by_default = {"relearn_steps", "recovered_accuracy"}
    of_tests = {m for t in (*RECOVERY_TESTS.values(), *REMOVAL_TESTS.values()) for m in t.metrics}
    assert measured & of_tests == by_default
    (source,) = project.rows("SELECT source FROM dataset")
    assert "planted" not in source["source"]


def test_whole_classes_are_probed_against_the_others(
    project: Project, pool: LanePool, tmp_path: Path, tiny_plan: dict[str, Any]
) -> None:
    tiny_plan |= {"controls": {"straw_men": []}, "attributions": []}
    tiny_plan |= {"recovery": {"tests": ["probe"]}, "reference": {"band_seeds": [1]}}
    Campaign(project, Plan.model_validate(tiny_plan), folder=tmp_path).run(pool)
    rows = project.rows("SELECT reference, n, status FROM metric WHERE name = 'probe_auc'")
    assert {row["reference"] for row in rows} == {"retain"}
    assert {row["n"] for row in rows} == {120}


def test_what_cannot_be_planted_ends_the_preparation_with_a_sentence(
    project: Project, pool: LanePool, tmp_path: Path, thorough: dict[str, Any]
) -> None:
    thorough["data"] = {**thorough["data"], "plant": [{"kind": "label-swap", "classes": [3, 12]}]}
    thorough["criteria"] = thorough["criteria"][1:]
    with pytest.raises(Exception, match="no class 12; it has the classes 0 to 9"):
        Campaign(project, Plan.model_validate(thorough), folder=tmp_path).run(pool)
    assert project.rows("SELECT id FROM dataset") == []


def test_a_dry_run_says_what_each_test_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = Path(__file__).parents[2] / "resources" / "demo" / "digits.toml"
    project = ["--project", str(tmp_path / "none.audit")]
    assert main(["run", str(demo), "--dry-run", *project]) == 0
    told = capsys.readouterr().out
    assert "Each model also pays for:" in told
    assert "Relearning: 3 trainings on the forget rows of at most 400 steps." in told
