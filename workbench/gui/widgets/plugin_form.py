"""Choosing a plugin of one kind, and its settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from workbench.core.errors import PluginError
from workbench.gui.widgets.blocks import fault_label, muted, set_fault
from workbench.gui.widgets.params_form import ParamsForm
from workbench.registry.contributed import Contributed


class PluginForm(QWidget):
    """Lists contributions, and below the list the settings of the chosen one.

    What was set for one of them is kept while another is looked at. `unfit` says by id why one
    cannot be used.
    """

    changed = Signal()

    def __init__(
        self,
        name: str,
        offered: Sequence[Contributed],
        unfit: Mapping[str, str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._offered = {one.id: one for one in offered}
        self._unfit = unfit or {}
        self._forms: dict[str, ParamsForm] = {}
        self._problem = ""
        self._box = QComboBox()
        self._box.setAccessibleName(name)
        for one in offered:
            self._box.addItem(one.declared.title, one.id)
        self._summary = muted()
        self._fault = fault_label()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._box, self._summary, self._fault):
            self._layout.addWidget(widget)
        self._box.currentIndexChanged.connect(self._choose)
        self._show_chosen()

    @property
    def chosen(self) -> Contributed | None:
        """None if there is nothing to choose from."""
        return self._offered.get(self._box.currentData())

    def choose(self, id_: str) -> None:
        self._box.setCurrentIndex(self._box.findData(id_))

    def values(self) -> dict[str, Any]:
        """The settings as JSON data, right or wrong."""
        form = self._form
        return form.values() if form else {}

    def fault(self) -> str:
        """Why this cannot be used yet, in one sentence; "" if it can."""
        if self._problem:
            return self._problem
        return "Correct the settings marked below them." if self._form_faults() else ""

    @property
    def _form(self) -> ParamsForm | None:
        return self._forms.get(self._box.currentData())

    def _form_faults(self) -> dict[str, str]:
        return self._form.faults() if self._form else {}

    def _choose(self) -> None:
        self._show_chosen()
        self.changed.emit()

    def _show_chosen(self) -> None:
        chosen = self.chosen
        self._problem = self._problem_with(chosen)
        if chosen is not None and not self._problem and chosen.id not in self._forms:
            self._add_form(chosen)
        self._summary.setText(chosen.declared.summary if chosen else "")
        set_fault(self._fault, self._problem)
        for form in self._forms.values():
            form.setVisible(form is self._form)

    def _problem_with(self, chosen: Contributed | None) -> str:
        if chosen is None:
            return "No plugin offers this."
        if chosen.id in self._unfit:
            return self._unfit[chosen.id]
        try:
            chosen.params_model()
        except PluginError as fault:
            return f"{fault.message} {fault.remedy}"
        return ""

    def _add_form(self, chosen: Contributed) -> None:
        form = ParamsForm(chosen.params_model())
        form.changed.connect(self.changed)
        self._forms[chosen.id] = form
        self._layout.addWidget(form)
