"""The reference of a plan: the retrained models that everything is compared with."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from workbench.audit.ladder import LADDER
from workbench.audit.plan import ReferenceChoice
from workbench.gui.pages.plan.contents import Assessment
from workbench.gui.pages.plan.document import PlanDocument
from workbench.gui.pages.plan.section import PlanView, Section
from workbench.gui.widgets.blocks import card, heading, muted
from workbench.gui.widgets.params_form import ParamsForm

_SEEDS = ("band_seeds", "control_seeds")


class ReferenceSection(Section):
    title = "Reference"
    tip = "Models retrained without the forget rows, which every method is compared with"
    roots = ("reference",)

    def __init__(self, document: PlanDocument, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._method = muted()
        self._seeds = ParamsForm(ReferenceChoice, only=_SEEDS)
        self._seeds.changed.connect(
            lambda: document.set(("reference",), self._seeds.values(), "Change the retrained seeds")
        )
        self._rung = heading("")
        self._claim = muted()
        self._shortfalls = muted()
        self.parts.addWidget(self._method)
        self.parts.addWidget(self._seeds)
        self.parts.addWidget(
            muted(
                "The band shows how much retrained models differ among themselves. The control "
                "seeds are retrained models that are judged like a method: they must pass, "
                "or the audit says nothing"
            )
        )
        self.parts.addWidget(card(self._rung, self._claim, self._shortfalls))
        self.parts.addStretch(1)

    def show_plan(self, view: PlanView) -> None:
        reference = view.content.get("reference", {})
        self._seeds.set_values(reference)
        self._seeds.set_read_only(view.read_only)
        method = reference.get("method", {}).get("id", "retrain")
        offer = next((one for one in view.contents.methods if one.id == method), None)
        self._method.setText(
            f"Reference models are made by “{offer.title if offer else method}”, one per seed"
        )
        self._show_assessment(view.assessment)

    def go_to(self, path: str) -> None:
        _, _, field = path.partition(".")
        name = field.partition(".")[0]
        self._seeds.focus(name if name in _SEEDS else _SEEDS[0])

    def _show_assessment(self, assessment: Assessment | None) -> None:
        if assessment is None:
            return
        step = LADDER[assessment.rung]
        self._rung.setText(f"This plan reaches rung {assessment.rung}, of L0 to L5")
        self._rung.setToolTip(f"<p>The rung takes {step.needs}.</p>")
        self._claim.setText(f"What may be claimed: {step.claim}")
        self._shortfalls.setText("\n".join(assessment.shortfalls))
        self._shortfalls.setVisible(bool(assessment.shortfalls))
