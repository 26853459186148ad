"""The models that were trained or imported."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.pages.data.contents import DataContents, ModelSummary
from workbench.gui.widgets.blocks import button, muted, row


class ModelList(QWidget):
    """Each signal carries a ModelSummary."""

    rename_asked = Signal(object)
    measure_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._only_reads = ""
        self.list = QListWidget()
        self.list.setAccessibleName("Models")
        self.list.setWordWrap(True)
        self.list.setMinimumHeight(96)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._note = muted()
        self._rename = button("Rename…", "Rename the model")
        self._measure = button("Measure outputs")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._note)
        layout.addLayout(row(self._rename, self._measure))
        self.list.currentItemChanged.connect(self._show_current)
        self._rename.clicked.connect(self._ask_to_rename)
        self._measure.clicked.connect(self._ask_to_measure)

    def show_models(self, contents: DataContents, only_reads: str) -> None:
        """`only_reads` says why nothing can be changed; "" if it can."""
        self._only_reads = only_reads
        before = self._current
        self.list.clear()
        for model in contents.models:
            item = QListWidgetItem(_told(model))
            item.setData(Qt.ItemDataRole.UserRole, model)
            self.list.addItem(item)
            if before is None or model.id == before.id:
                self.list.setCurrentItem(item)
        made = contents.made_by_runs
        missing = "" if contents.models else "Train or import the model to audit. "
        of_runs = f"{made:,} more were made by runs" if made else ""
        self._note.setText(missing + of_runs)
        self._note.setVisible(bool(missing or of_runs))
        self._show_current()

    @property
    def _current(self) -> ModelSummary | None:
        item = self.list.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item else None

    def _show_current(self) -> None:
        current = self._current
        self._rename.setEnabled(current is not None and not self._only_reads)
        can_measure = current is not None and bool(current.dataset) and not current.is_measured
        self._measure.setVisible(can_measure)
        self._measure.setEnabled(not self._only_reads)
        for made in (self._rename, self._measure):
            made.setToolTip(self._only_reads)

    def _ask_to_rename(self) -> None:
        if self._current is not None:
            self.rename_asked.emit(self._current)

    def _ask_to_measure(self) -> None:
        if self._current is not None:
            self.measure_asked.emit(self._current)


def _told(model: ModelSummary) -> str:
    outputs = "outputs measured" if model.is_measured else "outputs not measured"
    return (
        f"{model.name}\n{model.architecture}, {model.parameters:,} parameters, "
        f"{model.origin}, {outputs}"
    )
