"""The pages of the path. They are imported when they are first shown."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from workbench.gui.session.path_state import Step

if TYPE_CHECKING:
    from workbench.gui.pages.page import Page

_PAGES = {
    Step.DATA: "data.page:DataPage",
    Step.FORGET_SET: "forget_set.page:ForgetSetPage",
    Step.PLAN: "plan.page:PlanPage",
    Step.RUNS: "runs.page:RunsPage",
    Step.COMPARE: "compare.page:ComparePage",
    Step.INSPECT: "inspect.page:InspectPage",
    Step.PRIVACY: "privacy.page:PrivacyPage",
    Step.REPORT: "report.page:ReportPage",
}


def page_class(step: Step) -> type[Page]:
    """The class of the page of a step."""
    module, name = _PAGES[step].split(":")
    found: type[Page] = getattr(import_module(f"{__name__}.{module}"), name)
    return found
