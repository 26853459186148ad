from __future__ import annotations

import numpy as np
import pytest
from test_standard_metrics import make_dataset, only

from workbench.audit.duplicates import WITHOUT_TWINS
from workbench.audit.limits import Limit, check_limit
from workbench.audit.standard import ALL_TWINS, StoredOutputs, attack_metrics, standard_metrics
from workbench.audit.subjects import shared_subjects
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError
from workbench.core.vocabulary import MetricStatus, Split
from workbench.metrics.membership import auc
from workbench.metrics.scores import cross_entropy

FORGET = np.arange(60)


def with_subjects(subjects: np.ndarray) -> Dataset:
    dataset = make_dataset()
    return Dataset(
        name="people",
        inputs=dataset.inputs,
        targets=dataset.targets,
        split=dataset.split,
        class_names=dataset.class_names,
        columns={"subject": subjects},
    )


@pytest.fixture
def people() -> Dataset:
    return with_subjects(np.array([f"person {i // 10}" for i in range(500)]))


@pytest.fixture
def outputs(people) -> StoredOutputs:
    """Every subject is easy or hard as a whole."""
    generator = np.random.default_rng(1)
    logits = 0.3 * generator.normal(size=(len(people), 3)).astype(np.float32)
    person = np.arange(len(people)) // 10
    logits[np.arange(len(people)), people.targets] += generator.normal(0.5, 1.5, 50)[person]
    loss = cross_entropy(logits, people.targets)
    return StoredOutputs(logits, loss, np.zeros((len(people), 2), np.float32))


def width(metric) -> float:
    return metric.ci_high - metric.ci_low


def anonymous(dataset: Dataset) -> Dataset:
    return with_subjects(np.arange(len(dataset)))


@pytest.mark.parametrize("name", ["accuracy", "mean_loss"])
@pytest.mark.parametrize(
    "split", [Split.TRAIN, Split.FORGET, Split.RETAIN, Split.TEST, Split.NON_MEMBER]
)
def test_intervals_over_rows_of_people_come_from_people(people, outputs, name, split) -> None:
    by_person = only(standard_metrics(outputs, people, FORGET, seed=7), name, split)
    by_row = only(standard_metrics(outputs, anonymous(people), FORGET), name, split)
    assert by_person.ci_method.startswith("by subject: cluster-bootstrap B=2000")
    assert by_person.ci_method.endswith("seed=7")
    assert by_row.ci_method == ("wilson" if name == "accuracy" else "student-t")
    assert (by_person.value, by_person.n) == (by_row.value, by_row.n)
    assert width(by_person) > 1.3 * width(by_row)


def test_attacks_on_rows_of_people_too(people, outputs) -> None:
    scores = {"loss": -outputs.loss}
    found = attack_metrics(scores, people, FORGET, seed=3)
    plain = attack_metrics(scores, anonymous(people), FORGET)
    for one, other in zip(found, plain, strict=True):
        assert (one.name, one.value, one.n) == (other.name, other.value, other.n)
        if one.name == "membership_tpr_at_fpr_0.001":
            assert one.status is MetricStatus.NOT_COMPUTED  # too few non-members
            continue
        assert one.ci_method.startswith("by subject: cluster-bootstrap of ")
        assert one.ci_method.endswith("PCG64 seed=3")
    assert width(found[0]) > 1.3 * width(plain[0])


def test_people_with_one_forget_row_each_change_nothing(people, outputs) -> None:
    rows = np.arange(0, 200, 10)
    assert shared_subjects(people, rows, 0) is None
    found = standard_metrics(outputs, people, rows)
    assert found == standard_metrics(outputs, anonymous(people), rows)
    nobody = make_dataset()
    assert shared_subjects(nobody, rows, 0) is None


