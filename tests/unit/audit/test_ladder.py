import pytest
from audit_cases import criterion

from workbench.audit.ladder import FAMILY, LADDER, LIMITS, not_tested, rung_reached
from workbench.core.vocabulary import Rung


@pytest.mark.parametrize(
    ("original", "retrained", "expected"),
    [
        (False, 0, Rung.L0),
        (True, 0, Rung.L1),
        (True, 1, Rung.L2),
        (True, 4, Rung.L2),
        (True, 5, Rung.L3),
        (True, 50, Rung.L3),
        (False, 50, Rung.L0),
    ],
)
def test_rung(original, retrained, expected):
    assert rung_reached(original=original, retrained=retrained) is expected


def test_every_rung_says_what_it_needs_and_allows():
    assert list(LADDER) == list(Rung)
    assert all(step.needs and step.claim.endswith(".") for step in LADDER.values())


def test_what_no_primary_criterion_is_about_is_not_tested():
    about = [criterion(name=f"{key[0]} {key[1]}", metric=key[0], split=key[1]) for key in FAMILY]
    assert not_tested(about) == ()
    assert not_tested(about[1:]) == ("accuracy on forget rows",)
    assert not_tested([]) == tuple(FAMILY.values())


def test_a_criterion_without_split_is_about_the_only_one_there_is():
    assert "steps to relearn" not in not_tested([criterion(metric="relearn_steps", split=None)])


def test_secondary_criteria_test_nothing():
    assert "accuracy on forget rows" in not_tested([criterion(primary=False)])


def test_no_rung_claims_erasure():
    assert LIMITS.endswith("not a proof of erasure.")
    assert not any("erasure" in step.claim for step in LADDER.values())
