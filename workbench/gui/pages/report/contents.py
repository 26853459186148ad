"""What the Report page shows of one plan: the same report that is exported, in parts."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.audit.ladder import not_tested
from workbench.audit.plan import stored_plan
from workbench.core.vocabulary import Outcome, RunRole
from workbench.report import Report, collect
from workbench.report.controls import ANSWERS, in_one_line, questions
from workbench.report.criteria import CriterionBlock, criterion_blocks, verdict_reason
from workbench.report.document import Candidate, CriterionPart, ForgetSetPart
from workbench.report.wording import OUTCOME_MEANINGS, tally_line
from workbench.store import Project

NOT_JUDGED = "NOT JUDGED"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the verdict, with the lines it is made of. `word` is the outcome as written.

    `metric`: the id of the metric that a criterion is about.
    """

    name: str
    outcome: Outcome | None
    word: str
    why: str
    estimate: str = ""
    interval: str = ""
    demand: str = ""
    metric: str = ""
    parts: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a whole plan in words, and line by line for every forget set."""

    report: Report
    outcome: Outcome | None
    meaning: str
    summary: str
    claim: str
    limits: str
    forget_sets: tuple[Line, ...]


def read_verdict(project: Project, plan_id: int) -> Verdict:
    """Collect the report on a plan. ProjectError if it was not prepared, or is damaged."""
    report = collect(project, plan_id)
    outcome = report.overall.outcome if report.overall else None
    return Verdict(
        report=report,
        outcome=outcome,
        meaning=f"Over all forget sets: {OUTCOME_MEANINGS[outcome]}" if outcome else "",
        summary=report.summary if outcome else "There is no verdict yet: let all runs finish.",
        claim=_claim(report),
        limits=_limits(report),
        forget_sets=tuple(_forget_set(part, report.criteria) for part in report.forget_sets),
    )


def _claim(report: Report) -> str:
    if not report.rung:
        return ""
    return (
        f"Reference rung {report.rung}. The strongest statement that this evidence can support "
        f"about a method that passes: {report.claim}"
    )


def _limits(report: Report) -> str:
    untested = ", ".join(not_tested(stored_plan(report.plan.content).criteria))
    return f"{report.limits} Not tested: {untested}." if untested else report.limits


def _forget_set(part: ForgetSetPart, criteria: tuple[CriterionPart, ...]) -> Line:
    audited = [one for one in part.candidates if one.role is RunRole.CANDIDATE]
    straw_men = [one for one in part.candidates if one.role is RunRole.STRAW_MAN]
    outcome = part.verdict.outcome if part.verdict else None
    return Line(
        name=part.name,
        outcome=outcome,
        word=_word(outcome),
        why=f"{tally_line(audited)} {in_one_line(part.controls)} {part.in_words}",
        parts=(
            *(_candidate(one, criteria) for one in audited),
            _controls(part, criteria),
            *_straw_men(straw_men, criteria),
        ),
    )


def _candidate(candidate: Candidate, criteria: tuple[CriterionPart, ...]) -> Line:
    outcome = candidate.verdict.outcome if candidate.verdict else None
    blocks = criterion_blocks(criteria, [candidate])
    return Line(
        name=candidate.label,
        outcome=outcome,
        word=_word(outcome),
        why=verdict_reason(candidate, criteria),
        parts=tuple(
            Line(
                name=_title(block),
                outcome=row.outcome,
                word=_word(row.outcome),
                why=" ".join(filter(None, [row.reason, _importance(block.criterion)])),
                estimate=row.estimate,
                interval=row.interval,
                demand=block.demand,
                metric=block.criterion.metric,
            )
            for block in blocks
            for row in block.rows
        ),
    )


def _title(block: CriterionBlock) -> str:
    return f"{block.title} (exploratory)" if block.criterion.exploratory else block.title


def _importance(criterion: CriterionPart) -> str:
    if criterion.exploratory:
        return "Added after the plan was locked, so it decides nothing."
    return "" if criterion.primary else "Informative, so it decides nothing."


def _controls(part: ForgetSetPart, criteria: tuple[CriterionPart, ...]) -> Line:
    asked = tuple(
        Line(one.question, one.outcome, ANSWERS[one.outcome], one.found)
        for one in questions(part.controls, criteria)
    )
    return Line(
        name="Could this audit have seen a failure?",
        outcome=None,
        word="",
        why=in_one_line(part.controls),
        parts=asked,
    )


def _straw_men(straw_men: list[Candidate], criteria: tuple[CriterionPart, ...]) -> tuple[Line, ...]:
    if not straw_men:
        return ()
    return (
        Line(
            name="Straw men",
            outcome=None,
            word="",
            why="Methods that are known to be wrong. The audit has to fail every one.",
            parts=tuple(_candidate(one, criteria) for one in straw_men),
        ),
    )


def _word(outcome: Outcome | None) -> str:
    return str(outcome) if outcome else NOT_JUDGED
