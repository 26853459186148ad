from itertools import product

import pytest
from audit_cases import (
    BAND,
    FAR,
    FORGET_SET,
    UNCLEAR,
    accuracy,
    auc,
    band,
    candidate,
    control,
    copies,
    criterion,
    evidence,
    missing,
    number,
    original,
    plan,
    runs,
    straw_man,
)

from workbench.audit.ladder import LIMITS
from workbench.audit.verdict import judge
from workbench.core.vocabulary import Outcome, Rung, RunRole, RunStatus, Split, Unit

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
    assert "Judged: forget accuracy. Attacks: none." in reason
    assert "Seeds: 3 of the method, 5 retrained." in reason


def attacked(values, attacks=("loss",)):
    return [[accuracy(v), *(auc(v - 0.29, 0.4, 0.6, attack=a) for a in attacks)] for v in values]


def equal_attack(attack, **changes):
    return criterion(
        name=f"{attack} attack", metric="membership_auc", group=attack, margin=0.06, **changes
    )


def with_attacks(locked, original_aucs, band_centre=0.79):
    names = tuple(one.group_key for one in original_aucs)
    return verdict_on(
        locked,
        original=runs(RunRole.ORIGINAL, "original", [[accuracy(1.0), *original_aucs]]),
        band=runs(
            RunRole.REFERENCE,
            "retrain",
            attacked([band_centre + d for d in (-0.02, -0.01, 0, 0.01, 0.02)], names),
        ),
        control=runs(RunRole.CONTROL, "retrain", attacked((0.785, 0.79, 0.795), names)),
        straw_man=runs(RunRole.STRAW_MAN, "do-nothing", attacked(FAR, names)),
        candidate=runs(RunRole.CANDIDATE, "ssd", attacked((0.785, 0.79, 0.795), names)),
    )


def test_a_pass_names_only_the_attacks_and_criteria_that_decided():
    locked = plan(
        criterion(),
        equal_attack("loss"),
        equal_attack("entropy", primary=False),
        attacks=["loss", "entropy", "margin"],
    )
    aucs = [auc(0.68, 0.62, 0.74), auc(0.68, 0.62, 0.74, attack="entropy")]
    reason = the_candidate(with_attacks(locked, aucs)).reason
    assert "Judged: forget accuracy, loss attack. Attacks: loss. Seeds" in reason
    assert reason.endswith(
        "Not tested: accuracy on retain rows, accuracy on test rows, steps to relearn, "
        "forget accuracy recovered from retain rows."
    )


def test_a_pass_on_the_whole_family_leaves_nothing_untested():
    def everything(role, label, values):
        return runs(
            role,
            label,
            [
                [
                    *(accuracy(v, split=s) for s in (Split.FORGET, Split.RETAIN, Split.TEST)),
                    auc(0.68 if v > 0.9 else v - 0.29, v - 0.35, v - 0.23),
                    number("relearn_steps", round(60 * v), unit=Unit.STEPS),
                    number("recovered_accuracy", v, unit=Unit.FRACTION, n=1000),
                ]
                for v in values
            ],
        )

    locked = plan(
        *(criterion(name=f"{s} accuracy", split=s) for s in ("forget", "retain", "test")),
        equal_attack("loss"),
        criterion(name="relearning", metric="relearn_steps", scale="ratio", margin=2),
        criterion(name="recovery", metric="recovered_accuracy", margin=0.1),
    )
    verdict = verdict_on(
        locked,
        original=everything(RunRole.ORIGINAL, "original", (1.0,)),
        band=everything(RunRole.REFERENCE, "retrain", (0.77, 0.78, 0.79, 0.80, 0.81)),
        control=everything(RunRole.CONTROL, "retrain", (0.785, 0.79, 0.795)),
        straw_man=everything(RunRole.STRAW_MAN, "do-nothing", FAR),
        candidate=everything(RunRole.CANDIDATE, "ssd", (0.785, 0.79, 0.795)),
    )
    assert verdict.outcome is PASS, verdict.reason
    assert "Not tested" not in the_candidate(verdict).reason


