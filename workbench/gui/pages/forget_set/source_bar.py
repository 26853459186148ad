"""Which rows are looked at, and through which model."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from workbench.gui.pages.forget_set.contents import DatasetOption, ModelOption, Options
from workbench.gui.session.tasks import Task
from workbench.gui.widgets.blocks import button

_NO_MODEL = "None, look at the inputs"


class SourceBar(QWidget):
    """`chosen` follows the user: dataset id, and model id or None."""

    chosen = Signal(int, object)
    measure_asked = Signal(object)
    """Carries the ModelOption whose outputs are missing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options = Options()
        self._only_reads = ""
        self._dataset = _box("Dataset", "Whose training rows are selected")
        self._model = _box("Model", "Whose loss, confidence and embedding describe the rows")
        self._measure = button("Measure outputs")
        self._progress = QProgressBar()
        self._progress.setAccessibleName("Progress of the outputs")
        self._progress.setRange(0, 1000)
        self._progress.setMaximumWidth(120)
        self._progress.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for words, box in (("Dataset", self._dataset), ("Model", self._model)):
            label = QLabel(words)
            label.setBuddy(box)
            layout.addWidget(label)
            layout.addWidget(box, 1)
        layout.addWidget(self._measure)
        layout.addWidget(self._progress)
        self._dataset.activated.connect(self._dataset_chosen)
        self._model.activated.connect(self._choose)
        self._measure.clicked.connect(self._ask_to_measure)

    def show_options(
        self, options: Options, dataset: int | None, model: int | None, only_reads: str
    ) -> None:
        """Offer datasets and models with these two chosen."""
        self._options, self._only_reads = options, only_reads
        with QSignalBlocker(self._dataset):
            self._dataset.clear()
            for one in options.datasets:
                self._dataset.addItem(one.name, one.id)
            self._dataset.setCurrentIndex(self._dataset.findData(dataset))
        self._fill_models(options.find(dataset), model)

    def follow(self, task: Task) -> None:
        """Show how far the outputs pass is."""
        self._progress.setVisible(not task.is_over)
        self._measure.setEnabled(task.is_over)
        self._progress.setValue(round(1000 * task.progress.share))

    def _fill_models(self, dataset: DatasetOption | None, model: int | None) -> None:
        with QSignalBlocker(self._model):
            self._model.clear()
            for one in dataset.models if dataset else ():
                self._model.addItem(
                    one.name if one.is_measured else f"{one.name}, outputs not measured", one.id
                )
            self._model.addItem(_NO_MODEL, None)
            last = self._model.count() - 1
            found = self._model.findData(model) if model is not None else last
            self._model.setCurrentIndex(found if found >= 0 else last)
        unmeasured = self._unmeasured()
        self._measure.setVisible(unmeasured is not None)
        self._measure.setEnabled(not self._only_reads)
        self._measure.setToolTip(
            self._only_reads
            or "One pass over the data gives each row its loss, confidence and embedding"
        )

    def _unmeasured(self) -> ModelOption | None:
        dataset = self._options.find(self._dataset.currentData())
        model = dataset.model(self._model.currentData()) if dataset else None
        return model if model and not model.is_measured else None

    def _dataset_chosen(self) -> None:
        dataset = self._options.find(self._dataset.currentData())
        if dataset is not None:
            self._fill_models(dataset, dataset.first_model)
            self._choose()

    def _choose(self) -> None:
        self.chosen.emit(self._dataset.currentData(), self._model.currentData())

    def _ask_to_measure(self) -> None:
        model = self._unmeasured()
        if model is not None:
            self.measure_asked.emit(model)


def _box(name: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setMinimumContentsLength(10)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return box
