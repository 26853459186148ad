"""The draft that a new plan begins with: everything filled in, cautiously."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.audit.draft import Content
from workbench.gui.pages.plan.contents import DatasetFacts, ModelFacts, PlanContents

BAND_SEEDS = tuple(range(1, 9))
CONTROL_SEEDS = tuple(range(11, 15))
_ATTACK = "loss"

Criterion = dict[str, Any]


def missing_for_draft(contents: PlanContents) -> tuple[str, ...]:
    """What must be in the project before a plan can be begun."""
    there = {
        "a dataset": contents.datasets,
        "a model": contents.models,
        "a forget set": contents.forget_sets,
    }
    return tuple(what for what, found in there.items() if not found)


def first_draft(contents: PlanContents) -> Content:
    """A draft on the newest data, model and forget set that belong together.

    It lacks methods only, which are for the user to choose. Call it when nothing is missing.
    """
    dataset, model = _pair(contents)
    saved = next((one for one in contents.forget_sets if one.dataset_id == dataset.id), None)
    return {
        "version": 1,
        "name": _free_name(contents),
        "notes": "",
        "data": {"use": dataset.name},
        "model": {"use": model.name},
        "recipe": dict(model.recipe or {}),
        "forget_sets": [{"name": saved.name, "use": saved.name}] if saved else [],
        "methods": [],
        "reference": {"band_seeds": list(BAND_SEEDS), "control_seeds": list(CONTROL_SEEDS)},
        "attacks": [_ATTACK],
        "attributions": [],
        "criteria": standard_criteria((_ATTACK,), has_recovery=True),
    }


def standard_criteria(attacks: Sequence[str], *, has_recovery: bool) -> list[Criterion]:
    """What equivalence to retraining is usually judged on, with margins to be thought about."""
    found = [
        _accuracy("forget", 0.10),
        _accuracy("retain", 0.05),
        _accuracy("test", 0.06),
    ]
    if attacks:
        found.append(
            {
                "name": "membership attack",
                "metric": "membership_auc",
                "split": "forget",
                "group": attacks[0],
                "margin": 0.06,
            }
        )
    if has_recovery:
        found += [
            {
                "name": "steps to relearn",
                "metric": "relearn_steps",
                "split": "forget",
                "scale": "ratio",
                "margin": 2.0,
            },
            {
                "name": "recovery from retain rows",
                "metric": "recovered_accuracy",
                "split": "forget",
                "margin": 0.10,
            },
        ]
    return found


def added(criteria: Sequence[Mapping[str, Any]], more: Sequence[Criterion]) -> list[Any]:
    """The criteria and those of `more` whose names are not among them."""
    names = {one.get("name") for one in criteria}
    return [*criteria, *(one for one in more if one["name"] not in names)]


def free_label(base: str, taken: Sequence[str]) -> str:
    """`base`, or `base 2` and so on if it is taken."""
    number, label = 1, base
    while label in taken:
        number += 1
        label = f"{base} {number}"
    return label


def _accuracy(split: str, margin: float) -> Criterion:
    return {
        "name": f"{split} accuracy",
        "metric": "accuracy",
        "split": split,
        "margin": margin,
    }


def _pair(contents: PlanContents) -> tuple[DatasetFacts, ModelFacts]:
    """The newest model with its dataset, else the newest of each."""
    for model in contents.models:
        for dataset in contents.datasets:
            if model.dataset_id == dataset.id:
                return dataset, model
    return contents.datasets[0], contents.models[0]


def _free_name(contents: PlanContents) -> str:
    return free_label("Audit", [one.name for one in contents.locked])