def test_one_model_says_nothing_about_the_method():
    locked = plan(methods=[{"id": "ssd", "seeds": [0]}])
    alone = the_candidate(verdict_on(locked, candidate=candidate((0.79,))))
    assert (alone.outcome, alone.note) == (PASS, "")
    assert "about this model, not the method" in alone.reason
    assert "not the method" not in the_candidate(verdict_on()).reason


def test_seeds_that_gave_the_same_model_are_one_model():
    same = the_candidate(verdict_on(candidate=copies(candidate((0.79,) * 3))))
    assert same.outcome is PASS
    assert "3 seeds gave the same model, which counts once." in same.reason
    assert "about this model, not the method" in same.reason
    assert same.seeds == (0, 1, 2)
    failed = the_candidate(verdict_on(candidate=copies(candidate(FAR))))
    assert failed.outcome is FAIL
    assert failed.reason.endswith("3 seeds gave the same model, which counts once.")


def test_retrained_models_that_are_all_equal_give_no_band():
    verdict = verdict_on(band=copies(band()))
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.forget_sets[0].rung is Rung.L2


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
    "unclear": (control((0.835, 0.84, 0.845)), INCONCLUSIVE),
    "one fails alone": (control((0.785, 0.79, 0.79, 0.89)), INCONCLUSIVE),
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


@pytest.mark.parametrize(("area", "centre"), [(0.30, 0.30), (0.70, 0.70), (0.68, 0.66)])
def test_an_attack_that_sees_no_more_in_the_original_than_in_retrained_models_is_blind(
    area, centre
):
    seen = original(attack=auc(area, area - 0.05, area + 0.05))
    verdict = verdict_on(original=seen, band=band(centre=centre))
    positive = the_control(verdict, "positive control")
    assert (positive.outcome, positive.label) == (INCONCLUSIVE, "loss")
    assert "not shown to tell forget rows from non-members better" in positive.reason
    assert verdict.outcome is INCONCLUSIVE


def test_an_attack_on_the_original_may_stand_out_less_than_on_retrained_models():
    seen = original(attack=auc(0.30, 0.25, 0.35))
    verdict = verdict_on(original=seen, band=band(centre=0.40))
    assert the_control(verdict, "positive control").outcome is PASS


@pytest.mark.parametrize(("count", "expected"), [(0, PASS), (1, PASS), (2, INCONCLUSIVE)])
def test_the_original_is_compared_with_two_retrained_models_or_more(count, expected):
    seen = original(attack=auc(0.30, 0.25, 0.35))
    verdict = verdict_on(original=seen, band=band([0.79] * count, centre=0.30))
    assert the_control(verdict, "positive control").outcome is expected


def test_retrained_models_that_were_not_attacked_leave_the_positive_control_open():
    unattacked = runs(RunRole.REFERENCE, "retrain", [accuracy(v) for v in BAND])
    positive = the_control(verdict_on(band=unattacked), "positive control")
    assert positive.outcome is INCONCLUSIVE
    assert "was not measured on 'retrain'" in positive.reason


def test_every_attack_that_decides_must_see_the_original():
    locked = plan(
        criterion(),
        equal_attack("loss"),
        equal_attack("entropy"),
        equal_attack("margin", primary=False),
        attacks=["loss", "entropy", "margin"],
    )
    blind = auc(0.51, 0.45, 0.57, attack="entropy")
    verdict = with_attacks(locked, [auc(0.68, 0.62, 0.74), blind])
    positive = {
        c.label: c.outcome for c in verdict.forget_sets[0].controls if c.name == "positive control"
    }
    assert positive == {"loss": PASS, "entropy": INCONCLUSIVE}
    assert the_candidate(verdict).outcome is INCONCLUSIVE
    assert "'entropy' could not see the original" in the_candidate(verdict).reason


