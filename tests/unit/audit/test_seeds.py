from __future__ import annotations

from typing import Any

import pytest

from workbench.audit.plan import Plan
from workbench.audit.seeds import seed_axes, seeds_in_words
from workbench.core.hashing import hash_json


def test_the_three_kinds_of_seeds_are_kept_apart(tiny_plan: dict[str, Any]) -> None:
    tiny_plan["model"]["seed"] = 9
    tiny_plan["methods"][0]["seeds"] = [4, 5]
    tiny_plan["evaluation_seed"] = 77
    axes = seed_axes(Plan.model_validate(tiny_plan))
    assert (axes.original, axes.band, axes.control) == (9, (1, 2), (3,))
    assert axes.unlearning == {"fine-tune": (4, 5)}
    assert (axes.evaluation, axes.relearning, axes.tuning) == (77, (0, 1, 2), (0,))
    assert seeds_in_words(axes) == {
        "training": "original 9; band 1, 2; control 3",
        "unlearning": "fine-tune 4, 5",
        "evaluation": "resampling and explained rows 77; relearning 0, 1, 2; retain-only tuning 0",
    }


def test_a_model_from_elsewhere_has_no_training_seed(tiny_plan: dict[str, Any]) -> None:
    tiny_plan |= {"model": {"use": "original"}, "recovery": False, "reference": {}}
    words = seeds_in_words(seed_axes(Plan.model_validate(tiny_plan)))
    assert words["training"] == "original none: not trained here; band none; control none"
    assert "relearning" not in words["evaluation"]


def test_plans_locked_before_there_was_an_evaluation_seed_keep_their_hash(
    tiny_plan: dict[str, Any],
) -> None:
    plan = Plan.model_validate(tiny_plan)
    before = plan.model_dump(mode="json")
    del before["evaluation_seed"]
    assert plan.hash == hash_json(before)
    assert Plan.model_validate(before).hash == plan.hash
    assert Plan.model_validate({**before, "evaluation_seed": 0}).hash == plan.hash
    assert Plan.model_validate({**before, "evaluation_seed": 1}).hash != plan.hash


@pytest.mark.parametrize("seed", [-1, 2**31, 0.5, "x"])
def test_a_wrong_evaluation_seed_is_refused(tiny_plan: dict[str, Any], seed: object) -> None:
    with pytest.raises(ValueError, match="evaluation_seed"):
        Plan.model_validate({**tiny_plan, "evaluation_seed": seed})
