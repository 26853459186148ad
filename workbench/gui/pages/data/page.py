"""The Data page: what is loaded, and how to load more."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QScrollArea,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from workbench.core.dataset import SPLITS, Dataset
from workbench.gui.faults import Notice
from workbench.gui.pages.data.class_chart import SPLIT_NAMES, SPLIT_TONES, ClassChart
from workbench.gui.pages.data.contents import DataContents, DatasetSummary, ModelSummary, read_data
from workbench.gui.pages.data.dataset_card import DatasetCard
from workbench.gui.pages.data.import_data_dialog import ImportDataDialog
from workbench.gui.pages.data.import_model_dialog import ImportModelDialog
from workbench.gui.pages.data.model_list import ModelList
from workbench.gui.pages.data.samples import Samples
from workbench.gui.pages.data.train_model_dialog import TrainModelDialog
from workbench.gui.pages.page import Page
from workbench.gui.session.path_state import Step
from workbench.gui.session.session import Session
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import (
    EmptyState,
    button,
    card,
    column,
    heading,
    muted,
    page_head,
    row,
)
from workbench.gui.widgets.legend import Legend
from workbench.gui.widgets.name_dialog import ask_name
from workbench.store import load_dataset
from workbench.store.journal import Edit, RowChange

_PURPOSE = "The rows and the models that an audit is about"

DataDialog = ImportDataDialog | TrainModelDialog | ImportModelDialog


class DataPage(Page):
    step: ClassVar[Step] = Step.DATA
    watches: ClassVar[frozenset[str]] = frozenset({"dataset", "model", "output"})

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._contents = DataContents((), (), 0)
        self._shown: int | None = None
        self._imported: int | None = None
        self._dialogs: dict[type[DataDialog], DataDialog] = {}
        self.picker = QComboBox()
        self.picker.setAccessibleName("Dataset")
        self._rename = button("Rename…", "Rename the dataset")
        self._card = DatasetCard()
        self.models = ModelList()
        self._notes = muted()
        self._notes_card = card(heading("Notes"), self._notes)
        self.chart = ClassChart()
        self._legend = Legend()
        self.samples = Samples(session.reader)
        self._empty = EmptyState()
        self._import_data = button("Import data…", primary=True)
        self._train = button("Train a model…")
        self._import_model = button("Import a model…")
        self._lay_out()
        self._connect()
        self._show_colours()

    def refresh(self) -> None:
        self.session.reader.ask(self, "data", read_data, self._take)

    def import_data(self) -> None:
        """Show the dialog that imports a dataset."""
        self._open(ImportDataDialog)

    def train_model(self) -> None:
        """Show the dialog that trains a model."""
        self._open(TrainModelDialog)

    def import_model(self) -> None:
        """Show the dialog that imports a model."""
        self._open(ImportModelDialog)

    def _lay_out(self) -> None:
        facts = _Column()
        facts.setLayout(
            column(
                card(row(self.picker, self._rename, stretch=0), self._card),
                card(heading("Models"), self.models),
                self._notes_card,
                stretch=1,
            )
        )
        left = QScrollArea()
        left.setWidget(facts)
        left.setWidgetResizable(True)
        left.setFrameShape(QFrame.Shape.NoFrame)
        left.setAccessibleName("About the dataset and the models")
        left.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        left.setMinimumWidth(300)
        counts, pictures = QWidget(), QWidget()
        counts.setLayout(column(self.chart, self._legend, stretch=0))
        pictures.setLayout(column(self.samples))
        right = QSplitter(Qt.Orientation.Vertical)
        right.setChildrenCollapsible(False)
        for part in (counts, pictures):
            right.addWidget(part)
        right.setSizes([210, 300])
        body = QSplitter(Qt.Orientation.Horizontal)
        body.setChildrenCollapsible(False)
        body.addWidget(left)
        body.addWidget(right)
        body.setStretchFactor(0, 2)
        body.setStretchFactor(1, 3)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(body)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        buttons = (self._import_data, self._train, self._import_model)
        layout.addLayout(page_head(self.step, _PURPOSE, *buttons))
        layout.addLayout(self._stack, 1)

    def _connect(self) -> None:
        self._import_data.clicked.connect(self.import_data)
        self._train.clicked.connect(self.train_model)
        self._import_model.clicked.connect(self.import_model)
        self.picker.currentIndexChanged.connect(self._show_dataset)
        self._rename.clicked.connect(self._rename_dataset)
        self.models.rename_asked.connect(self._rename_model)
        self.models.measure_asked.connect(self._measure)
        theme.changed.connect(self._show_colours)

    def _take(self, contents: DataContents) -> None:
        self._contents = contents
        only_reads = self.session.only_reads_because
        self._import_data.setEnabled(not only_reads)
        self._import_data.setToolTip(only_reads)
        for made in (self._train, self._import_model):
            made.setEnabled(bool(contents.datasets) and not only_reads)
            made.setToolTip(only_reads or ("" if contents.datasets else "Import a dataset first"))
        self._stack.setCurrentIndex(1 if contents.datasets else 0)
        if not contents.datasets:
            self._empty.say(
                "No data are loaded yet",
                only_reads or "Import a dataset, then train or import the model to audit",
            )
            self.refreshed.emit()
            return
        chosen, self._imported = self._imported or self.picker.currentData(), None
        with QSignalBlocker(self.picker):
            self.picker.clear()
            for dataset in contents.datasets:
                self.picker.addItem(dataset.name, dataset.id)
            self.picker.setCurrentIndex(max(0, self.picker.findData(chosen)))
        self._rename.setEnabled(not only_reads)
        self._rename.setToolTip(only_reads)
        self.models.show_models(contents, only_reads)
        self._show_dataset()

    @property
    def _dataset(self) -> DatasetSummary | None:
        chosen = self.picker.currentData()
        return next((one for one in self._contents.datasets if one.id == chosen), None)

    def _show_dataset(self) -> None:
        summary = self._dataset
        if summary is None:
            return
        self._card.show_summary(summary)
        notes = [*summary.findings, summary.notes]
        self._notes.setText("\n\n".join(filter(None, notes)))
        self._notes_card.setVisible(any(notes))
        self.chart.show_summary(summary)
        if summary.id == self._shown:  # rows never change, so they are read once
            self.session.reader.drop(self, "rows")
            self.refreshed.emit()
            return
        table = self.session.selection.table
        if table is not None and table.dataset_id == summary.id:
            self._show_rows(summary.id, table.dataset)
            return
        self.session.reader.ask(
            self,
            "rows",
            lambda project: load_dataset(project, summary.id),
            lambda dataset: self._show_rows(summary.id, dataset),
        )

    def _show_rows(self, dataset_id: int, dataset: Dataset) -> None:
        self._shown = dataset_id
        self.samples.show_dataset(dataset)
        self.refreshed.emit()

    def _show_colours(self) -> None:
        self._legend.show_entries(
            (f"{SPLIT_NAMES[split].capitalize()} rows", theme.colour(SPLIT_TONES[split]))
            for split in SPLITS
        )

    def _rename_dataset(self) -> None:
        if self._dataset is not None:
            taken = [one.name for one in self._contents.datasets]
            self._ask_name("dataset", self._dataset.id, self._dataset.name, taken)

    def _rename_model(self, model: ModelSummary) -> None:
        taken = [one.name for one in self._contents.models]
        self._ask_name("model", model.id, model.name, taken)

    def _ask_name(self, table: str, id_: int, name: str, taken: list[str]) -> None:
        def fault_of(new: str) -> str:
            if not new:
                return f"Give the {table} a name."
            is_taken = new in taken and new != name
            return f"Another {table} has this name." if is_taken else ""

        def write(new: str) -> None:
            change = RowChange(table=table, key={"id": id_}, values={"name": new})
            edit = Edit(title=f"Rename the {table} {name!r}", changes=(change,))
            self.session.editor.edit(self, lambda journal: journal.do(edit))

        ask_name(self, f"Rename the {table}", "Name", name, fault_of, write)

    def _measure(self, model: ModelSummary) -> None:
        task = self.session.compute.submit(
            "measure-outputs",
            f"Measuring outputs of {model.name!r}",
            model=model.id,
            dataset=model.dataset,
        )
        task.finished.connect(lambda: self._measured(task.fault))

    def _measured(self, fault: BaseException | None) -> None:
        if fault is not None:
            self.session.faults.report(fault)

    def _open(self, kind: type[DataDialog]) -> None:
        """Show the dialog of a kind; one whose job goes on, or failed unseen, is kept."""
        dialog = self._dialogs.get(kind)
        if dialog is None:
            dialog = self._dialogs[kind] = kind(self.session, self._contents, self)
            dialog.succeeded.connect(self._follow_up)
            dialog.finished.connect(lambda _: self._let_go(kind))
        dialog.open()

    def _let_go(self, kind: type[DataDialog]) -> None:
        if not self._dialogs[kind].is_running:
            self._dialogs.pop(kind).deleteLater()

    def _follow_up(self, result: dict[str, Any]) -> None:
        """Show the dataset that was imported, and what was found out about it."""
        self._imported = result.get("dataset")
        self.invalidate()
        for note in result.get("notes", ()):
            self.session.faults.tell(Notice(note, is_fault=False))


class _Column(QWidget):
    """As high as its wrapped words need at its width, which a scroll area does not ask for."""

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            layout = self.layout()
            if layout is not None:
                self.setMinimumHeight(max(0, layout.minimumHeightForWidth(self.width())))
        return super().event(event)
