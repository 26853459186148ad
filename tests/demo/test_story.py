"""The demo tells the whole story, and the audit sees through everything it must see through."""

import json
import sqlite3

import numpy as np
import pytest

from workbench.audit.explainers import TRIAL
from workbench.audit.plan import read_plan
from workbench.audit.recovery_tests import RECOVERY_TESTS, REMOVAL_TESTS
from workbench.core.locations import DEMO_PLAN
from workbench.metrics.catalogue import CATALOGUE
from workbench.store import Project, load_metrics

PLAN = read_plan(DEMO_PLAN)
LEAST_CANDIDATES = 6
LEAST_REFERENCES = 5
LEAST_EXPLAINED = 30
LARGEST_REPORT = 5_000_000  # bytes


@pytest.fixture(scope="module")
def project(demo):
    with Project.open(demo.project, read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module", params=["random rows", "mislabelled rows"])
def audited(request, demo):
    """One forget set as the demo reported it."""
    (found,) = [one for one in demo.document["forget_sets"] if one["name"] == request.param]
    return found


def outcomes(project, forget_set, role):
    """Overall outcome by label of everything judged in this role on a forget set."""
    return {
        row["label"]: row["outcome"]
        for row in project.rows(
            "SELECT verdict.label, verdict.outcome FROM verdict "
            "JOIN forget_set ON forget_set.id = verdict.forget_set_id "
            "WHERE forget_set.name = ? AND verdict.role = ? AND criterion = ''",
            forget_set,
            role,
        )
    }


def test_every_run_finished(demo):
    assert demo.document["failed"] == []
    assert set(demo.document["runs"]) == {"done"}


def test_enough_of_everything(project, audited):
    labels = {one["label"] for one in audited["candidates"]}
    references = project.row(
        "SELECT count(*) AS n FROM run JOIN forget_set ON forget_set.id = run.forget_set_id "
        "WHERE forget_set.name = ? AND role = 'reference'",
        audited["name"],
    )
    assert len(labels) >= LEAST_CANDIDATES
    assert references["n"] >= LEAST_REFERENCES
    assert audited["rung"] == "L3"


def test_the_attack_sees_the_original(audited):
    (control,) = [one for one in audited["controls"] if one["name"] == "positive control"]
    assert control["outcome"] == "PASS", control["reason"]


def test_retraining_passes(project, audited):
    assert outcomes(project, audited["name"], "control") == {"retrain": "PASS"}


def test_every_straw_man_fails(project, audited):
    assert outcomes(project, audited["name"], "straw_man") == {
        "diverged-ascent": "FAIL",
        "do-nothing": "FAIL",
        "label-flip": "FAIL",
        "random-weights": "FAIL",
    }


def test_the_original_itself_does_not_pass(project, audited):
    assert outcomes(project, audited["name"], "original") == {"original": "FAIL"}


def not_asked_for():
    """Numbers of tests that the demo plan leaves out, and of groups, of which it has none."""
    tests = [test for id_, test in RECOVERY_TESTS.items() if id_ not in PLAN.recovery.tests]
    names = {name for test in (*tests, *REMOVAL_TESTS.values()) for name in test.metrics}
    gaps = ("demographic_parity", "equal_opportunity", "equalised_odds")
    names |= {f"{name}_difference" for name in gaps}
    return names | {"group_accuracy", "worst_group_accuracy", "largest_group_drop"}


def test_every_run_has_every_number_or_a_reason(project):
    costs = {"unlearning_seconds", "peak_memory"}  # the original was not unlearned
    for row in project.rows("SELECT id, role FROM run"):
        metrics = load_metrics(project, row["id"])
        absent = set(CATALOGUE) - {metric.name for metric in metrics} - not_asked_for()
        # Explainers are tried on the original alone.
        assert absent == (costs if row["role"] == "original" else set(TRIAL))
        assert all(m.value is not None or m.reason for m in metrics)
        found = [m for m in metrics if m.name == "membership_auc" and m.value is not None]
        attacks = {m.group_key for m in metrics if m.name == "membership_auc"}
        assert attacks == {"loss", "confidence", "entropy", "modified-entropy", "margin"}
        assert all(m.ci_low < m.value < m.ci_high for m in found)
        if row["role"] != "straw_man":  # one that answers all rows alike leaves nothing to rank
            assert len(found) == len(attacks)


def test_enough_rows_are_explained_for_every_model(project):
    for run in project.rows(
        "SELECT run.id, forget_set.rows_artifact FROM run "
        "JOIN forget_set ON forget_set.id = run.forget_set_id"
    ):
        stored = {
            row["name"]: row["hash"]
            for row in project.rows(
                "SELECT name, hash FROM run_artifact WHERE run_id = ?", run["id"]
            )
        }
        rows = project.array(stored["attribution rows"])
        forgotten = np.isin(rows, project.array(run["rows_artifact"]))
        assert forgotten.sum() >= LEAST_EXPLAINED
        assert (~forgotten).sum() >= LEAST_EXPLAINED
        for explainer in ("integrated-gradients", "saliency", "grad-cam"):
            maps = project.array(stored[f"attribution/{explainer}"])
            assert maps.shape == (len(rows), 1, 8, 8)
            assert np.isfinite(maps).all()


def test_the_report_is_one_small_offline_file(demo):
    text = demo.report.read_text()
    assert len(text.encode()) < LARGEST_REPORT
    for network in ('src="http', "src='http", 'href="http', "url(http", "@import"):
        assert network not in text
    assert "not a proof of erasure" in text
    for label in ("scrub", "salun", "random-weights", "mislabelled rows"):
        assert label in text


def test_verify_finds_it_intact(demo):
    done = demo.workbench("verify", demo.project, "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["intact"]


CHANGES = {
    "artifact_chunk": "UPDATE artifact_chunk SET data = zeroblob(length(data)) WHERE rowid = 100",
    "metric": "UPDATE metric SET ci_high = ci_high + 1e-9 WHERE name = 'accuracy'",
    "verdict": "UPDATE verdict SET outcome = 'PASS' WHERE label = 'do-nothing'",
    "plan": "UPDATE plan SET content = replace(content, '0.1', '0.2')",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_verify_fails_after_a_change(demo, tmp_path, change):
    copy = tmp_path / "copy.audit"
    with sqlite3.connect(demo.project) as original, sqlite3.connect(copy) as raw:
        original.backup(raw)
        assert raw.execute(change).rowcount > 0
    done = demo.workbench("verify", copy, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["faults"]
