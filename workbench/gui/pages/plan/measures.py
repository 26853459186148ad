"""What is measured on every model of a plan: attacks, attributions, recovery, and the controls."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QCheckBox, QWidget

from workbench.audit.plan import Controls, Plan, RecoveryChoice
from workbench.audit.recovery_tests import RECOVERY_TESTS
from workbench.gui.pages.plan.contents import Offer
from workbench.gui.pages.plan.document import PlanDocument
from workbench.gui.pages.plan.section import CheckList, Option, PlanView, Section
from workbench.gui.widgets.blocks import heading, muted
from workbench.gui.widgets.params_form import ParamsForm

_DEFAULT_ATTACKS = ["loss"]
_DEFAULT_TESTS = RecoveryChoice().tests


class MeasuresSection(Section):
    title = "Tests"
    tip = "Attacks, attributions and recovery tests that every model goes through"
    roots = (
        "attacks",
        "attributions",
        "attribution_rows",
        "recovery",
        "controls",
        "evaluation_seed",
    )

    def __init__(self, document: PlanDocument, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._attacks = self._plugin_list("attacks", "Choose the attacks", _DEFAULT_ATTACKS)
        self._attributions = self._plugin_list("attributions", "Choose the attributions", [])
        self._rows = ParamsForm(Plan, only=("attribution_rows",))
        self._rows.changed.connect(self._set_rows)
        self._recovers = QCheckBox("Recovery tests")
        self._recovers.setToolTip(
            "<p>Try to bring the forgotten rows back on a copy of every model, the retrained ones "
            "included.</p>"
        )
        self._recovers.setAccessibleName("Recovery tests")
        self._recovers.clicked.connect(self._set_recovers)
        self._tests = CheckList()
        self._tests.toggled.connect(self._toggle_test)
        settings = [name for name in RecoveryChoice.model_fields if name != "tests"]
        self._recovery = ParamsForm(RecoveryChoice, only=settings)
        self._recovery.changed.connect(
            lambda: document.set(
                ("recovery",), self._recovery.values(), "Change the recovery tests"
            )
        )
        self._controls = ParamsForm(Controls)
        self._controls.changed.connect(
            lambda: document.set(("controls",), self._controls.values(), "Change the controls")
        )
        self._seed = ParamsForm(Plan, only=("evaluation_seed",))
        self._seed.changed.connect(self._set_seed)
        self._build()

    def show_plan(self, view: PlanView) -> None:
        content = view.content
        self._show_plugins(self._attacks, "attacks", view.contents.attacks, view)
        self._show_plugins(self._attributions, "attributions", view.contents.attributions, view)
        rows = content.get("attribution_rows")
        self._rows.set_values({} if rows is None else {"attribution_rows": rows})
        self._rows.setVisible(bool(content.get("attributions")))
        recovery = content.get("recovery", {})
        self._recovers.setChecked(recovery is not None)
        self._recovers.setEnabled(not view.read_only)
        for part in (self._tests, self._recovery):
            part.setVisible(recovery is not None)
        self._recovery.set_values(recovery or {})
        self._show_tests(view)
        self._controls.set_values(content.get("controls", {}))
        seed = content.get("evaluation_seed")
        self._seed.set_values({} if seed is None else {"evaluation_seed": seed})
        for form in (self._rows, self._recovery, self._controls, self._seed):
            form.set_read_only(view.read_only)

    def go_to(self, path: str) -> None:
        first, _, field = path.partition(".")
        name = field.partition(".")[0]
        if first == "recovery":
            self._recovery.focus(name)
        elif first == "controls":
            self._controls.focus(name)
        elif first == "attribution_rows":
            self._rows.focus(first)
        elif first == "evaluation_seed":
            self._seed.focus(first)

    def _build(self) -> None:
        for part in (
            heading("Membership attacks"),
            muted("Each tries to tell forget rows from rows that no model ever saw"),
            self._attacks,
            heading("Attributions"),
            muted("Which parts of an input decide; they inform, and no verdict rests on them"),
            self._attributions,
            self._rows,
            heading("Recovery"),
            self._recovers,
            self._tests,
            self._recovery,
            heading("Controls"),
            muted("What shows that the audit could have seen a failure"),
            self._controls,
            heading("Chance"),
            muted("Training and unlearning have seeds of their own, under Reference and Methods"),
            self._seed,
        ):
            self.parts.addWidget(part)
        self.parts.addStretch(1)

    def _plugin_list(self, part: str, title: str, default: list[str]) -> CheckList:
        made = CheckList()

        def toggle(id_: str, is_on: bool) -> None:
            others = [one for one in self.document.content.get(part, default) if one != id_]
            self.document.set((part,), [*others, id_] if is_on else others, title)

        made.toggled.connect(toggle)
        return made

    def _show_plugins(
        self, shown: CheckList, part: str, offers: tuple[Offer, ...], view: PlanView
    ) -> None:
        default = _DEFAULT_ATTACKS if part == "attacks" else []
        checked = set(view.content.get(part, default))
        options = {
            offer.id: Option(offer.title, offer.contributed.declared.summary, offer.problem)
            for offer in offers
        }
        for unknown in sorted(checked - options.keys()):
            options[unknown] = Option(unknown, unfit="No plugin offers this here")
        shown.show_options(options, checked, read_only=view.read_only)

    def _show_tests(self, view: PlanView) -> None:
        """Every recovery test with what it costs each model under the plan's settings."""
        choice = self._recovery.parsed()
        told = choice if isinstance(choice, RecoveryChoice) else RecoveryChoice()
        options = {
            test.id: Option(test.title, f"{test.sentence} Cost: {test.cost(told)}")
            for test in RECOVERY_TESTS.values()
        }
        checked = set(self._recovery.values().get("tests", _DEFAULT_TESTS))
        self._tests.show_options(options, checked, read_only=view.read_only)

    def _toggle_test(self, id_: str, is_on: bool) -> None:
        values = self._recovery.values()
        others = [one for one in values.get("tests", _DEFAULT_TESTS) if one != id_]
        tests = [*others, id_] if is_on else others
        self.document.set(("recovery",), {**values, "tests": tests}, "Choose the recovery tests")

    def _set_rows(self) -> None:
        value: Any = self._rows.values().get("attribution_rows")
        self.document.set(("attribution_rows",), value, "Change the number of explained rows")

    def _set_seed(self) -> None:
        value: Any = self._seed.values().get("evaluation_seed")
        self.document.set(("evaluation_seed",), value, "Change the evaluation seed")

    def _set_recovers(self, is_on: bool) -> None:
        title = "Add the recovery tests" if is_on else "Leave the recovery tests out"
        self.document.set(("recovery",), self._recovery.values() if is_on else None, title)