def test_the_negative_control_counts_how_many_pass_alone():
    spread = control((0.78, 0.79, 0.79, 0.82))
    negative = the_control(verdict_on(control=spread), "negative control")
    assert negative.outcome is PASS
    assert "Together they pass; 3 of 4 pass alone, as a method with one seed must." in (
        negative.reason
    )


def test_a_retrained_model_that_fails_alone_is_named():
    verdict = verdict_on(control=control((0.785, 0.79, 0.79, 0.89)))
    negative = the_control(verdict, "negative control")
    assert verdict.outcome is INCONCLUSIVE
    assert "judged alone (seed 3)" in negative.reason


def test_equal_retrained_models_are_judged_alone_once():
    negative = the_control(verdict_on(control=copies(control())), "negative control")
    assert (negative.outcome, negative.reason) == (
        PASS,
        "A retrained model outside the band passes.",
    )


def test_an_original_that_passes_makes_the_audit_invalid():
    verdict = verdict_on(original=original(0.79))
    assert verdict.outcome is INVALID
    assert "cannot tell forgetting from nothing" in the_candidate(verdict).reason


def test_an_original_that_is_merely_unclear_does_not():
    assert verdict_on(original=original(0.83)).outcome is PASS


def test_every_straw_man_must_fail():
    both = (*straw_man(), *straw_man(UNCLEAR, label="label-flip"))
    assert verdict_on(straw_man=both).outcome is INCONCLUSIVE


@pytest.mark.parametrize("named", [None, [], ["do-nothing"]])
def test_without_any_straw_man_nothing_passes(named):
    locked = plan(controls={"attack": "loss", "straw_men": named})
    verdict = verdict_on(locked, straw_man=())
    straw = the_control(verdict, "straw man")
    assert (straw.outcome, straw.label) == (INCONCLUSIVE, "")
    assert "nothing shows that a wrong method would fail" in straw.reason
    assert verdict.outcome is INCONCLUSIVE


def test_a_straw_man_of_the_plan_that_was_not_run_is_named():
    locked = plan(controls={"attack": "loss", "straw_men": ["do-nothing", "label-flip"]})
    verdict = verdict_on(locked)
    assert verdict.outcome is INCONCLUSIVE
    assert "The straw man 'label-flip' was not run." in the_candidate(verdict).reason


@pytest.mark.parametrize("status", [s for s in RunStatus if s is not RunStatus.DONE])
def test_an_unfinished_run_keeps_a_candidate_from_passing_and_is_named(status):
    unfinished = (*candidate()[:2], *runs(RunRole.CANDIDATE, "ssd", [()] * 3, status)[2:])
    verdict = the_candidate(verdict_on(candidate=unfinished))
    assert verdict.outcome is INCONCLUSIVE
    error = status is RunStatus.ERROR
    assert verdict.reason == (
        "Seed 2 gave no usable model." if error else f"Seed 2 is unfinished ({status})."
    )


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


def test_two_retrained_seeds_never_pass():
    verdict = verdict_on(band=band((0.79, 0.79)))
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.forget_sets[0].rung is Rung.L2
    assert "at least 5 different retrained models, has 2" in the_candidate(verdict).reason


def test_no_retrained_model_at_all():
    verdict = verdict_on(band=(), control=())
    assert verdict.outcome is INCONCLUSIVE
    assert verdict.forget_sets[0].rung is Rung.L1


def test_unfinished_retrained_models_do_not_count_in_the_band():
    lost = runs(RunRole.REFERENCE, "retrain", [accuracy(0.79)] * 3, RunStatus.CRASHED)
    assert verdict_on(band=(*band()[:4], *lost)).outcome is INCONCLUSIVE


def test_any_primary_failure_fails_whatever_else_passes():
    def both(role, label, values):
        test, seen = accuracy(0.9, split=Split.TEST), auc(0.5, 0.44, 0.56)
        return runs(role, label, [[accuracy(v), test, seen] for v in values])

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
