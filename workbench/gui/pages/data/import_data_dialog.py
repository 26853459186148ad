"""Importing a dataset with one of the dataset plugins."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from workbench.core.vocabulary import PluginKind
from workbench.gui.pages.data.contents import DataContents
from workbench.gui.pages.data.path_field import PathField
from workbench.gui.session.session import Session
from workbench.gui.session.tasks import Task
from workbench.gui.widgets.blocks import column
from workbench.gui.widgets.job_dialog import JobDialog, labelled
from workbench.gui.widgets.plugin_form import PluginForm

_PURPOSE = (
    "Rows are copied into the project with their splits and metadata. Audits need training rows, "
    "test rows, and non-members that no model is ever trained on."
)


class ImportDataDialog(JobDialog):
    """Succeeds with the dataset's id, its name, and notes about duplicates."""

    def __init__(self, session: Session, contents: DataContents, parent: QWidget) -> None:
        super().__init__(session, "Import data", _PURPOSE, "Import", parent)
        self._taken = {dataset.name for dataset in contents.datasets}
        self._source = PluginForm(
            "Source", session.registry.contributions(PluginKind.DATASET), parent=self
        )
        self._file = PathField(
            "File", "Data files (*.npz *.csv *.parquet);;All files (*)", "None for bundled data"
        )
        self._name = QLineEdit()
        self._name.setPlaceholderText("As the source names it")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        labelled(form, "Name", self._name, "What the dataset is called in the project")
        labelled(form, "File", self._file, "What the source reads; bundled data need none")
        labelled(form, "Source", self._source, "What reads the data")
        for changed in (self._source.changed, self._file.changed, self._name.textChanged):
            changed.connect(self.check)
        entries = column(form)
        entries.addStretch(1)
        self.fill(entries)
        self.resize(560, 480)

    def fault(self) -> str:
        name = self._name.text().strip()
        if name in self._taken:
            return f"The project has a dataset named “{name}”; choose another name."
        return self._source.fault() or self._file.fault()

    def submit(self) -> Task:
        source, path = self._source.chosen, self._file.path
        return self.session.compute.submit(
            "import-data",
            "Importing data",
            source=source.id if source else "",
            path=str(path) if path else None,
            params=self._source.values(),
            name=self._name.text().strip() or None,
        )
