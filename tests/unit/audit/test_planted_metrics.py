import math

import numpy as np
import pytest

from workbench.audit.planted_metrics import backdoor_metric, canary_metric, swap_metrics
from workbench.core.dataset import Dataset
from workbench.core.planting import Backdoor, Canaries, LabelSwap
from workbench.core.vocabulary import MetricStatus, Split
from workbench.metrics.statistics import clopper_pearson, t_interval, wilson

N_TRAIN, N_TEST, CLASSES = 10, 102, 3


@pytest.fixture
def dataset():
    """Four planted training rows; test rows of classes 0 and 1, and two of class 2."""
    n = N_TRAIN + N_TEST
    targets = np.concatenate([np.zeros(N_TRAIN, int), np.repeat([0, 1, 2], [50, 50, 2])])

    def planted(kind):
        return Dataset(
            name="toy",
            inputs=np.zeros((n, 2), np.float32),
            targets=targets,
            split=np.repeat(["train", "test"], [N_TRAIN, N_TEST]),
            class_names=tuple("abc"),
            columns={"planted": np.where(np.arange(n) < 4, kind, "")},
        )

    return planted


def answering(labels):
    return np.eye(CLASSES)[np.asarray(labels)]


def test_swapped_labels_show_in_the_confusion_and_in_what_is_known_of_them(dataset):
    swap = LabelSwap(kind="label-swap", classes=(0, 1), share=0.4)
    right_and_wrong = np.concatenate(
        [[0, 0, 0, 1], np.zeros(6, int), np.repeat([0, 1, 0, 1, 2], [40, 10, 8, 42, 2])]
    )
    error, memory = swap_metrics(answering(right_and_wrong), dataset("label-swap"), [swap])
    assert (error.name, error.split, error.n) == ("interclass_error", Split.TEST, 100)
    assert error.value == pytest.approx(0.18)
    assert (error.ci_low, error.ci_high) == (wilson(18, 100).low, wilson(18, 100).high)
    assert (memory.name, memory.value, memory.n) == ("interclass_memory", 0.75, 4)


def test_nothing_swapped_is_nothing_to_measure(dataset):
    logits = answering(np.zeros(N_TRAIN + N_TEST, int))
    assert swap_metrics(logits, dataset("canary"), [Canaries(kind="canary", count=4)]) == []


def test_a_backdoor_that_works_has_an_exact_interval():
    backdoor = Backdoor(kind="backdoor", share=0.1, target=2)
    found = backdoor_metric(answering([2] * 150 + [1] * 100), np.ones(250, int), backdoor)
    assert (found.value, found.n) == (0.6, 250)
    exact = clopper_pearson(150, 250)
    assert (found.ci_low, found.ci_high, found.ci_method) == (exact.low, exact.high, exact.method)


@pytest.mark.parametrize("n", [0, 1, 199])
def test_few_triggered_rows_show_no_success(n):
    backdoor = Backdoor(kind="backdoor", share=0.1, target=2)
    found = backdoor_metric(np.zeros((n, CLASSES)), np.ones(n, int), backdoor)
    assert found.status is MetricStatus.NOT_COMPUTED
    assert f"at least 200 test rows of other classes, there are {n}" in found.reason


def test_canaries_stand_out_as_far_as_their_rank(dataset):
    canaries, data = Canaries(kind="canary", count=4), dataset("canary")
    loss = np.full(len(data), 9000.0)
    loss[:4] = (-1, 499.5, 2000, 2000)
    found = canary_metric(loss, np.arange(1000.0), data, canaries)
    bits = np.array([math.log2(1001), math.log2(1001 / 501), 0, 0])
    assert found.value == pytest.approx(bits.mean())
    assert found.ci_high == pytest.approx(t_interval(bits).high)
    assert str(found.unit) == "bits"


def test_few_references_show_no_exposure(dataset):
    data = dataset("canary")
    found = canary_metric(
        np.zeros(len(data)), np.zeros(999), data, Canaries(kind="canary", count=4)
    )
    assert "at least 1000 reference canaries, there are 999" in found.reason
