"""Whether the runs of a plan will measure what a criterion is about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from workbench.audit.plan import Criterion, Plan
from workbench.audit.recovery_tests import (
    NOISE_LEVELS,
    PRECISIONS,
    PRUNED_SHARES,
    learning_rate_group,
    recovery_test_of,
    removal_test_of,
)
from workbench.core.errors import UsageError
from workbench.core.validation import did_you_mean
from workbench.core.vocabulary import Direction, Split, Unit
from workbench.metrics.catalogue import CATALOGUE

GROUP_EXAMPLES = {"class": "class:3", "column": "site", "group": "site=north"}
"""How a group of each kind that only the data know is written."""
_ALL = (Split.TRAIN, Split.FORGET, Split.RETAIN, Split.TEST, Split.NON_MEMBER)


@dataclass(frozen=True, slots=True)
class _Measured:
    """The splits on which a metric exists, and what its group names.

    That is "", attack, class, column (of the metadata) or group (a value of a column).
    """

    splits: tuple[Split | None, ...]
    group: str = ""


_MEASURED: Mapping[str, _Measured] = {
    "accuracy": _Measured(_ALL),
    "mean_loss": _Measured(_ALL),
    "median_loss": _Measured(_ALL),
    "class_accuracy": _Measured((Split.TEST, Split.FORGET), "class"),
    "balanced_accuracy": _Measured((Split.TEST,)),
    "macro_f1": _Measured((Split.TEST,)),
    "brier_score": _Measured((Split.TEST,)),
    "group_accuracy": _Measured((Split.TEST,), "group"),
    "worst_group_accuracy": _Measured((Split.TEST,), "column"),
    "demographic_parity_difference": _Measured((Split.TEST,), "column"),
    "equal_opportunity_difference": _Measured((Split.TEST,), "column"),
    "equalised_odds_difference": _Measured((Split.TEST,), "column"),
    "calibration_error": _Measured((Split.TEST, Split.FORGET, Split.RETAIN)),
    "membership_auc": _Measured((Split.FORGET,), "attack"),
    "membership_tpr_at_fpr_0.1": _Measured((Split.FORGET,), "attack"),
    "membership_tpr_at_fpr_0.01": _Measured((Split.FORGET,), "attack"),
    "membership_tpr_at_fpr_0.001": _Measured((Split.FORGET,), "attack"),
    "relearn_steps": _Measured((Split.FORGET,), "learning rate"),
    "relearn_transfer_accuracy": _Measured((Split.FORGET,)),
    "recovered_accuracy": _Measured((Split.FORGET,)),
    "quantised_accuracy": _Measured((Split.FORGET, Split.TEST), "precision"),
    "pruned_accuracy": _Measured((Split.FORGET, Split.TEST), "share"),
    "prototype_accuracy": _Measured((Split.FORGET,)),
    "probe_auc": _Measured((Split.FORGET,)),
    "noisy_accuracy": _Measured((Split.FORGET, Split.TEST), "noise level"),
    "inversion_gain": _Measured((Split.FORGET,)),
    "interclass_error": _Measured((Split.TEST,)),
    "interclass_memory": _Measured((Split.TRAIN,)),
    "backdoor_success": _Measured((Split.TEST,)),
    "canary_exposure": _Measured((Split.TRAIN,)),
    "js_divergence": _Measured((Split.FORGET, Split.TEST)),
    "prediction_agreement": _Measured((Split.FORGET, Split.TEST)),
    "activation_distance": _Measured((Split.FORGET, Split.TEST)),
    "zero_retrain_forgetting": _Measured((Split.FORGET,)),
    "confusion_shift": _Measured((Split.FORGET, Split.TEST)),
    "loss_ks_distance": _Measured((Split.FORGET, Split.TEST)),
    "loss_wasserstein": _Measured((Split.FORGET, Split.TEST)),
    "churn": _Measured((Split.FORGET, Split.RETAIN, Split.TEST)),
    "negative_flips": _Measured((Split.FORGET, Split.RETAIN, Split.TEST)),
    "positive_flips": _Measured((Split.FORGET, Split.RETAIN, Split.TEST)),
    "largest_group_drop": _Measured((Split.TEST,), "column"),
    "unlearning_seconds": _Measured((None,)),
    "peak_memory": _Measured((None,)),
}


def measured_splits(metric: str) -> tuple[Split | None, ...]:
    """The splits on which a metric that can decide is measured; None for the model as a whole."""
    return _MEASURED[metric].splits


def group_kind(metric: str) -> str:
    """What the group of a criterion on this metric names, or nothing, ""; see `_Measured`."""
    return _MEASURED[metric].group if metric in _MEASURED else ""


def group_choices(
    kind: str, attacks: Sequence[str], further_rates: Sequence[float]
) -> tuple[str, ...]:
    """What groups of a kind may be, where a plan says it; empty where only the data do.

    "" stands for the learning rate that every plan has.
    """
    match kind:
        case "attack":
            return tuple(attacks)
        case "precision":
            return tuple(PRECISIONS)
        case "share":
            return tuple(PRUNED_SHARES)
        case "noise level":
            return tuple(NOISE_LEVELS)
        case "learning rate":
            return ("", *(learning_rate_group(rate) for rate in further_rates))
    return ()


def check_criterion(criterion: Criterion, plan: Plan) -> None:
    """UsageError if the runs of the plan will not measure what the criterion is about."""
    who, metric = f"Criterion {criterion.name!r}", criterion.metric
    if metric not in CATALOGUE:
        raise UsageError(
            f"{who} names no known metric: {metric!r}{did_you_mean(metric, CATALOGUE)}",
            remedy="See 'workbench metrics list'.",
        )
    card = CATALOGUE[metric]
    if card.direction is Direction.INFORMATIVE:
        raise UsageError(
            f"{who} uses {metric!r}, which only informs and can decide nothing.",
            remedy="Choose a metric with a direction; see 'workbench metrics show'.",
        )
    measured = _MEASURED[metric]
    if criterion.split not in measured.splits:
        splits = " or ".join(f'split = "{split}"' for split in measured.splits if split)
        raise UsageError(
            f"{who}: {metric!r} is not measured on {criterion.split or 'no split'}.",
            remedy=f"Use {splits}." if splits else "Leave the split out.",
        )
    _check_group(criterion, plan, measured.group)
    _check_is_tested(criterion, plan)
    size = criterion.limit if criterion.margin is None else criterion.margin
    if card.unit is Unit.FRACTION and criterion.scale == "difference" and (size or 0) >= 1:
        raise UsageError(f"{who}: {size:g} is no fraction below 1.", remedy="Write 2 % as 0.02.")


def _check_is_tested(criterion: Criterion, plan: Plan) -> None:
    """Whether the plan runs the recovery test, or plants the rows, that a criterion is about.

    What was planted in a dataset of the project is asked when its names are.
    """
    who = f"Criterion {criterion.name!r}"
    recovery = recovery_test_of(criterion.metric)
    if recovery is not None and plan.recovery is None:
        raise UsageError(
            f"{who} needs the recovery tests, which the plan leaves out.",
            remedy="Add a [recovery] table.",
        )
    if recovery is not None and plan.recovery and recovery.id not in plan.recovery.tests:
        raise UsageError(
            f"{who} needs the recovery test {recovery.id!r}, which the plan leaves out.",
            remedy="Add it to 'tests' under [recovery].",
        )
    if plan.data.source:
        check_is_planted(criterion, [planting.kind for planting in plan.data.plant])


def check_is_planted(criterion: Criterion, kinds: Collection[str]) -> None:
    """UsageError if a criterion is about planted rows of a kind that was not planted."""
    removal = removal_test_of(criterion.metric)
    if removal is not None and removal.kind not in kinds:
        raise UsageError(
            f"Criterion {criterion.name!r} needs rows planted in the data (kind "
            f"{removal.kind!r}), and there are none.",
            remedy="Import the data from a source, with such a planting in [[data.plant]].",
        )


def _check_group(criterion: Criterion, plan: Plan, group: str) -> None:
    who, metric = f"Criterion {criterion.name!r}", criterion.metric
    if group == "class":
        if not criterion.group.removeprefix("class:").isdecimal():
            raise UsageError(
                f"{who}: {metric!r} needs 'group' to name a class, got {criterion.group!r}.",
                remedy=_example(group),
            )
        return
    if group == "column":
        if not criterion.group:
            raise UsageError(
                f"{who}: {metric!r} needs 'group' to name a column of the data.",
                remedy=_example(group),
            )
        return
    if group == "group":
        if not all(criterion.group.partition("=")):
            raise UsageError(
                f"{who}: {metric!r} needs 'group' to name a column and a value of it, got "
                f"{criterion.group!r}.",
                remedy=_example(group),
            )
        return
    if not group:
        if criterion.group:
            raise UsageError(
                f"{who}: {metric!r} has no groups, got {criterion.group!r}.",
                remedy="Leave 'group' out.",
            )
        return
    rates = plan.recovery.relearn_learning_rates if plan.recovery else ()
    known = group_choices(group, plan.attacks, rates)
    if criterion.group not in known:
        named = "one of the plan's attacks" if group == "attack" else f"a {group}"
        raise UsageError(
            f"{who}: {metric!r} needs 'group' to name {named}, got {criterion.group!r}.",
            remedy=f"The plan has: {', '.join(filter(None, known)) or 'none'}.",
        )


def _example(group: str) -> str:
    return f'Write group = "{GROUP_EXAMPLES[group]}".'
