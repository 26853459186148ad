"""Scores that fold several numbers into one, as papers print them; they inform and never decide.

A mean hides a bad member, and each fold has a habit of its own: these stand beside the numbers
they are made of, and beside the same score of the retrained models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from workbench.audit.measured import measured
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import MetricStatus, Split
from workbench.metrics import Undefined
from workbench.metrics.accuracy import (
    adaptive_unlearning_score,
    average_gap,
    indiscernibility,
    nomus,
    privacy_leak,
    tug_of_war,
)

FORGET, RETAIN, TEST, NON_MEMBER = "forget", "retain", "test", "non_member"
AUC = "auc"
COMPOSITES = (
    "average_gap",
    "tug_of_war",
    "adaptive_unlearning_score",
    "normalised_machine_unlearning_score",
    "indiscernibility",
    "privacy_leak",
)
_SPLITS = {
    FORGET: Split.FORGET,
    RETAIN: Split.RETAIN,
    TEST: Split.TEST,
    NON_MEMBER: Split.NON_MEMBER,
}
Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Members:
    """What the scores are made of: of one model, of the original, and of retrained models."""

    own: Sequence[MetricValue]
    original: Sequence[MetricValue] | None
    band: Sequence[Sequence[MetricValue]]
    attack: str


def composite_metrics(members: Members, *, reference: str) -> Iterator[MetricValue]:
    """Every composite of one model; the means over `band` are what it is held against."""
    gap_group = f"accuracy on forget, retain and test rows, AUC of {members.attack}"
    scores: dict[str, tuple[Callable[[Members], float], str, str]] = {
        "average_gap": (_average_gap, gap_group, reference),
        "tug_of_war": (_tug_of_war, "", reference),
        "adaptive_unlearning_score": (_adaptive, "", "original"),
        "normalised_machine_unlearning_score": (_nomus, "correctness attack", ""),
        "indiscernibility": (_indiscernibility, "correctness attack", ""),
        "privacy_leak": (_privacy_leak, members.attack, reference),
    }
    for name, (score, group, against) in scores.items():
        compute = partial(_measure, score, members)
        yield measured(name, None, compute, group_key=group, reference=against)


def _measure(score: Callable[[Members], float], members: Members) -> tuple[float, None, int]:
    return score(members), None, 0


def _average_gap(members: Members) -> float:
    names = (FORGET, RETAIN, TEST, AUC)
    return average_gap(_own(members, names), _band(members, names))


def _tug_of_war(members: Members) -> float:
    names = (FORGET, RETAIN, TEST)
    return tug_of_war(_own(members, names), _band(members, names))


def _adaptive(members: Members) -> float:
    if members.original is None:
        raise Undefined("The original model was not measured.")
    own = _own(members, (FORGET, TEST))
    before = _numbers(members.original, (TEST,), members.attack)[TEST]
    return adaptive_unlearning_score(before, own[TEST], own[FORGET])


def _nomus(members: Members) -> float:
    return nomus(_own(members, (TEST,))[TEST], _correctness_attack(members))


def _indiscernibility(members: Members) -> float:
    return indiscernibility(_correctness_attack(members))


def _privacy_leak(members: Members) -> float:
    own, band = _own(members, (AUC,)), _band(members, (AUC,))
    return privacy_leak(own[AUC], band[AUC])


def _correctness_attack(members: Members) -> float:
    """Balanced accuracy of calling a row a member if it is answered right (Yeom et al. 2018)."""
    own = _own(members, (FORGET, NON_MEMBER))
    return 0.5 + (own[FORGET] - own[NON_MEMBER]) / 2


def _own(members: Members, names: Sequence[str]) -> Numbers:
    return _numbers(members.own, names, members.attack)


def _band(members: Members, names: Sequence[str]) -> Numbers:
    """The mean over the retrained models."""
    if not members.band:
        raise Undefined("There is no other retrained model to compare with.")
    found = [_numbers(one, names, members.attack) for one in members.band]
    return {name: sum(one[name] for one in found) / len(found) for name in names}


def _numbers(metrics: Sequence[MetricValue], names: Sequence[str], attack: str) -> Numbers:
    return {name: _number(metrics, name, attack) for name in names}


def _number(metrics: Sequence[MetricValue], name: str, attack: str) -> float:
    metric, split, group = ("accuracy", _SPLITS.get(name), "")
    if name == AUC:
        metric, split, group = "membership_auc", Split.FORGET, attack
    for one in metrics:
        if (one.name, one.split, one.group_key) != (metric, split, group):
            continue
        if one.status is not MetricStatus.OK or one.value is None:
            raise Undefined(one.reason)
        return one.value
    raise Undefined(f"{metric} was not measured on {split or 'any'} rows.")
