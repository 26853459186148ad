"""The forget sets of a plan: saved ones, and those it brings along itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.gui.pages.plan.contents import ForgetSetFacts, origin_of
from workbench.gui.pages.plan.document import PlanDocument
from workbench.gui.pages.plan.section import CheckList, Option, PlanView, Section
from workbench.gui.widgets.blocks import muted

Choice = dict[str, Any]


class ForgetSetsSection(Section):
    title = "Forget sets"
    tip = "The rows that must be forgotten; every method is run on each set"
    roots = ("forget_sets",)

    def __init__(self, document: PlanDocument, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._choices: dict[str, Choice] = {}
        self._list = CheckList()
        self._list.toggled.connect(self._toggle)
        self._none = muted("No forget set is saved for these data; save one on the page before")
        self.parts.addWidget(
            muted("Every method is run, and judged, on each set that is ticked here")
        )
        self.parts.addWidget(self._none)
        self.parts.addWidget(self._list)
        self.parts.addStretch(1)

    def show_plan(self, view: PlanView) -> None:
        dataset = view.contents.dataset(view.content)
        in_plan: list[Choice] = view.content.get("forget_sets", [])
        saved = [
            one
            for one in view.contents.forget_sets
            if dataset is not None and one.dataset_id == dataset.id
        ]
        options = dict(_options(in_plan, saved))
        self._choices = {key: choice for key, (choice, _) in options.items()}
        self._list.show_options(
            {key: option for key, (_, option) in options.items()},
            {_key(choice) for choice in in_plan},
            read_only=view.read_only,
        )
        self._none.setVisible(not options)

    def _toggle(self, key: str, is_on: bool) -> None:
        others = [
            choice for choice in self.document.content.get("forget_sets", []) if _key(choice) != key
        ]
        chosen = [*others, self._choices[key]] if is_on else others
        self.document.set(("forget_sets",), chosen, "Choose the forget sets of the plan")


def _options(
    in_plan: list[Choice], saved: list[ForgetSetFacts]
) -> Iterator[tuple[str, tuple[Choice, Option]]]:
    """By key: what goes into the plan, and how it is offered."""
    names = {one.name for one in saved}
    for choice in in_plan:
        if choice.get("use") not in names:
            yield _key(choice), (choice, Option(choice["name"], _own(choice)))
    for one in saved:
        known = next((choice for choice in in_plan if choice.get("use") == one.name), None)
        summary = f"{one.n_rows} rows, version {one.version}. {one.in_words}"
        yield (
            f"use:{one.name}",
            (known or {"name": one.name, "use": one.name}, Option(one.name, summary)),
        )


def _key(choice: Choice) -> str:
    return f"use:{choice['use']}" if choice.get("use") else f"own:{choice.get('name')}"


def _own(choice: Choice) -> str:
    """What a set is that the plan brings along, or uses in vain."""
    if name := choice.get("use"):
        return f"The project has no forget set {name!r} for these data"
    return f"{origin_of(choice)}; chosen when the plan is prepared"
