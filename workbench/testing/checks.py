"""What a check is: a plain function that returns what it saw, or raises why it did not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from workbench.core.errors import WorkbenchError


class CheckFailed(Exception):  # noqa: N818 - an outcome of a check
    """The plugin breaks a rule; the message says which and how."""


class NotApplicable(Exception):  # noqa: N818 - an outcome of a check
    """The rule says nothing about this plugin; the message says why."""


class Status(StrEnum):
    """What came of one check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class CheckResult:
    """One check on one contribution; `detail` is a sentence."""

    check: str
    contribution: str
    status: Status
    detail: str


def run_check(name: str, contribution: str, check: Callable[[], str]) -> CheckResult:
    """Run a check. An error of the plugin is a failure, a defect of ours is not caught."""
    try:
        return CheckResult(name, contribution, Status.PASSED, check())
    except NotApplicable as reason:
        return CheckResult(name, contribution, Status.NOT_APPLICABLE, str(reason))
    except (CheckFailed, WorkbenchError) as fault:
        return CheckResult(name, contribution, Status.FAILED, str(fault))
