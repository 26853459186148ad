import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, f1_score

from workbench.audit.standard import StoredOutputs
from workbench.audit.utility import FORGOTTEN, KEPT, MOST_GROUPS, utility_metrics
from workbench.core.dataset import Dataset
from workbench.core.vocabulary import MetricStatus, Split
from workbench.metrics.scores import cross_entropy

N_TEST = 120


def make(classes=3, columns=None, seed=0, targets=None):
    rng = np.random.default_rng(seed)
    n = 60 + N_TEST + 20
    labels = rng.integers(0, classes, n) if targets is None else targets
    data = Dataset(
        name="toy",
        inputs=np.zeros((n, 2), np.float32),
        targets=labels,
        split=np.repeat(["train", "test", "non_member"], [60, N_TEST, 20]),
        class_names=tuple("abc"[:classes]),
        columns=columns or {},
    )
    logits = rng.normal(size=(n, classes))
    outputs = StoredOutputs(logits, cross_entropy(logits, labels), np.zeros((n, 2)))
    return data, outputs, logits.argmax(1)


def found(data, outputs, forget=range(6)):
    metrics = utility_metrics(outputs, data, np.array(forget))
    return {(m.name, m.split, m.group_key): m for m in metrics}


def test_against_scikit_learn():
    data, outputs, predicted = make()
    test = data.rows_of(Split.TEST)
    truth, guess = data.targets[test], predicted[test]
    metrics = found(data, outputs)
    values = {
        name: metrics[name, Split.TEST, ""].value for name in ("balanced_accuracy", "macro_f1")
    }
    assert values["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, guess))
    assert values["macro_f1"] == pytest.approx(f1_score(truth, guess, average="macro"))
    p = np.exp(log_softmax(outputs.logits[test], axis=1))
    onehot = np.eye(3)[truth]
    expected = ((p - onehot) ** 2).sum(1).mean()
    assert metrics["brier_score", Split.TEST, ""].value == pytest.approx(expected)
    for split, rows in ((Split.FORGET, np.arange(6)), (Split.TEST, test)):
        median = np.median(outputs.loss[rows])
        assert metrics["median_loss", split, ""].value == pytest.approx(median)


def test_two_classes_against_scikit_learn():
    data, outputs, _ = make(classes=2)
    test = data.rows_of(Split.TEST)
    p = np.exp(log_softmax(outputs.logits[test], axis=1))[:, 1]
    metrics = found(data, outputs)
    twice = 2 * brier_score_loss(data.targets[test], p)  # the sum over both classes
    assert metrics["brier_score", Split.TEST, ""].value == pytest.approx(twice)


def test_whole_forgotten_classes_stand_apart_on_the_test_rows():
    targets = np.concatenate([np.repeat([0, 1, 2], 20), np.tile([0, 1, 2], 40), np.zeros(20, int)])
    data, outputs, predicted = make(targets=targets)
    metrics = found(data, outputs, forget=range(20))  # all training rows of class 0
    test = data.rows_of(Split.TEST)
    right = predicted[test] == data.targets[test]
    gone = data.targets[test] == 0
    assert metrics["accuracy", Split.TEST, KEPT].value == pytest.approx(right[~gone].mean())
    assert metrics["accuracy", Split.TEST, FORGOTTEN].value == pytest.approx(right[gone].mean())
    assert ("accuracy", Split.TEST, KEPT) not in found(data, outputs, forget=range(19))


class TestGroups:
    site = np.array(["north", "south"])[np.arange(200) % 2]

    def test_groups_and_the_worst_of_them(self):
        data, outputs, predicted = make(columns={"site": self.site})
        metrics = found(data, outputs)
        test = data.rows_of(Split.TEST)
        right = predicted[test] == data.targets[test]
        shares = {name: right[self.site[test] == name].mean() for name in ("north", "south")}
        for name, share in shares.items():
            one = metrics["group_accuracy", Split.TEST, f"site={name}"]
            assert one.value == pytest.approx(share)
            assert one.ci_low < share < one.ci_high
        worst = metrics["worst_group_accuracy", Split.TEST, "site"]
        assert worst.value == pytest.approx(min(shares.values()))
        assert ("demographic_parity_difference", Split.TEST, "site") not in metrics

    def test_fairness_of_two_classes(self):
        data, outputs, predicted = make(classes=2, columns={"site": self.site})
        metrics = found(data, outputs)
        test = data.rows_of(Split.TEST)
        north, chosen, real = (
            self.site[test] == "north",
            predicted[test] == 1,
            data.targets[test] == 1,
        )
        parity = abs(chosen[north].mean() - chosen[~north].mean())
        hits = abs(chosen[north & real].mean() - chosen[~north & real].mean())
        false = abs(chosen[north & ~real].mean() - chosen[~north & ~real].mean())
        value = {name: m.value for (name, _, group), m in metrics.items() if group == "site"}
        assert value["demographic_parity_difference"] == pytest.approx(parity)
        assert value["equal_opportunity_difference"] == pytest.approx(hits)
        assert value["equalised_odds_difference"] == pytest.approx(max(hits, false))

    def test_a_small_group_is_named_and_not_evaluated(self):
        site = self.site.copy()
        site[70:80] = "west"
        data, outputs, _ = make(columns={"site": site})
        small = found(data, outputs)["group_accuracy", Split.TEST, "site=west"]
        assert small.status is MetricStatus.NOT_COMPUTED
        assert small.reason == "The group has fewer than 20 rows."

    def test_columns_that_name_no_groups_are_left_out(self):
        n = 200
        columns = {
            "subject": np.arange(n) % 3,
            "row_name": np.arange(n) % (MOST_GROUPS + 1),
            "age": np.linspace(0, 1, n),
            "constant": np.zeros(n, int),
        }
        data, outputs, _ = make(columns=columns)
        data.columns["label_again"] = data.targets
        assert not [key for key in found(data, outputs) if key[0] == "group_accuracy"]


def test_without_test_rows_only_losses_are_measured():
    data, outputs, _ = make()
    data.split[:] = np.where(data.split == "test", "train", data.split)
    names = {name for name, _, _ in found(data, outputs)}
    assert names == {"median_loss"}
