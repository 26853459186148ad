"""Metrics in words: their titles, what a number is about, their families, and which way is good."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from workbench.audit.criterion_check import group_kind
from workbench.core.vocabulary import Direction, Split, Unit
from workbench.metrics.catalogue import CATALOGUE, FAMILIES

Item = TypeVar("Item")

SPLIT_NAMES = {
    "train": "training",
    "forget": "forget",
    "retain": "retain",
    "test": "test",
    "non_member": "non-member",
}
DIRECTIONS = {
    Direction.HIGHER: "higher is better",
    Direction.LOWER: "lower is better",
    Direction.REFERENCE: "the closer to retrained models, the better",
    Direction.INFORMATIVE: "it informs, and decides nothing",
}
BY_CLASS = "class_accuracy"
ORIGINAL, RETRAINED = "original", "retrained"  # whom a model was held against, as a group
_OTHER = "Other"
_SPLITS = (None, Split.FORGET, Split.RETAIN, Split.TEST, Split.TRAIN, Split.NON_MEMBER)
_PLACES = {name: place for place, name in enumerate(CATALOGUE)}
_FAMILY = {card.name: family.title for family in FAMILIES for card in family.cards}
_COMPARED = {ORIGINAL: "with the original", RETRAINED: "with retrained models"}
_OF_ATTACKS = ("privacy_leak",)  # beside those that can decide


def metric_title(name: str) -> str:
    card = CATALOGUE.get(name)
    return card.title if card else name


def metric_unit(name: str) -> str:
    card = CATALOGUE.get(name)
    return str(card.unit) if card else str(Unit.SCORE)


def about(metric: str, split: str | None, group: str, class_names: Sequence[str] = ()) -> str:
    """`forget rows, attack loss`: what a number is about, beside the title of its metric."""
    rows = f"{SPLIT_NAMES[split]} rows" if split else ""
    return ", ".join(filter(None, [rows, group_in_words(metric, group, class_names)]))


def group_in_words(metric: str, group: str, class_names: Sequence[str] = ()) -> str:
    """The group of a metric as a reader calls it: `class dog`, `site is north`, `by site`."""
    start, _, rest = group.partition(":")
    match group_kind(metric):
        case "attack" if group:
            return f"attack {group}"
        case "class" if start == "class" and rest.isdecimal():
            known = int(rest) < len(class_names)
            return f"class {class_names[int(rest)] if known else rest}"
        case "column" if group:
            return f"by {group}"
        case "group":
            return group.replace("=", " is ", 1)
        case "learning rate" if start == "lr":
            return f"learning rate {rest}"
        case "share" if group:
            return f"{group} removed"
    if metric in _OF_ATTACKS and group:
        return f"attack {group}"
    if metric == "representation_alignment":
        return _COMPARED.get(group, group)
    return group


def metric_in_words(
    metric: str, split: str | None, group: str, class_names: Sequence[str] = ()
) -> str:
    """`Accuracy, forget rows`: the title of a metric and what it is about."""
    return ", ".join(filter(None, [metric_title(metric), about(metric, split, group, class_names)]))


def reading_place(metric: str, split: Split | None) -> tuple[int, int]:
    """What to sort numbers by: as in the catalogue, forget rows first; unknown metrics last."""
    return _PLACES.get(metric, len(_PLACES)), _SPLITS.index(split)


def by_family(
    items: Iterable[Item], metric_of: Callable[[Item], str]
) -> list[tuple[str, list[Item]]]:
    """The items below the title of their family, in the order of the families, none empty."""
    found: dict[str, list[Item]] = {title: [] for title in (*_titles(), _OTHER)}
    for item in items:
        found[_FAMILY.get(metric_of(item), _OTHER)].append(item)
    return [(title, own) for title, own in found.items() if own]


def _titles() -> list[str]:
    return [family.title for family in FAMILIES]
