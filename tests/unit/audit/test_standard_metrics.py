import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from workbench.audit.guards import rows_by_split
from workbench.audit.standard import StoredOutputs, attack_metrics, standard_metrics
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError
from workbench.core.vocabulary import MetricStatus, Split
from workbench.metrics.scores import cross_entropy

FORGET = np.arange(0, 60, 2)


def make_dataset(n_train=200, n_test=150, n_non_members=150, classes=3) -> Dataset:
    rng = np.random.default_rng(0)
    n = n_train + n_test + n_non_members
    split = np.repeat(["train", "test", "non_member"], [n_train, n_test, n_non_members])
    return Dataset(
        name="toy",
        inputs=rng.normal(size=(n, 4)).astype(np.float32),
        targets=rng.integers(0, classes, n),
        split=split,
        class_names=tuple("abc"[:classes]),
    )


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset()


@pytest.fixture
def outputs(dataset) -> StoredOutputs:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(len(dataset), 3)).astype(np.float32)
    logits[np.arange(len(dataset)), dataset.targets] += 1
    loss = cross_entropy(logits, dataset.targets)
    return StoredOutputs(logits, loss, np.zeros((len(dataset), 2), np.float32))


def only(metrics, name, split, group=""):
    (found,) = [m for m in metrics if (m.name, m.split, m.group_key) == (name, split, group)]
    return found


@pytest.mark.parametrize(
    "split", [Split.TRAIN, Split.FORGET, Split.RETAIN, Split.TEST, Split.NON_MEMBER]
)
def test_accuracy_and_loss_of_every_split(dataset, outputs, split):
    found = standard_metrics(outputs, dataset, FORGET)
    rows = rows_by_split(dataset, FORGET)[split]
    predicted, truth = outputs.logits[rows].argmax(1), dataset.targets[rows]
    accuracy = only(found, "accuracy", split)
    k = int((predicted == truth).sum())
    interval = stats.binomtest(k, len(rows)).proportion_ci(0.95, method="wilson")
    assert accuracy.value == reference.accuracy_score(truth, predicted)
    assert (accuracy.ci_low, accuracy.ci_high) == pytest.approx((interval.low, interval.high))
    assert (accuracy.n, accuracy.ci_method) == (len(rows), "wilson")
    loss = only(found, "mean_loss", split)
    probabilities = np.exp(outputs.logits[rows].astype(np.float64))
    probabilities /= probabilities.sum(1, keepdims=True)
    assert loss.value == pytest.approx(reference.log_loss(truth, probabilities, labels=[0, 1, 2]))
    assert loss.ci_low < loss.value < loss.ci_high


def test_splits_partition_the_training_rows(dataset):
    rows = rows_by_split(dataset, FORGET)
    together = np.concatenate([rows[Split.FORGET], rows[Split.RETAIN]])
    assert np.array_equal(np.sort(together), rows[Split.TRAIN])


@pytest.mark.parametrize("split", [Split.TEST, Split.FORGET])
def test_accuracy_of_each_class_is_its_recall(dataset, outputs, split):
    found = standard_metrics(outputs, dataset, FORGET)
    rows = rows_by_split(dataset, FORGET)[split]
    recall = reference.recall_score(
        dataset.targets[rows], outputs.logits[rows].argmax(1), average=None
    )
    for label in range(3):
        assert only(found, "class_accuracy", split, f"class:{label}").value == pytest.approx(
            recall[label]
        )


@pytest.mark.parametrize("split", [Split.TEST, Split.FORGET, Split.RETAIN])
def test_calibration_error_is_small_only_for_honest_confidence(dataset, outputs, split):
    honest = only(standard_metrics(outputs, dataset, FORGET), "calibration_error", split)
    loud = StoredOutputs(outputs.logits * 50, outputs.loss, outputs.embedding)
    overconfident = only(standard_metrics(loud, dataset, FORGET), "calibration_error", split)
    accuracy = only(standard_metrics(loud, dataset, FORGET), "accuracy", split)
    assert overconfident.value > honest.value
    assert overconfident.value == pytest.approx(1 - accuracy.value, abs=0.05)


def test_every_metric_is_reported_once(dataset, outputs):
    found = standard_metrics(outputs, dataset, FORGET)
    assert len({(m.name, m.split, m.group_key) for m in found}) == len(found)


def test_a_split_without_rows_is_not_computed(outputs, dataset):
    everything = dataset.rows_of(Split.TRAIN)
    retain = only(standard_metrics(outputs, dataset, everything), "accuracy", Split.RETAIN)
    assert retain.status is MetricStatus.NOT_COMPUTED
    assert retain.reason


@pytest.mark.parametrize("name", ["logits", "loss"])
def test_outputs_that_are_not_finite_are_refused_with_their_rows(dataset, outputs, name):
    arrays = {"logits": outputs.logits, "loss": outputs.loss, "embedding": outputs.embedding}
    arrays[name] = arrays[name].copy()
    arrays[name][[7, 9]] = np.nan
    with pytest.raises(DataError, match=f"infinite {name} on 2 rows, the first are 7, 9"):
        standard_metrics(StoredOutputs(**arrays), dataset, FORGET)