def test_a_set_of_one_person_says_that_its_rows_count(people, outputs) -> None:
    one_person = np.arange(10)
    forget = only(standard_metrics(outputs, people, one_person), "accuracy", Split.FORGET)
    assert forget.ci_method == "by row of one subject: wilson"
    attacked = attack_metrics({"loss": -outputs.loss}, people, one_person)
    assert attacked[0].ci_method.startswith("by subject, forget rows of one subject by row: ")
    alone = attack_metrics({"loss": -outputs.loss}, people, one_person, np.arange(400, 410))
    assert alone[0].ci_method == "by row of one subject: delong-logit"
    assert alone[1].ci_method == "by row of one subject: clopper-pearson"


def test_a_limit_is_held_against_the_interval_of_people(people, outputs) -> None:
    forget = only(standard_metrics(outputs, people, FORGET), "accuracy", Split.FORGET)
    plain = only(standard_metrics(outputs, anonymous(people), FORGET), "accuracy", Split.FORGET)
    between = (forget.ci_high + plain.ci_high) / 2
    limit = Limit(between, upper=True, alpha=0.05)
    assert not check_limit([forget], limit, 0).within
    assert check_limit([plain], limit, 0).within


def test_metrics_without_twins_stand_beside_those_with(people, outputs) -> None:
    twins = np.arange(0, 60, 4)
    rest = np.setdiff1d(FORGET, twins)
    found = standard_metrics(outputs, people, FORGET, twins=twins)
    correct = outputs.logits.argmax(axis=1) == people.targets
    single = only(found, "accuracy", Split.FORGET, WITHOUT_TWINS)
    assert (single.value, single.n) == (correct[rest].mean(), len(rest))
    assert only(found, "accuracy", Split.FORGET).n == len(FORGET)
    pool = np.arange(400, 450)
    attacked = attack_metrics({"loss": -outputs.loss}, people, FORGET, pool, twins=twins)
    both = only(attacked, "membership_auc", Split.FORGET, "loss")
    without = only(attacked, "membership_auc", Split.FORGET, f"loss, {WITHOUT_TWINS}")
    assert both.value == auc(-outputs.loss[FORGET], -outputs.loss[pool])
    assert without.value == auc(-outputs.loss[rest], -outputs.loss[pool])
    assert without.n == len(rest) + len(pool)


def test_where_nothing_is_left_without_twins_it_says_so(people, outputs) -> None:
    found = standard_metrics(outputs, people, FORGET, twins=FORGET)
    found += attack_metrics({"loss": -outputs.loss}, people, FORGET, twins=FORGET)
    left = [one for one in found if one.group_key.endswith(WITHOUT_TWINS)]
    assert [one.name for one in left] == ["accuracy", "membership_auc"]
    assert all(one.status is MetricStatus.NOT_COMPUTED for one in left)
    assert {one.reason for one in left} == {ALL_TWINS}


def test_without_twins_there_is_no_further_number(people, outputs) -> None:
    found = standard_metrics(outputs, people, FORGET)
    found += attack_metrics({"loss": -outputs.loss}, people, FORGET)
    assert not [one for one in found if WITHOUT_TWINS in one.group_key]


def test_outputs_of_other_rows_are_refused(people, outputs) -> None:
    arrays = (outputs.logits, outputs.loss, outputs.embedding)
    same = StoredOutputs(*arrays, fingerprint=people.fingerprint)
    assert standard_metrics(same, people, FORGET)
    shuffled = with_subjects(people.columns["subject"][::-1].copy())
    with pytest.raises(DataError, match="of other rows"):
        standard_metrics(same, shuffled, FORGET)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["logits", "loss", "embedding"])
def test_rows_that_are_not_finite_are_named(people, outputs, bad, name) -> None:
    arrays = {"logits": outputs.logits, "loss": outputs.loss, "embedding": outputs.embedding}
    arrays[name] = arrays[name].copy()
    arrays[name][[3, 41]] = bad
    with pytest.raises(DataError, match=rf"{name} on 2 rows, the first are 3, 41\."):
        standard_metrics(StoredOutputs(**arrays), people, FORGET)
