from itertools import product

import pytest
from audit_cases import (
    FAR,
    FORGET_SET,
    UNCLEAR,
    accuracy,
    auc,
    band,
    candidate,
    control,
    criterion,
    evidence,
    missing,
    original,
    plan,
    runs,
    straw_man,
)

from workbench.audit.ladder import LIMITS
from workbench.audit.verdict import judge
from workbench.core.vocabulary import Outcome, Rung, RunRole, RunStatus, Split

PASS, FAIL, INCONCLUSIVE, INVALID = (
    Outcome.PASS,
    Outcome.FAIL,
    Outcome.INCONCLUSIVE,
    Outcome.INVALID,
)
CANDIDATES = {PASS: candidate(), FAIL: candidate(FAR), INCONCLUSIVE: candidate(UNCLEAR)}


def verdict_on(locked=None, exploratory=(), **groups):
    return judge(locked or plan(), [evidence(**groups)], exploratory)


def the_candidate(verdict):
    return verdict.forget_sets[0].candidates[0]


def the_control(verdict, name):
    return next(c for c in verdict.forget_sets[0].controls if c.name == name)


@pytest.mark.parametrize("expected", [PASS, FAIL, INCONCLUSIVE])
def test_with_sound_controls_the_candidate_decides(expected):
    verdict = verdict_on(candidate=CANDIDATES[expected])
    assert the_candidate(verdict).outcome is expected
    assert verdict.outcome is expected
    assert verdict.limits == LIMITS


def test_a_pass_says_what_it_is_conditional_on():
    reason = the_candidate(verdict_on()).reason
    assert reason.startswith("At rung L3:")
    assert "Attacks: loss." in reason
    assert "Seeds: 3 of the method, 5 retrained." in reason


POSITIVE = {
    "sees": (original(), PASS),
    "sees it the other way round": (original(attack=auc(0.30, 0.25, 0.35)), PASS),
    "blind": (original(attack=auc(0.51, 0.45, 0.57)), INCONCLUSIVE),
    "not by enough": (original(attack=auc(0.54, 0.51, 0.57)), INCONCLUSIVE),
    "other attack only": (original(attack=auc(0.9, 0.8, 0.95, attack="margin")), INCONCLUSIVE),
    "not computed": (original(attack=missing("membership_auc", "No rows.")), INCONCLUSIVE),
    "not run": ((), INCONCLUSIVE),
}
NEGATIVE = {
    "passes": (control(), PASS),
    "fails": (control(FAR), INVALID),
    "unclear": (control(UNCLEAR), INCONCLUSIVE),
    "not run": ((), INCONCLUSIVE),
    "crashed": (
        runs(RunRole.CONTROL, "retrain", [accuracy(0.79)], RunStatus.CRASHED),
        INCONCLUSIVE,
    ),
}
STRAW = {
    "fails": (straw_man(), PASS),
    "passes": (straw_man((0.785, 0.79, 0.795)), INVALID),
    "unclear": (straw_man(UNCLEAR), INCONCLUSIVE),
    "not run": ((), INCONCLUSIVE),
    "crashed": (
        runs(RunRole.STRAW_MAN, "do-nothing", [accuracy(1.0)], RunStatus.ERROR),
        INCONCLUSIVE,
    ),
}


@pytest.mark.parametrize("own", [PASS, FAIL, INCONCLUSIVE])
@pytest.mark.parametrize(
    ("positive", "negative", "straw"), list(product(POSITIVE, NEGATIVE, STRAW))
)
def test_every_combination_of_controls(own, positive, negative, straw):
    (originals, p), (controls, n), (straws, s) = (
        POSITIVE[positive],
        NEGATIVE[negative],
        STRAW[straw],
    )
    verdict = verdict_on(
        original=originals, control=controls, straw_man=straws, candidate=CANDIDATES[own]
    )
    effects = {p, n, s}
    if INVALID in effects:
        expected = INVALID
    elif INCONCLUSIVE in effects and own is PASS:
        expected = INCONCLUSIVE
    else:
        expected = own
    assert the_candidate(verdict).outcome is expected
    assert verdict.outcome is expected
    assert the_control(verdict, "positive control").outcome is p
    assert the_control(verdict, "negative control").outcome is n
    assert the_control(verdict, "straw man").outcome is s


def test_a_blind_attack_is_the_reason_given():
    verdict = verdict_on(original=POSITIVE["blind"][0])
    assert "could not see the original" in the_candidate(verdict).reason


def test_an_original_that_passes_makes_the_audit_invalid():
    verdict = verdict_on(original=original(0.79))
    assert verdict.outcome is INVALID
    assert "cannot tell forgetting from nothing" in the_candidate(verdict).reason


def test_an_original_that_is_merely_unclear_does_not():
    assert verdict_on(original=original(0.83)).outcome is PASS


def test_every_straw_man_must_fail():
    both = (*straw_man(), *straw_man(UNCLEAR, label="label-flip"))
    assert verdict_on(straw_man=both).outcome is INCONCLUSIVE


def test_without_straw_men_in_the_plan_none_are_missed():
    locked = plan(controls={"attack": "loss", "straw_men": []})
    assert verdict_on(locked, straw_man=()).outcome is PASS