def test_outputs_of_another_dataset_are_refused(dataset, outputs):
    short = StoredOutputs(outputs.logits[:10], outputs.loss[:10], outputs.embedding[:10])
    with pytest.raises(DataError, match="10 rows"):
        standard_metrics(short, dataset, FORGET)


class TestAttacks:
    def scores(self, dataset, shift=1.0):
        values = np.random.default_rng(2).normal(size=len(dataset))
        values[FORGET] += shift
        return {"loss": values}

    def test_auc_is_that_of_the_forget_rows_against_non_members(self, dataset):
        scores = self.scores(dataset)
        found = only(
            attack_metrics(scores, dataset, FORGET), "membership_auc", Split.FORGET, "loss"
        )
        pool = dataset.rows_of(Split.NON_MEMBER)
        truth = np.r_[np.ones(len(FORGET)), np.zeros(len(pool))]
        both = np.r_[scores["loss"][FORGET], scores["loss"][pool]]
        assert found.value == pytest.approx(reference.roc_auc_score(truth, both))
        assert found.ci_low < found.value < found.ci_high
        assert found.n == len(FORGET) + len(pool)
        assert found.reference == "non_member"

    @pytest.mark.parametrize("fpr", [0.1, 0.01])
    def test_tpr_counts_forget_rows_above_the_allowed_false_alarms(self, dataset, fpr):
        scores = self.scores(dataset)["loss"]
        name = f"membership_tpr_at_fpr_{fpr:g}"
        found = only(attack_metrics({"loss": scores}, dataset, FORGET), name, Split.FORGET, "loss")
        pool = scores[dataset.rows_of(Split.NON_MEMBER)]
        threshold = np.sort(pool)[::-1][int(fpr * len(pool))]
        k = int((scores[FORGET] > threshold).sum())
        assert found.value == k / len(FORGET)
        exact = stats.binomtest(k, len(FORGET)).proportion_ci(0.95)
        assert (found.ci_low, found.ci_high) == pytest.approx((exact.low, exact.high))

    def test_only_non_members_of_the_forgotten_classes_count(self, dataset):
        rows = np.flatnonzero((dataset.targets == 1) & (dataset.split == "train"))[:20]
        found = only(
            attack_metrics(self.scores(dataset), dataset, rows),
            "membership_auc",
            Split.FORGET,
            "loss",
        )
        same_class = ((dataset.targets == 1) & (dataset.split == "non_member")).sum()
        assert found.n == 20 + same_class

    def test_non_members_can_be_given(self, dataset):
        pool = dataset.rows_of(Split.NON_MEMBER)[:40]
        found = attack_metrics(self.scores(dataset), dataset, FORGET, pool)
        assert only(found, "membership_auc", Split.FORGET, "loss").n == len(FORGET) + 40

    def test_one_percent_needs_a_hundred_non_members(self, dataset):
        pool = dataset.rows_of(Split.NON_MEMBER)[:99]
        found = attack_metrics(self.scores(dataset), dataset, FORGET, pool)
        rare = only(found, "membership_tpr_at_fpr_0.01", Split.FORGET, "loss")
        assert rare.status is MetricStatus.NOT_COMPUTED
        assert "needs at least 100 non-members, there are 99" in rare.reason
        common = only(found, "membership_tpr_at_fpr_0.1", Split.FORGET, "loss")
        assert common.status is MetricStatus.OK

    def test_three_non_members_show_no_rate_at_a_tenth_of_a_percent(self, dataset):
        pool = dataset.rows_of(Split.NON_MEMBER)[:3]
        found = attack_metrics(self.scores(dataset), dataset, FORGET, pool)
        rare = only(found, "membership_tpr_at_fpr_0.001", Split.FORGET, "loss")
        assert (rare.status, rare.value) == (MetricStatus.NOT_COMPUTED, None)
        assert "needs at least 1000 non-members, there are 3" in rare.reason

    @pytest.mark.parametrize("count", [0, 1])
    def test_nothing_is_computed_against_fewer_than_two_non_members(self, dataset, count):
        pool = dataset.rows_of(Split.NON_MEMBER)[:count]
        found = attack_metrics(self.scores(dataset), dataset, FORGET, pool)
        assert {m.status for m in found} == {MetricStatus.NOT_COMPUTED}
        assert all(f"{count}." in m.reason for m in found)

    def test_equal_scores_say_nothing(self, dataset):
        found = attack_metrics({"loss": np.zeros(len(dataset))}, dataset, FORGET)
        assert {m.reason for m in found} == {"The attack gives every row the same score."}

    def test_scores_that_are_not_numbers_say_nothing(self, dataset):
        scores = self.scores(dataset)
        scores["loss"][FORGET[0]] = np.nan
        found = attack_metrics(scores, dataset, FORGET)
        assert {m.status for m in found} == {MetricStatus.NOT_COMPUTED}

    def test_every_attack_is_a_group(self, dataset):
        scores = self.scores(dataset)
        found = attack_metrics({**scores, "margin": -scores["loss"]}, dataset, FORGET)
        by_attack = {m.group_key: m.value for m in found if m.name == "membership_auc"}
        assert by_attack["margin"] == pytest.approx(1 - by_attack["loss"])
