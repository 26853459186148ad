import numpy as np
import pytest

from workbench.audit.guards import (
    check_forget_rows,
    find_twins,
    matched_non_members,
    non_member_shortage,
)
from workbench.audit.plan import ForgetSetChoice
from workbench.audit.resolve import forget_set_rows
from workbench.core.dataset import Dataset
from workbench.core.errors import DataError, PluginError, UsageError
from workbench.core.vocabulary import PluginKind, Split
from workbench.plugin_api import Contribution, NoParams
from workbench.registry import Registry


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(
        name="toy",
        inputs=np.arange(40, dtype=np.float32).reshape(20, 2),
        targets=np.tile([0, 1], 10),
        split=np.repeat(["train", "test", "non_member"], [10, 5, 5]),
        class_names=("cat", "dog"),
        columns={"subject": np.repeat(np.arange(10), 2)},
    )


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "The forget set is empty."),
        (range(10), "is the whole training set"),
        ([0, 20, -1], "has no rows 20 and -1; it has rows 0 to 19"),
        ([3, 3, 4], "names row 3 more than once"),
        ([3, 12], "holds row 12, which the model was not trained on"),
        ([3, 10, 11, 12, 13, 14], "rows 10, 11, 12 and 2 more"),
    ],
)
def test_unusable_forget_rows_are_refused_in_one_sentence(dataset, rows, sentence):
    with pytest.raises(DataError) as caught:
        check_forget_rows(dataset, np.array(rows, dtype=np.int64))
    assert sentence in caught.value.message
    assert caught.value.remedy


def test_usable_forget_rows_are_accepted(dataset):
    check_forget_rows(dataset, np.array([4, 2, 9]))


def test_twins_are_found_by_content_in_every_other_split(dataset):
    for copy, of in ((5, 0), (6, 0), (11, 1), (16, 2)):
        dataset.inputs[copy] = dataset.inputs[of]
    found = {twins.split: twins for twins in find_twins(dataset, np.array([0, 1, 2, 3]))}
    assert found[Split.RETAIN].pairs == ((0, 5), (0, 6))
    assert found[Split.RETAIN].count == 1
    assert found[Split.TEST].pairs == ((1, 11),)
    assert found[Split.NON_MEMBER].pairs == ((2, 16),)


def test_twins_within_the_forget_set_are_no_finding(dataset):
    dataset.inputs[1] = dataset.inputs[0]
    assert find_twins(dataset, np.array([0, 1])) == ()


def test_non_members_are_matched_by_class(dataset):
    assert matched_non_members(dataset, np.array([1, 3])).tolist() == [15, 17, 19]


def test_non_members_can_be_named_by_a_rule(dataset):
    found = matched_non_members(dataset, np.array([1]), "subject == 8 or row == 19")
    assert found.tolist() == [16, 17, 19]


def test_shortage_of_non_members():
    assert "there is 1" in non_member_shortage(np.array([7]))
    assert non_member_shortage(np.array([7, 8])) == ""


class Chosen:
    """A registry of one selector, as far as resolving a forget set looks into it."""

    def __init__(self, answer, needs=()):
        self.asked = None
        self.answer = answer
        self.declared = Contribution(
            kind="selector", id="pick", title="Pick", summary="Picks.", object="a:B", needs=needs
        )
        self.plugin = type("Plugin", (), {"hash": "f00d"})

    def get(self, kind, id):  # noqa: A002
        assert (kind, id) == (PluginKind.SELECTOR, "pick")
        return self

    def parse_params(self, values):
        return NoParams.model_validate(values)

    def load(self):
        return self

    def select(self, data, _params):
        self.asked = data
        return self.answer(data)


def resolve(dataset, registry=None, original=None, **choice):
    named = ForgetSetChoice(name="chosen", **choice)
    return forget_set_rows(named, dataset, registry or Registry(()), original)


def outputs(dataset):
    logits = np.zeros((len(dataset), 2))
    logits[np.arange(len(dataset)), dataset.targets] = np.arange(len(dataset))
    return {"logits": logits, "loss": np.arange(len(dataset))[::-1].astype(float)}


def test_a_rule_chooses_among_training_rows_only(dataset):
    rows, definition = resolve(dataset, where="class == 1 and subject in (0, 4, 9)")
    assert rows.tolist() == [1, 9]
    assert definition["where"] == "class == 1 and subject in (0, 4, 9)"
    assert definition["rule"]["kind"] == "all_of"


def test_a_rule_may_ask_for_loss_and_confidence_of_the_original(dataset):
    rows, _ = resolve(dataset, where="loss >= 17", original=outputs(dataset))
    assert rows.tolist() == [0, 1, 2]
    rows, _ = resolve(dataset, where="confidence < 0.8", original=outputs(dataset))
    assert rows.tolist() == [0, 1]


def test_without_outputs_there_is_no_loss_to_ask_for(dataset):
    with pytest.raises(UsageError, match="no column 'loss'"):
        resolve(dataset, where="loss > 1")


def test_a_rule_that_chooses_nothing_is_refused(dataset):
    with pytest.raises(DataError, match="empty"):
        resolve(dataset, where="class == 7")


def test_explicit_rows_are_sorted_and_checked(dataset):
    rows, definition = resolve(dataset, rows=(9, 2))
    assert rows.tolist() == [2, 9]
    assert definition == {"rows": [2, 9]}
    with pytest.raises(DataError, match="row 12"):
        resolve(dataset, rows=(2, 12))


def test_the_rule_for_non_members_is_part_of_the_definition(dataset):
    _, definition = resolve(dataset, rows=(2,), non_members="subject == 8")
    assert definition == {"rows": [2], "non_members": "subject == 8"}
    with pytest.raises(UsageError):
        resolve(dataset, rows=(2,), non_members="colour == 8")


def test_a_selector_sees_training_rows_and_its_choice_is_recorded(dataset):
    selector = Chosen(lambda data: data.columns["subject"] == 4)
    rows, definition = resolve(dataset, selector, selector="pick", original=outputs(dataset))
    assert rows.tolist() == [8, 9]
    assert definition == {"selector": "pick", "params": {}, "plugin": "f00d"}
    assert selector.asked.rows.tolist() == list(range(10))
    assert "loss" not in selector.asked.columns


def test_a_selector_that_declares_outputs_is_given_them(dataset):
    selector = Chosen(lambda data: data.columns["loss"] > 18, needs=("outputs",))
    rows, _ = resolve(dataset, selector, selector="pick", original=outputs(dataset))
    assert rows.tolist() == [0]
    with pytest.raises(UsageError, match="needs the outputs"):
        resolve(dataset, selector, selector="pick")


@pytest.mark.parametrize("answer", [lambda d: d.rows, lambda _: np.ones(3, bool)])
def test_a_selector_that_answers_with_nonsense_is_named(dataset, answer):
    with pytest.raises(PluginError, match="'pick' must give one yes or no"):
        resolve(dataset, Chosen(answer), selector="pick")


def test_a_set_in_the_project_is_not_resolved_here(dataset):
    with pytest.raises(UsageError, match="'old'"):
        resolve(dataset, use="old")
