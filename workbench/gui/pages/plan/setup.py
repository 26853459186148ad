"""The setup of a plan: its name, data, model and recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from workbench.audit.plan import Plan
from workbench.core.recipe import Recipe
from workbench.gui.pages.plan.document import PlanDocument
from workbench.gui.pages.plan.section import PlanView, Section
from workbench.gui.widgets.blocks import button, heading, muted, row
from workbench.gui.widgets.param_entries import CalmComboBox
from workbench.gui.widgets.params_form import ParamsForm

_NOTES_HEIGHT = 84


class SetupSection(Section):
    title = "Setup"
    tip = "What is audited: data, model and how the model was trained"
    roots = ("version", "name", "notes", "data", "model", "recipe")

    def __init__(self, document: PlanDocument, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._name = ParamsForm(Plan, only=("name",))
        self._name.changed.connect(
            lambda: document.set(("name",), self._name.values().get("name", ""), "Name the plan")
        )
        self._notes = QPlainTextEdit()
        self._notes.setAccessibleName("Notes")
        self._notes.setPlaceholderText("Why this audit is made, and what readers should know")
        self._notes.setFixedHeight(_NOTES_HEIGHT)
        self._notes.setTabChangesFocus(True)
        self._notes.textChanged.connect(self._set_notes)
        self._data = _SourceBox("Data", "The dataset of the project that is audited", "not here")
        self._data.activated.connect(lambda: self._set_source("data", self._data))
        self._model = _SourceBox(
            "Original model", "The model that was trained on all rows", "not of these data"
        )
        self._model.activated.connect(lambda: self._set_source("model", self._model))
        self._recipe = ParamsForm(Recipe)
        self._recipe.changed.connect(
            lambda: document.set(("recipe",), self._recipe.values(), "Change the recipe")
        )
        self._recipe_note = muted()
        self._take_recipe = button("Take the model's recipe")
        self._take_recipe.clicked.connect(self._take_models_recipe)
        self._models_recipe: dict[str, Any] = {}
        self._build()

    def show_plan(self, view: PlanView) -> None:
        content = view.content
        self._name.set_values({"name": content.get("name", "")})
        if self._notes.toPlainText() != content.get("notes", ""):
            self._notes.blockSignals(True)
            self._notes.setPlainText(content.get("notes", ""))
            self._notes.blockSignals(False)
        dataset = view.contents.dataset(content)
        self._data.show_sources([one.name for one in view.contents.datasets], content.get("data"))
        models = [
            one.name
            for one in view.contents.models
            if dataset is None or one.dataset_id in (dataset.id, None)
        ]
        self._model.show_sources(models, content.get("model"))
        self._recipe.set_values(content.get("recipe", {}))
        self._show_recipe_note(view)
        for form in (self._name, self._recipe):
            form.set_read_only(view.read_only)
        self._notes.setReadOnly(view.read_only)
        for box in (self._data, self._model):
            box.setEnabled(not view.read_only)

    def go_to(self, path: str) -> None:
        first, _, second = path.partition(".")
        match first:
            case "data":
                self._data.setFocus()
            case "model":
                self._model.setFocus()
            case "recipe":
                self._recipe.focus(second)
            case _:
                self._name.focus(first)

    def _build(self) -> None:
        for box in (self._notes, self._data, self._model):
            self._name.add_row(box.accessibleName(), box)
        self.parts.addWidget(self._name)
        self.parts.addWidget(heading("Recipe"))
        self.parts.addWidget(self._recipe_note)
        self.parts.addLayout(row(self._take_recipe))
        self.parts.addWidget(self._recipe)
        self.parts.addStretch(1)

    def _set_notes(self) -> None:
        self.document.set(("notes",), self._notes.toPlainText(), "Write notes on the plan")

    def _set_source(self, part: str, box: _SourceBox) -> None:
        self.document.set((part,), box.currentData(), f"Choose the {part} of the plan")

    def _take_models_recipe(self) -> None:
        self.document.set(("recipe",), dict(self._models_recipe), "Take the recipe of the model")

    def _show_recipe_note(self, view: PlanView) -> None:
        note = "Every retrained model is trained like this; it must be how the original was trained"
        model = view.contents.model(view.content)
        differs = False
        if model is not None and model.recipe is None:
            note += f". Nobody recorded how {model.name!r} was trained, so check each setting"
        elif model is not None:
            self._models_recipe = model.recipe or {}
            differs = _filled(self._models_recipe) != _filled(view.content.get("recipe", {}))
            if differs:
                note += f". {model.name!r} was trained otherwise"
        self._recipe_note.setText(note)
        self._take_recipe.setVisible(differs and not view.read_only)


class _SourceBox(CalmComboBox):
    """Names in the project; what a plan brings along itself is one more entry."""

    def __init__(self, name: str, tip: str, unfit: str) -> None:
        """`unfit` is said of a name that is chosen and not offered."""
        super().__init__()
        self._unfit = unfit
        self.setAccessibleName(name)
        self.setToolTip(tip)

    def show_sources(self, names: Sequence[str], chosen: dict[str, Any] | None) -> None:
        offered: list[tuple[str, dict[str, Any]]] = [(name, {"use": name}) for name in names]
        if chosen and chosen not in [data for _, data in offered]:
            offered.append((self._own(chosen), chosen))
        self.clear()
        for text, data in offered:
            self.addItem(text, data)
        wanted = [data for _, data in offered]
        self.setCurrentIndex(wanted.index(chosen) if chosen in wanted else -1)

    def _own(self, chosen: dict[str, Any]) -> str:
        if name := chosen.get("use"):
            return f"{name} ({self._unfit})"
        if source := chosen.get("source"):
            return f"Imported from {chosen.get('path') or source} when the plan is prepared"
        made = "read from " + chosen["weights"] if chosen.get("weights") else "trained"
        return f"A {chosen.get('architecture', 'model')} {made} when the plan is prepared"


def _filled(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe with its defaults, for comparison; one with faults is itself."""
    return {**Recipe().model_dump(mode="json"), **recipe}
