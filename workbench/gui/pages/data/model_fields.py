"""What training and importing a model have in common: dataset, name and architecture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from workbench.core.vocabulary import PluginKind
from workbench.gui.pages.data.contents import DatasetSummary, ModelSummary
from workbench.gui.widgets.job_dialog import labelled
from workbench.gui.widgets.plugin_form import PluginForm
from workbench.registry import Registry


class ModelFields(QWidget):
    """Only architectures for the task of the chosen dataset can be used."""

    changed = Signal()

    def __init__(
        self,
        registry: Registry,
        datasets: Sequence[DatasetSummary],
        models: Sequence[ModelSummary],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._taken = {model.name for model in models}
        self._name = QLineEdit(self._free_name())
        self._dataset = QComboBox()
        for dataset in datasets:
            self._dataset.addItem(dataset.name, dataset.id)
        offered = registry.contributions(PluginKind.ARCHITECTURE)
        self._architecture = PluginForm("Architecture", offered)
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        labelled(self.rows, "Name", self._name, "What the model is called in the project")
        labelled(self.rows, "Dataset", self._dataset, "What it is or was trained on")
        labelled(self.rows, "Architecture", self._architecture, "The network its weights belong to")
        for changed in (
            self._name.textChanged,
            self._dataset.currentIndexChanged,
            self._architecture.changed,
        ):
            changed.connect(self.changed)

    def fault(self) -> str:
        name = self._name.text().strip()
        if not name:
            return "Give the model a name."
        if name in self._taken:
            return f"The project has a model named “{name}”; choose another name."
        return self._architecture.fault()

    def payload(self) -> dict[str, Any]:
        """The part of a job's payload that these fields give."""
        architecture = self._architecture.chosen
        return {
            "name": self._name.text().strip(),
            "dataset": self._dataset.currentData(),
            "architecture": architecture.id if architecture else "",
            "params": self._architecture.values(),
        }

    def _free_name(self) -> str:
        number, name = 1, "original"
        while name in self._taken:
            number += 1
            name = f"original {number}"
        return name
