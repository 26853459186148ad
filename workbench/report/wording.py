"""The report's sentences: forget sets, verdicts and controls in plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.audit.metric_words import SPLIT_NAMES
from workbench.core.dataset import SPLITS
from workbench.core.rule_words import in_words
from workbench.core.selection import RULE
from workbench.core.vocabulary import Outcome, RunRole, Split
from workbench.report.display import count, settings
from workbench.report.document import Candidate, ForgetSetPart

_CLASSES_SHOWN = 12
ROLE_NAMES = {
    RunRole.ORIGINAL: "original",
    RunRole.REFERENCE: "retrained",
    RunRole.CONTROL: "retrained, held out",
    RunRole.CANDIDATE: "candidate",
    RunRole.STRAW_MAN: "straw man",
}
OUTCOME_MEANINGS = {
    Outcome.PASS: "every required interval lies inside its margin",
    Outcome.FAIL: "at least one required criterion is broken",
    Outcome.INCONCLUSIVE: "the evidence is too thin to decide",
    Outcome.INVALID: "the audit itself cannot be relied on",
}


def describe_forget_set(definition: Mapping[str, Any]) -> str:
    """How the rows of a forget set were chosen, and what attacks compare them with."""
    chosen = f"Training rows {_chosen(definition)}."
    if where := definition.get("non_members"):
        return f"{chosen} Attacks compare them with non-member rows where {where}."
    return chosen


def _chosen(definition: Mapping[str, Any]) -> str:
    if rule := definition.get("rule"):
        return f"where {in_words(RULE.validate_python(rule))}"
    if where := definition.get("where"):
        return f"where {where}"
    if selector := definition.get("selector"):
        params = definition.get("params") or {}
        told = f" with {settings(params)}" if params else ""
        return f"proposed by the selector {selector}{told}"
    if "rows" in definition:
        return "listed one by one"
    return "whose choice the project does not explain"


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


def summary(forget_sets: Sequence[ForgetSetPart]) -> str:
    """One paragraph: how many candidates came to what, and which ones pass."""
    judged = [
        (part.name, one.label, one.verdict.outcome if one.verdict else None)
        for part in forget_sets
        for one in part.candidates
        if one.role is RunRole.CANDIDATE
    ]
    if not judged:
        return "No candidate was audited."
    n_methods = len({label for _, label, _ in judged})
    opening = (
        f"{count(n_methods, 'candidate').capitalize()} {'was' if n_methods == 1 else 'were'} "
        f"audited on {count(len(forget_sets), 'forget set')}. "
        f"Of {count(len(judged), 'result')}, {tally(outcome for *_, outcome in judged)}."
    )
    passing = [f"{label} on {name}" for name, label, outcome in judged if outcome is Outcome.PASS]
    if passing:
        return f"{opening} Every required criterion is met by {listed(passing)}."
    return f"{opening} No candidate meets every required criterion."


def tally_line(candidates: Sequence[Candidate]) -> str:
    """How the candidates of one forget set did, for its card."""
    if not candidates:
        return "No candidate was audited."
    outcomes = [one.verdict.outcome if one.verdict else None for one in candidates]
    return f"Of {count(len(candidates), 'candidate')}, {tally(outcomes)}."


def rows_in_words(rows: Mapping[Split, int]) -> str:
    """`1 000 training, 200 test and 300 non-member`."""
    return listed(
        [f"{count(rows[split], SPLIT_NAMES[split], SPLIT_NAMES[split])}" for split in SPLITS]
    )


def classes_in_words(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_CLASSES_SHOWN])
    more = len(names) - _CLASSES_SHOWN
    return f"{len(names)}: {shown}" + (f" and {more} more" if more > 0 else "")


def _counted(amount: int, one: str, more: str) -> str:
    return f"{amount} {one if amount == 1 else more}" if amount else ""
