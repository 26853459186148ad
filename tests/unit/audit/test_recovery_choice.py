"""Recovery and removal tests in a plan: what is asked, what it costs, what criteria may name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from workbench.audit.criterion_check import group_kind, measured_splits
from workbench.audit.plan import Plan, RecoveryChoice, RecoveryTestId, plan_from, read_plan
from workbench.audit.plan_check import check_against, check_names
from workbench.audit.recovery_tests import (
    RECOVERY_TESTS,
    REMOVAL_TESTS,
    Passes,
    costs_in_words,
    recovery_test_of,
    removal_passes,
    removal_test_of,
)
from workbench.core.dataset import Dataset
from workbench.core.errors import UsageError
from workbench.core.planting import Backdoor, Canaries, LabelSwap
from workbench.core.vocabulary import Direction
from workbench.metrics.catalogue import CATALOGUE
from workbench.registry import Registry
from workbench.store import Project, save_dataset

DEMO = Path(__file__).parents[3] / "resources" / "demo" / "digits.toml"
# As it was before plans could name recovery tests or plant rows.
DEMO_HASH = "80e3d919f0bca71c73dd4ec6df4046f99aefa44fcf86323399fe659521fd466f"
PLANT = [
    {"kind": "label-swap", "classes": [3, 5]},
    {"kind": "backdoor", "target": 7},
    {"kind": "canary"},
]
ALL_TESTS = list(get_args(RecoveryTestId))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


@pytest.fixture
def unplanted() -> Dataset:
    split = np.array(["train", "test", "non_member"])
    return Dataset("plain", np.zeros((3, 4), np.float32), np.zeros(3, np.int64), split, ("a", "b"))


def criterion(metric: str, split: str, group: str = "") -> dict[str, Any]:
    return {"name": "tested", "metric": metric, "split": split, "group": group, "margin": 0.1}


def test_a_plan_without_the_new_settings_keeps_its_hash() -> None:
    plan = read_plan(DEMO)
    assert plan.hash == DEMO_HASH
    assert plan.recovery is not None
    assert plan.recovery.tests == ("relearn", "retain-tuning")
    assert "tests" not in plan.model_dump(mode="json")["recovery"]
    assert Plan.model_validate(plan.model_dump(mode="json")) == plan


def test_a_plan_with_them_has_another_hash_and_reads_back(tiny_plan: dict[str, Any]) -> None:
    plain = Plan.model_validate(tiny_plan)
    more: list[dict[str, Any]] = [
        {"recovery": {**tiny_plan["recovery"], "tests": ["probe"]}},
        {"recovery": {**tiny_plan["recovery"], "relearn_learning_rates": [0.01]}},
        {"recovery": {**tiny_plan["recovery"], "prototype_rows": 5}},
        {"recovery": {**tiny_plan["recovery"], "inversion_restarts": 5}},
        {"recovery": {**tiny_plan["recovery"], "inversion_steps": 50}},
        {"data": {**tiny_plan["data"], "plant": PLANT}},
    ]
    hashes = {plain.hash}
    for change in more:
        plan = Plan.model_validate(tiny_plan | change)
        assert Plan.model_validate(plan.model_dump(mode="json")) == plan
        hashes.add(plan.hash)
    assert len(hashes) == 1 + len(more)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"recovery": {"tests": ["relern"]}}, "must be 'relearn'"),
        ({"recovery": {"tests": []}}, "at least 1 item"),
        ({"recovery": {"tests": ["probe", "probe"]}}, "appears twice"),
        ({"recovery": {"relearn_learning_rates": [1e-3]}}, "is the learning rate already"),
        ({"recovery": {"relearn_learning_rates": [2]}}, "less than or equal to 1"),
        ({"data": {"use": "digits", "plant": PLANT}}, "with 'source', not 'use'"),
        ({"data": {"source": "digits", "plant": [*PLANT, PLANT[2]]}}, "of each kind one"),
        ({"data": {"source": "digits", "plant": [{"kind": "virus"}]}}, "'virus'"),
        (
            {"data": {"source": "digits", "plant": [{**PLANT[0], "classes": [1, 1]}]}},
            "two different classes",
        ),
    ],
)
def test_wrong_settings_are_one_sentence(
    tiny_plan: dict[str, Any], change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        plan_from(tiny_plan | change)


def test_every_test_is_described_and_every_metric_explained() -> None:
    assert list(RECOVERY_TESTS) == ALL_TESTS
    choice = RecoveryChoice()
    for test in RECOVERY_TESTS.values():
        assert test.title
        assert test.sentence.endswith(".")
        assert test.cost(choice)
        assert isinstance(test.passes(choice), Passes)
        for metric in test.metrics:
            assert recovery_test_of(metric) is test
    for kind, removal in REMOVAL_TESTS.items():
        assert kind == removal.kind
        for metric in removal.metrics:
            assert removal_test_of(metric) is removal
    for one in (*RECOVERY_TESTS.values(), *REMOVAL_TESTS.values()):
        for metric in one.metrics:
            if CATALOGUE[metric].direction is not Direction.INFORMATIVE:
                assert measured_splits(metric)
    assert recovery_test_of("accuracy") is removal_test_of("accuracy") is None


def test_costs_grow_with_what_is_asked() -> None:
    relearn = RECOVERY_TESTS["relearn"]
    one = RecoveryChoice(relearn_cap=10, relearn_seeds=(0,))
    three = one.model_copy(update={"relearn_learning_rates": (0.01, 0.1)})
    assert relearn.passes(one) == Passes(forget=41)
    assert relearn.passes(three) == Passes(forget=3 * 41)
    tuned = RecoveryChoice(retain_seeds=(0, 1), retain_epochs=4)
    assert RECOVERY_TESTS["retain-tuning"].passes(tuned) == Passes(forget=2, retain=24)
    assert RECOVERY_TESTS["quantisation"].passes(one) == Passes(forget=2, test=2)
    assert RECOVERY_TESTS["probe"].passes(one) == Passes()
    assert RECOVERY_TESTS["connectivity"].passes(one) == Passes(forget=11, retain=22)
    assert RECOVERY_TESTS["noise"].passes(one) == Passes(forget=6, test=6)
    inverted = RecoveryChoice(inversion_restarts=2, inversion_steps=10)
    assert RECOVERY_TESTS["inversion"].passes(inverted) == Passes(rows=3 * 5 * 2 * 10)
    assert removal_passes(LabelSwap(classes=(0, 1))) == Passes()
    assert removal_passes(Backdoor(target=0)) == Passes(test=1)
    assert removal_passes(Canaries(references=2000)) == Passes(rows=2000)


def test_costs_are_said_before_a_plan_runs(tiny_plan: dict[str, Any]) -> None:
    assert costs_in_words(Plan.model_validate(tiny_plan)) == [
        "Relearning: 3 trainings on the forget rows of at most 3 steps.",
        "Tuning on retain rows: 1 training on the retain rows of 1 epoch.",
    ]
    tiny_plan |= {
        "recovery": {"tests": ALL_TESTS},
        "data": {"source": "digits", "plant": PLANT},
    }
    lines = costs_in_words(Plan.model_validate(tiny_plan))
    assert len(lines) == len(ALL_TESTS) + len(PLANT)
    assert all(line.endswith(".") for line in lines)
    assert costs_in_words(Plan.model_validate(tiny_plan | {"recovery": False}))[0] == (
        "Interclass confusion: arithmetic on stored outputs, no pass."
    )


MEASURED = [
    ("relearn_steps", "forget", ""),
    ("relearn_steps", "forget", "lr:0.01"),
    ("relearn_transfer_accuracy", "forget", ""),
    ("recovered_accuracy", "forget", ""),
    ("quantised_accuracy", "forget", "int8"),
    ("quantised_accuracy", "test", "int4"),
    ("pruned_accuracy", "forget", "20 %"),
    ("pruned_accuracy", "test", "50 %"),
    ("prototype_accuracy", "forget", ""),
    ("probe_auc", "forget", ""),
    ("noisy_accuracy", "test", "sigma 0.05"),
    ("noisy_accuracy", "forget", "sigma 0.1"),
    ("inversion_gain", "forget", ""),
    ("interclass_error", "test", ""),
    ("interclass_memory", "train", ""),
    ("backdoor_success", "test", ""),
    ("canary_exposure", "train", ""),
]


@pytest.mark.parametrize("named", MEASURED)
def test_criteria_may_name_what_is_tested(
    tiny_plan: dict[str, Any], registry: Registry, named: tuple[str, str, str]
) -> None:
    everything = {
        "recovery": {"tests": ALL_TESTS, "relearn_learning_rates": [0.01]},
        "data": {**tiny_plan["data"], "plant": PLANT},
        "criteria": [criterion(*named)],
    }
    check_against(Plan.model_validate(tiny_plan | everything), registry)
    nothing = {"criteria": [criterion(*named)], "recovery": {"tests": ["relearn"]}}
    if named != ("relearn_steps", "forget", ""):
        with pytest.raises(UsageError, match="Criterion 'tested'") as fault:
            check_against(Plan.model_validate(tiny_plan | nothing), registry)
        assert fault.value.remedy


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        (("quantised_accuracy", "forget", ""), "to name a precision, got ''"),
        (("quantised_accuracy", "retain", "int8"), "not measured on retain"),
        (("pruned_accuracy", "test", "30 %"), "to name a share"),
        (("relearn_steps", "forget", "lr:0.5"), "to name a learning rate"),
        (("probe_auc", "forget", "int8"), "has no groups"),
        (("noisy_accuracy", "test", "sigma 0.2"), "to name a noise level"),
        (("noisy_accuracy", "retain", "sigma 0.1"), "not measured on retain"),
        (("loss_barrier", "retain", ""), "which only informs"),
        (("canary_exposure", "test", ""), "not measured on test"),
    ],
)
def test_criteria_on_what_is_not_measured_are_refused(
    tiny_plan: dict[str, Any], registry: Registry, named: tuple[str, str, str], sentence: str
) -> None:
    everything = {
        "recovery": {"tests": ALL_TESTS},
        "data": {**tiny_plan["data"], "plant": PLANT},
        "criteria": [criterion(*named)],
    }
    with pytest.raises(UsageError, match=sentence):
        check_against(Plan.model_validate(tiny_plan | everything), registry)


def test_what_a_group_names_is_known() -> None:
    assert group_kind("quantised_accuracy") == "precision"
    assert group_kind("relearn_steps") == "learning rate"
    assert group_kind("probe_auc") == ""


def test_a_dataset_of_the_project_is_asked_what_was_planted_in_it(
    tiny_plan: dict[str, Any], registry: Registry, tmp_path: Path, unplanted: Dataset
) -> None:
    tiny_plan |= {
        "data": {"use": "plain"},
        "criteria": [criterion("backdoor_success", "test")],
    }
    plan = Plan.model_validate(tiny_plan)
    check_against(plan, registry)  # only the project can tell
    with Project.create(tmp_path / "p.audit", "P") as project:
        with project.transaction("filled") as tx:
            save_dataset(tx, unplanted, {"plugin": "digits", "params": {}})
        with pytest.raises(UsageError, match="needs rows planted in the data"):
            check_names(plan, project)
    with Project.create(tmp_path / "q.audit", "Q") as project:
        with project.transaction("filled") as tx:
            save_dataset(tx, unplanted, {"plugin": "digits", "planted": [PLANT[1]]})
        check_names(plan, project)