@pytest.mark.parametrize("status", [s for s in RunStatus if s is not RunStatus.DONE])
def test_an_unfinished_run_keeps_a_candidate_from_passing_and_is_named(status):
    unfinished = (*candidate()[:2], *runs(RunRole.CANDIDATE, "ssd", [()] * 3, status)[2:])
    verdict = the_candidate(verdict_on(candidate=unfinished))
    assert verdict.outcome is INCONCLUSIVE
    assert f"seed 2 is {status}" in verdict.reason


def test_an_unfinished_run_does_not_save_a_candidate_that_fails():
    unfinished = (
        *candidate(FAR)[:2],
        *runs(RunRole.CANDIDATE, "ssd", [()] * 3, RunStatus.ERROR)[2:],
    )
    assert the_candidate(verdict_on(candidate=unfinished)).outcome is FAIL


def test_a_planned_seed_that_never_ran_is_named():
    verdict = the_candidate(verdict_on(candidate=candidate()[:2]))
    assert (verdict.outcome, verdict.reason) == (INCONCLUSIVE, "Planned seeds without a run: 2.")


def test_a_method_that_never_ran_is_inconclusive():
    assert the_candidate(verdict_on(candidate=())).outcome is INCONCLUSIVE


def test_one_seed_of_a_method_can_pass():
    locked = plan(methods=[{"id": "ssd", "seeds": [0]}])
    assert verdict_on(locked, candidate=candidate((0.79,))).outcome is PASS


def test_two_retrained_seeds_never_pass():
    verdict = verdict_on(band=band((0.79, 0.79)))
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.forget_sets[0].rung is Rung.L2
    assert "at least 5 retrained seeds, has 2" in the_candidate(verdict).reason


def test_no_retrained_model_at_all():
    verdict = verdict_on(band=(), control=())
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.forget_sets[0].rung is Rung.L1


def test_unfinished_retrained_models_do_not_count_in_the_band():
    lost = runs(RunRole.REFERENCE, "retrain", [accuracy(0.79)] * 3, RunStatus.CRASHED)
    assert verdict_on(band=(*band()[:4], *lost)).outcome is INCONCLUSIVE


def test_any_primary_failure_fails_whatever_else_passes():
    def both(role, label, values):
        return runs(role, label, [[accuracy(v), accuracy(0.9, split=Split.TEST)] for v in values])

    locked = plan(criterion(), criterion(name="test accuracy", split="test"))
    verdict = verdict_on(
        locked,
        band=both(RunRole.REFERENCE, "retrain", (0.77, 0.78, 0.79, 0.80, 0.81)),
        candidate=both(RunRole.CANDIDATE, "ssd", FAR),
        control=both(RunRole.CONTROL, "retrain", (0.785, 0.79, 0.795)),
        straw_man=both(RunRole.STRAW_MAN, "do-nothing", FAR),
    )
    outcomes = [r.outcome for r in the_candidate(verdict).criteria]
    assert outcomes == [FAIL, PASS]
    assert verdict.outcome is FAIL


def test_secondary_criteria_never_decide():
    locked = plan(criterion(), criterion(name="secondary", metric="mean_loss", primary=False))
    verdict = verdict_on(locked)
    assert [r.outcome for r in the_candidate(verdict).criteria] == [PASS, INCONCLUSIVE]
    assert verdict.outcome is PASS


def test_criteria_added_after_the_lock_never_decide():
    added = criterion(name="added", kind="upper", limit=0.1, margin=None)
    verdict = verdict_on(exploratory=[added])
    assert [r.outcome for r in the_candidate(verdict).criteria] == [PASS, FAIL]
    assert verdict.outcome is PASS


def test_a_plan_without_primary_criteria_decides_nothing():
    verdict = verdict_on(plan(criterion(primary=False)))
    assert verdict.outcome is INCONCLUSIVE
    assert "no primary criterion" in the_candidate(verdict).reason


TWO = [{"name": FORGET_SET, "where": "class == 3"}, {"name": "subject 7", "where": "subject == 7"}]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({}, PASS),
        ({"candidate": candidate(UNCLEAR)}, INCONCLUSIVE),
        ({"candidate": candidate(FAR)}, FAIL),
        ({"control": control(FAR)}, INVALID),
        (None, INCONCLUSIVE),
    ],
)
def test_the_worst_forget_set_decides(second, expected):
    found = [evidence()]
    if second is not None:
        other = evidence(**second)
        found.append(type(other)("subject 7", other.runs))
    verdict = judge(plan(forget_sets=TWO), found)
    assert verdict.outcome is expected
    assert verdict.forget_sets[0].outcome is PASS
    if expected is not PASS:
        assert verdict.reason.startswith("Forget set 'subject 7': ")


def test_invalid_outranks_a_failure_elsewhere():
    other = evidence(control=control(FAR))
    found = [evidence(candidate=candidate(FAR)), type(other)("subject 7", other.runs)]
    assert judge(plan(forget_sets=TWO), found).outcome is INVALID


def test_the_worst_method_decides():
    locked = plan(methods=[{"id": "ssd", "seeds": [0, 1, 2]}, {"id": "scrub", "seeds": [0, 1, 2]}])
    verdict = verdict_on(locked, candidate=(*candidate(), *candidate(FAR, label="scrub")))
    assert [c.outcome for c in verdict.forget_sets[0].candidates] == [PASS, FAIL]
    assert verdict.outcome is FAIL
    assert "scrub" in verdict.reason
