"""Explainers on trial: whether the maps of one say anything about what a model has learned."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.audit.stored_plan import StoredForgetSet, StoredPlan
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import RunRole
from workbench.metrics.faithfulness import LARGEST_RANDOMISED_SIMILARITY

TRIAL = (
    "randomisation_similarity",
    "deletion_auc",
    "insertion_auc",
    "infidelity",
    "completeness_gap",
)
"""What is measured of every explainer, on the original model only."""


def failed_trial(explainer: str, metrics: Iterable[MetricValue]) -> str:
    """Why maps of `explainer` are no evidence, given the original's metrics; else empty.

    It fails if its maps stay alike when the model's weights are random. Nothing is said of an
    explainer that was not, or could not be, tried.
    """
    for one in metrics:
        is_asked = one.name == "randomisation_similarity" and one.group_key == explainer
        if is_asked and one.value is not None and one.value > LARGEST_RANDOMISED_SIMILARITY:
            return (
                f"{explainer} fails its trial: with random weights its maps keep a rank "
                f"correlation of {one.value:.2f} with those of the original, above "
                f"{LARGEST_RANDOMISED_SIMILARITY:g}, so they show little of what a model has "
                "learned and a change of them is no evidence."
            )
    return ""


def failed_trials(stored: StoredPlan, forget_set: StoredForgetSet) -> dict[str, str]:
    """Why, by explainer, for those of the plan that fail on a forget set."""
    if not stored.plan.attributions:
        return {}
    runs = stored.finished_runs(forget_set)
    original = next((run for run in runs if run.role is RunRole.ORIGINAL), None)
    metrics = stored.metrics(original.id) if original else []
    found = {one: failed_trial(one, metrics) for one in stored.plan.attributions}
    return {explainer: why for explainer, why in found.items() if why}
