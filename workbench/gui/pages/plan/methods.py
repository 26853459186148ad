"""The methods of a plan: those it audits, and those that could be added."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.gui.pages.plan.contents import Offer
from workbench.gui.pages.plan.document import PlanDocument
from workbench.gui.pages.plan.method_cards import ChosenMethod, OfferedMethod
from workbench.gui.pages.plan.section import PlanView, Section, clear
from workbench.gui.pages.plan.starting import free_label
from workbench.gui.widgets.blocks import heading, muted

Choice = dict[str, Any]


class MethodsSection(Section):
    title = "Methods"
    tip = "The unlearning methods that are audited, with their settings and seeds"
    roots = ("methods",)

    trust_asked = Signal(object)
    """A Plugin that the user wants to look at and trust."""

    def __init__(self, document: PlanDocument, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._chosen: list[ChosenMethod] = []
        self._offered: dict[str, OfferedMethod] = {}
        self._offers: tuple[Offer, ...] = ()
        self._chosen_cards = QVBoxLayout()
        self._offered_cards = QVBoxLayout()
        self._none = muted("None yet; add one or more from below")
        self._offered_head = heading("Methods that can be added")
        self.parts.addWidget(heading("In this plan"))
        self.parts.addWidget(self._none)
        self.parts.addLayout(self._chosen_cards)
        self.parts.addWidget(self._offered_head)
        self.parts.addLayout(self._offered_cards)
        self.parts.addStretch(1)

    def show_plan(self, view: PlanView) -> None:
        self._show_offered(view)
        self._show_chosen(view)

    def go_to(self, path: str) -> None:
        _, _, rest = path.partition(".")
        index, _, field = rest.partition(".")
        if index.isdecimal() and int(index) < len(self._chosen):
            card = self._chosen[int(index)]
            card.go_to(field)
            self.ensureWidgetVisible(card)

    def add(self, method: str) -> None:
        """Add a method once more, under a label of its own."""
        taken = [str(choice.get("label") or choice.get("id")) for choice in self._choices()]
        label = free_label(method, taken)
        added = {"id": method, "label": label, "params": {}, "seeds": [0]}
        self.document.set(("methods",), [*self._choices(), added], f"Add the method {label!r}")
        if self._chosen:
            self._chosen[-1].go_to("label")

    def _choices(self) -> list[Choice]:
        return list(self.document.content.get("methods", []))

    def _remove(self, card: ChosenMethod) -> None:
        choices = self._choices()
        removed = choices.pop(self._chosen.index(card))
        label = removed.get("label") or removed.get("id")
        self.document.set(("methods",), choices, f"Remove the method {label!r}")

    def _change(self, card: ChosenMethod) -> None:
        index = self._chosen.index(card)
        changed = {**self._choices()[index], **card.values()}
        self.document.set(("methods", index), changed, f"Change method {index + 1} of the plan")

    def _show_chosen(self, view: PlanView) -> None:
        choices: list[Choice] = view.content.get("methods", [])
        offers = {offer.id: offer for offer in view.contents.methods}
        wanted = [(choice.get("id"), offers.get(str(choice.get("id")))) for choice in choices]
        alike = 0
        for card, (method, offer) in zip(self._chosen, wanted, strict=False):
            if not card.is_of(method, offer):
                break
            alike += 1
        for card in self._chosen[alike:]:
            self._chosen_cards.removeWidget(card)
            card.hide()
            card.deleteLater()
        del self._chosen[alike:]
        for method, offer in wanted[alike:]:
            card = ChosenMethod(str(method), offer)
            card.changed.connect(lambda card=card: self._change(card))
            card.removed.connect(lambda card=card: self._remove(card))
            self._chosen_cards.addWidget(card)
            self._chosen.append(card)
        for card, choice in zip(self._chosen, choices, strict=True):
            card.show_choice(choice, read_only=view.read_only)
        self._none.setVisible(not choices)

    def _show_offered(self, view: PlanView) -> None:
        offers = tuple(
            offer for offer in view.contents.methods if not offer.contributed.declared.straw_man
        )
        if offers != self._offers:
            self._offers, self._offered = offers, {}
            clear(self._offered_cards)
            for offer in offers:
                card = OfferedMethod(offer)
                card.added.connect(lambda method=offer.id: self.add(method))
                card.trust_asked.connect(self.trust_asked)
                self._offered_cards.addWidget(card)
                self._offered[offer.id] = card
        dataset = view.contents.dataset(view.content)
        model = view.contents.model(view.content)
        task = dataset.task if dataset else ""
        architecture = model.architecture if model else ""
        for offer in offers:
            unfit = offer.unfit(task, architecture, view.registry)
            self._offered[offer.id].show_fit(unfit, read_only=view.read_only)
        self._offered_head.setVisible(not view.read_only)
        for card in self._offered.values():
            card.setVisible(not view.read_only)
