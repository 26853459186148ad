import pytest

from workbench.audit.ladder import LADDER, LIMITS, rung_reached
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


def test_no_rung_claims_erasure():
    assert LIMITS.endswith("not a proof of erasure.")
    assert not any("erasure" in step.claim for step in LADDER.values())
