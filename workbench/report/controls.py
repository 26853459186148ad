"""The controls of an audit as questions with an answer: could it have seen a failure?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.audit.controls import NEGATIVE, ORIGINAL, POSITIVE, STRAW_MAN
from workbench.audit.verdict import worst
from workbench.core.vocabulary import Outcome
from workbench.report.criteria import decisive
from workbench.report.document import Control, CriterionPart
from workbench.report.wording import listed

ANSWERS = {
    Outcome.PASS: "YES",
    Outcome.FAIL: "NO",
    Outcome.INCONCLUSIVE: "NOT SETTLED",
    Outcome.INVALID: "NO",
}
_QUESTIONS = {
    POSITIVE: "Does the {label} attack see the original model, which has forgotten nothing?",
    NEGATIVE: "Would a model that was truly retrained pass?",
    ORIGINAL: "Is the original model, offered as if it were unlearned, kept from passing?",
    STRAW_MAN: "Are methods that are known to be wrong caught?",
}


@dataclass(frozen=True, slots=True)
class Question:
    """PASS answers `question` with yes, INVALID with no."""

    question: str
    outcome: Outcome
    found: str


def questions(controls: Sequence[Control], criteria: Sequence[CriterionPart]) -> list[Question]:
    """One question per kind of control, straw men gathered into one."""
    asked = [_question(one, criteria) for one in controls if one.name != STRAW_MAN]
    straw_men = [one for one in controls if one.name == STRAW_MAN]
    if straw_men:
        outcome = worst(one.outcome for one in straw_men)
        asked.append(Question(_QUESTIONS[STRAW_MAN], outcome, _straw_men(straw_men)))
    return asked


def in_one_line(controls: Sequence[Control]) -> str:
    """For the card of a forget set."""
    if not controls:
        return "Its controls were not judged."
    broken = sum(control.outcome is not Outcome.PASS for control in controls)
    if not broken:
        return "All controls behaved as they must."
    return f"{broken} of {len(controls)} controls did not behave as they must."


def _question(control: Control, criteria: Sequence[CriterionPart]) -> Question:
    found = [control.reason]
    if control.name == NEGATIVE and control.outcome is not Outcome.PASS:
        found += decisive(control.criteria, criteria)
    asked = _QUESTIONS[control.name].format(label=control.label)
    return Question(asked, control.outcome, " ".join(found))


def _straw_men(straw_men: Sequence[Control]) -> str:
    failed = [one.label for one in straw_men if one.outcome is Outcome.PASS]
    others = [one.reason for one in straw_men if one.outcome is not Outcome.PASS]
    if not others:
        return f"All {len(failed)} fail, as they must: {listed(failed)}."
    caught = f"{listed(failed)} fail, as they must. " if failed else ""
    return caught + " ".join(others)
