"""The report's sentences: forget sets, verdicts and controls in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.core.selection import RULE, AllOf, AnyOf, Compare, Not, OneOf, Rule
from workbench.core.vocabulary import Outcome, RunRole
from workbench.report.display import count, settings

RELATIONS = {
    "==": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
}
ROLE_NAMES = {
    RunRole.ORIGINAL: "original",
    RunRole.REFERENCE: "retrained",
    RunRole.CONTROL: "retrained, held out",
    RunRole.CANDIDATE: "candidate",
    RunRole.STRAW_MAN: "straw man",
}
SPLIT_NAMES = {
    "train": "training",
    "forget": "forget",
    "retain": "retain",
    "test": "test",
    "non_member": "non-member",
}
OUTCOME_MEANINGS = {
    Outcome.PASS: "every required interval lies inside its margin",
    Outcome.FAIL: "at least one required criterion is broken",
    Outcome.INCONCLUSIVE: "the evidence is too thin to decide",
    Outcome.INVALID: "the audit itself cannot be relied on",
}


def in_words(rule: Rule) -> str:
    """A selection rule as part of a sentence: "class is 3 and loss is above 2"."""
    match rule:
        case Compare(column=column, op=op, value=value):
            return f"{column} {RELATIONS[op]} {_value(value)}"
        case OneOf(column=column, values=values):
            return f"{column} is one of {', '.join(_value(value) for value in values)}"
        case AllOf(rules=rules):
            return " and ".join(_bracketed(part) for part in rules)
        case AnyOf(rules=rules):
            return " or ".join(_bracketed(part) for part in rules)
        case Not(rule=inner):
            return f"not ({in_words(inner)})"


def describe_forget_set(definition: Mapping[str, Any]) -> str:
    """How the rows of a forget set were chosen, as one sentence."""
    if rule := definition.get("rule"):
        return f"Training rows where {in_words(RULE.validate_python(rule))}."
    if where := definition.get("where"):
        return f"Training rows where {where}."
    if selector := definition.get("selector"):
        params = definition.get("params") or {}
        told = f" with {settings(params)}" if params else ""
        return f"Training rows proposed by the selector {selector}{told}."
    if "rows" in definition:
        return "Training rows listed one by one."
    return "Training rows; the project does not say how they were chosen."


def listed(items: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def tally(outcomes: Iterable[Outcome | None]) -> str:
    """`2 pass, 3 fail and 1 is inconclusive`, outcomes that did not occur left out."""
    counted = Counter(outcomes)
    parts = [
        _counted(counted[Outcome.PASS], "passes", "pass"),
        _counted(counted[Outcome.FAIL], "fails", "fail"),
        _counted(counted[Outcome.INCONCLUSIVE], "is inconclusive", "are inconclusive"),
        _counted(counted[Outcome.INVALID], "is invalid", "are invalid"),
        _counted(counted[None], "was not judged", "were not judged"),
    ]
    return listed([part for part in parts if part])


def summary(forget_sets: Mapping[str, Sequence[tuple[str, Outcome | None]]]) -> str:
    """One paragraph: how many candidates came to what, and which ones pass.

    `forget_sets` maps each name to the (label, outcome) of its candidates.
    """
    outcomes = [outcome for judged in forget_sets.values() for _, outcome in judged]
    labels = {label for judged in forget_sets.values() for label, _ in judged}
    if not outcomes:
        return "No candidate was audited."
    opening = (
        f"{count(len(labels), 'unlearning method').capitalize()} "
        f"{'was' if len(labels) == 1 else 'were'} audited on "
        f"{count(len(forget_sets), 'forget set')}: of {count(len(outcomes), 'result')}, "
        f"{tally(outcomes)}."
    )
    passing = [
        f"{label} on {name}"
        for name, judged in forget_sets.items()
        for label, outcome in judged
        if outcome is Outcome.PASS
    ]
    if passing:
        return f"{opening} All required criteria are met by {listed(passing)}."
    return f"{opening} No method meets all required criteria."


def headline(name: str, outcomes: Sequence[Outcome | None]) -> str:
    """One line for the card of a forget set."""
    if not outcomes:
        return f"No candidate was audited on {name}."
    return f"Of {count(len(outcomes), 'candidate')}, {tally(outcomes)}."


def _counted(amount: int, one: str, more: str) -> str:
    return f"{amount} {one if amount == 1 else more}" if amount else ""


def _value(value: Any) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{value}\N{RIGHT DOUBLE QUOTATION MARK}" if isinstance(
        value, str
    ) else str(value)


def _bracketed(rule: Rule) -> str:
    return f"({in_words(rule)})" if isinstance(rule, AllOf | AnyOf) else in_words(rule)
