"""Criteria added to a plan after it was locked: judged and shown as exploratory, never decisive."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import Field

from workbench.audit.criterion_check import check_criterion
from workbench.audit.evidence import judge_plan
from workbench.audit.plan import Criterion, Plan, checked, stored_plan
from workbench.core.errors import UsageError
from workbench.core.params import Params
from workbench.core.validation import did_you_mean
from workbench.store import Project


class Amendment(Params):
    """A file of criteria, written like those of a plan."""

    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]


def read_amendment(path: Path) -> tuple[Criterion, ...]:
    """Read a TOML file of [[criteria]]. UsageError names the first thing that is wrong with it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as fault:
        raise UsageError(f"There is no file {path.name!r}.", remedy="Check the path.") from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"The file {path.name!r} cannot be read as text.") from fault
    except tomllib.TOMLDecodeError as fault:
        raise UsageError(f"The file {path.name!r} is not valid TOML: {fault}.") from fault
    return checked(Amendment, content, f"The file {path.name!r}").criteria


def locked_plan(project: Project, name: str = "") -> tuple[int, Plan]:
    """The locked plan of this name, or the only one. UsageError if that names none or several."""
    rows = project.rows("SELECT id, name, content FROM plan WHERE locked IS NOT NULL ORDER BY id")
    if not rows:
        raise UsageError("The project has no locked plan.", remedy="Lock or run one first.")
    names = [row["name"] for row in rows]
    found = [row for row in rows if name in ("", row["name"])]
    if not found:
        raise UsageError(
            f"The project has no locked plan {name!r}{did_you_mean(name, names)}",
            remedy=f"It has: {', '.join(names)}.",
        )
    if len(found) > 1:
        raise UsageError(
            f"The project has {len(found)} locked plans"
            + (f" of the name {name!r}." if name else ", and none was named."),
            remedy=f"Name one: {', '.join(names)}." if not name else "Lock it under another name.",
        )
    return int(found[0]["id"]), stored_plan(found[0]["content"])


def judge_again(project: Project, plan_id: int) -> bool:
    """Judge a plan that was judged before, so that its amendments have verdicts; whether it was."""
    if project.row("SELECT 1 FROM verdict WHERE plan_id = ? LIMIT 1", plan_id) is None:
        return False
    judge_plan(project, plan_id)
    return True


def amend_plan(project: Project, plan_id: int, criteria: tuple[Criterion, ...]) -> None:
    """Add exploratory criteria to a locked plan, and say so in the evidence log.

    The plan and its hash stay what was locked; whoever judges it next judges these too. UsageError
    if one has the name of a criterion that is there, or asks for what the plan does not measure.
    """
    row = project.row("SELECT * FROM plan WHERE id = ? AND locked IS NOT NULL", plan_id)
    if row is None:
        raise UsageError(f"There is no locked plan {plan_id}.")
    plan = stored_plan(row["content"])
    with project.transaction(
        "plan.amended",
        subject=f"plan:{plan_id}",
        payload={"hash": plan.hash, "criteria": [one.model_dump(mode="json") for one in criteria]},
    ) as tx:
        there = {
            one["name"] for one in tx.rows("SELECT name FROM criterion WHERE plan_id = ?", plan_id)
        }
        for criterion in criteria:
            if criterion.name in there:
                raise UsageError(
                    f"The plan {row['name']!r} has a criterion {criterion.name!r} already.",
                    remedy="Give the new one another name; a locked criterion is never changed.",
                )
            check_criterion(criterion, plan)
            there.add(criterion.name)
            tx.insert(
                "criterion",
                plan_id=plan_id,
                name=criterion.name,
                definition=criterion.model_dump(mode="json"),
                is_primary=0,
                is_exploratory=1,
            )
