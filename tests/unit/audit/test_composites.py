import pytest
from audit_cases import accuracy, number

from workbench.audit.composites import COMPOSITES, Members, composite_metrics
from workbench.core.vocabulary import MetricStatus, Split
from workbench.metrics.catalogue import CATALOGUE

ATTACK = "loss"


def model(forget, retain, test, auc, non_member=0.9):
    """The metrics of one model that the composites are made of."""
    splits = {
        Split.FORGET: forget,
        Split.RETAIN: retain,
        Split.TEST: test,
        Split.NON_MEMBER: non_member,
    }
    rows = [accuracy(value, split=split) for split, value in splits.items()]
    return [*rows, number("membership_auc", auc, split=Split.FORGET, group_key=ATTACK)]


UNLEARNED = model(0.80, 0.98, 0.92, 0.70, non_member=0.60)
BAND = [model(0.88, 1.0, 0.93, 0.48), model(0.92, 1.0, 0.95, 0.52)]  # mean .90, 1, .94, .50
ORIGINAL = model(1.0, 1.0, 0.95, 0.9)


def composites(own=UNLEARNED, original=ORIGINAL, band=BAND):
    found = composite_metrics(Members(own, original, band, ATTACK), reference="band")
    return {metric.name: metric for metric in found}


def test_known_answers():
    found = composites()
    assert set(found) == set(COMPOSITES)
    assert found["average_gap"].value == pytest.approx((0.1 + 0.02 + 0.02 + 0.2) / 4)
    assert found["tug_of_war"].value == pytest.approx(0.86436)
    assert found["adaptive_unlearning_score"].value == pytest.approx(0.8660714286)
    assert found["normalised_machine_unlearning_score"].value == pytest.approx(0.86)
    assert found["indiscernibility"].value == pytest.approx(0.8)
    assert found["privacy_leak"].value == pytest.approx(40)
    assert "AUC of loss" in found["average_gap"].group_key


def test_a_model_like_the_band_is_at_no_gap():
    mean = model(0.90, 1.0, 0.94, 0.50)
    found = composites(own=mean)
    assert found["average_gap"].value == pytest.approx(0)
    assert found["tug_of_war"].value == pytest.approx(1)
    assert found["privacy_leak"].value == pytest.approx(0)


@pytest.mark.parametrize("name", ["average_gap", "tug_of_war", "privacy_leak"])
def test_without_a_band_there_is_a_reason_and_no_number(name):
    missing = composites(band=[])[name]
    assert missing.status is MetricStatus.NOT_COMPUTED
    assert "no other retrained model" in missing.reason


def test_what_needs_the_original_says_so():
    missing = composites(original=None)["adaptive_unlearning_score"]
    assert missing.reason == "The original model was not measured."


def test_a_member_that_is_missing_is_named():
    found = composites(own=[m for m in UNLEARNED if m.name != "membership_auc"])
    assert "membership_auc was not measured" in found["average_gap"].reason
    assert found["tug_of_war"].status is MetricStatus.OK


def test_composites_can_decide_nothing():
    assert {str(CATALOGUE[name].direction) for name in COMPOSITES} == {"informative"}
