"""The gold run, metrics.md 15.15: wrong methods that look right by the usual numbers all fail."""

import json

import numpy as np
import pytest

from workbench.audit.amendment import amend_plan
from workbench.audit.evidence import judge_plan
from workbench.audit.plan import Criterion, read_plan
from workbench.audit.stored_plan import StoredPlan
from workbench.audit.verdict import judge
from workbench.cli import main
from workbench.core.locations import GOLD_PLAN
from workbench.core.vocabulary import Outcome, RunRole, Split
from workbench.jobs.gold_run import KnownVerdict, carry_out
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.report import collect, render_html
from workbench.store import Project

DECEIVER = "label flip and retain"


@pytest.fixture(scope="module")
def gold(tmp_path_factory):
    """The project of a gold run, and what came out."""
    path = tmp_path_factory.mktemp("gold") / "gold.audit"
    with (
        Project.create(path, "Gold run") as project,
        LanePool([Lane("cpu", in_process=True)]) as pool,
    ):
        known = carry_out(project, pool)
        yield project, known


@pytest.fixture(scope="module")
def stored(gold):
    return StoredPlan(gold[0], 1)


@pytest.fixture(scope="module")
def measured(stored):
    """Mean over seeds of a metric on the forget set, by role and label."""
    runs = stored.finished_runs(stored.forget_sets[0])

    def mean(label, role, name, split=Split.FORGET):
        values = [
            metric.value
            for run in runs
            if (run.label, run.role) == (label, role)
            for metric in stored.metrics(run.id)
            if metric.name == name and metric.split is split
        ]
        assert values
        return float(np.mean(values))

    return mean


def test_every_verdict_is_the_known_one(gold):
    _, known = gold
    assert [one for one in known if not one.correct] == []
    expected = {one.label: one.expected for one in known}
    assert expected["original judged as a candidate"] is Outcome.FAIL
    assert expected["negative control, retrain"] is Outcome.PASS
    straw_men = {label for label in expected if label.startswith("straw man")}
    assert len(straw_men) == 4
    assert {expected[label] for label in (*straw_men, DECEIVER)} == {Outcome.FAIL}


def test_a_verdict_that_is_not_the_known_one_is_seen():
    assert not KnownVerdict("do-nothing", Outcome.FAIL, Outcome.PASS).correct


def test_the_numbers_have_the_pattern_of_the_known_table(measured):
    original = ("original", RunRole.ORIGINAL)
    assert measured(*original, "accuracy") == 1.0
    assert measured(*original, "membership_auc") > 0.62
    assert measured(*original, "relearn_steps") <= 2
    assert measured(*original, "recovered_accuracy") > 0.95
    for role in (RunRole.REFERENCE, RunRole.CONTROL):
        assert 0.6 < measured("retrain", role, "accuracy") < 0.8
        assert 0.47 < measured("retrain", role, "membership_auc") < 0.56
        assert 40 < measured("retrain", role, "relearn_steps") < 80
        recovered = measured("retrain", role, "recovered_accuracy")
        assert recovered == pytest.approx(measured("retrain", role, "accuracy"), abs=0.05)
    for straw_man in ("random-weights", "diverged-ascent"):  # private by the attack, and useless
        assert abs(measured(straw_man, RunRole.STRAW_MAN, "membership_auc") - 0.5) < 0.06
        assert measured(straw_man, RunRole.STRAW_MAN, "accuracy", Split.TEST) < 0.45


def test_forget_accuracy_and_the_attack_alone_would_not_fail_the_deceiver(stored):
    usual = [one for one in stored.plan.criteria if one.metric in ("accuracy", "membership_auc")]
    plan = stored.plan.model_copy(update={"criteria": tuple(usual)})
    verdict = judge(plan, [stored.evidence(stored.forget_sets[0])])
    (deceiver,) = [one for one in verdict.forget_sets[0].candidates if one.label == DECEIVER]
    assert deceiver.outcome is not Outcome.FAIL


def test_relearning_and_recovery_see_through_the_deceiver(stored):
    verdict = judge(stored.plan, [stored.evidence(stored.forget_sets[0])])
    (deceiver,) = [one for one in verdict.forget_sets[0].candidates if one.label == DECEIVER]
    failed = {one.criterion.metric for one in deceiver.criteria if one.outcome is Outcome.FAIL}
    assert failed == {"relearn_steps", "recovered_accuracy"}


def test_margins_that_let_a_straw_man_through_make_the_audit_invalid(stored):
    lax = [one.model_copy(update={"margin": 0.9}) for one in stored.plan.criteria[:3]]
    plan = stored.plan.model_copy(update={"criteria": tuple(lax)})
    verdict = judge(plan, [stored.evidence(stored.forget_sets[0])])
    assert verdict.outcome is Outcome.INVALID


def test_what_is_added_after_the_lock_is_exploratory(gold, stored):
    project, _ = gold
    before = judge_plan(project, 1)
    added = Criterion(name="test accuracy, strict", metric="accuracy", split="test", margin=1e-6)
    amend_plan(project, 1, (added,))
    after = judge_plan(project, 1)
    assert after.outcome is before.outcome
    (control,) = [c for c in after.forget_sets[0].controls if c.name == "negative control"]
    assert control.outcome is Outcome.PASS  # an impossible criterion decides nothing
    results = [
        one for c in after.forget_sets[0].candidates for one in c.criteria if one.exploratory
    ]
    assert {one.criterion.name for one in results} == {"test accuracy, strict"}
    assert {one.outcome for one in results} <= {Outcome.FAIL, Outcome.INCONCLUSIVE}
    assert stored.plan.hash == read_plan(GOLD_PLAN).hash
    page = render_html(collect(project, 1))
    assert "test accuracy, strict" in page
    assert "exploratory" in page


def test_doctor_carries_out_the_gold_run(capsys):
    code = main(["doctor", "--audit", "--device", "cpu", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert document["healthy"]
    assert len(document["known_verdicts"]) == 10
    assert all(one["correct"] for one in document["known_verdicts"])
