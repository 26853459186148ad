"""Importing a model's weights from a file."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from workbench.gui.pages.data.contents import DataContents
from workbench.gui.pages.data.model_fields import ModelFields
from workbench.gui.pages.data.path_field import PathField
from workbench.gui.session.session import Session
from workbench.gui.session.tasks import Task
from workbench.gui.widgets.blocks import column
from workbench.gui.widgets.job_dialog import JobDialog, labelled

_PURPOSE = (
    "The file holds weights only, and nothing in it is run. They must fit the architecture. "
    "The model's outputs over the dataset are computed right after, in one pass."
)


class ImportModelDialog(JobDialog):
    """Succeeds with the model's id and name."""

    def __init__(self, session: Session, contents: DataContents, parent: QWidget) -> None:
        super().__init__(session, "Import a model", _PURPOSE, "Import", parent)
        self._file = PathField(
            "Weights file", "Weights (*.safetensors *.pt *.pth);;All files (*)", "safetensors or pt"
        )
        self._fields = ModelFields(session.registry, contents.datasets, contents.models)
        labelled(self._fields.rows, "Weights file", self._file, "safetensors, or torch weights")
        self._file.changed.connect(self.check)
        self._fields.changed.connect(self.check)
        entries = column(self._fields)
        entries.addStretch(1)
        self.fill(entries)
        self.resize(520, 480)

    def fault(self) -> str:
        if self._file.path is None:
            return "Choose the file with the weights."
        return self._file.fault() or self._fields.fault()

    def submit(self) -> Task:
        return self.session.compute.submit(
            "import-model",
            "Importing a model",
            file=str(self._file.path),
            **self._fields.payload(),
        )
