"""Training the model to audit, with its loss curve while it learns."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtWidgets import QGroupBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from workbench.core import palette
from workbench.core.recipe import Recipe
from workbench.gui.pages.data.contents import DataContents
from workbench.gui.pages.data.model_fields import ModelFields
from workbench.gui.session.session import Session
from workbench.gui.session.tasks import Task
from workbench.gui.theme import theme
from workbench.gui.widgets.chart import Chart
from workbench.gui.widgets.job_dialog import JobDialog, labelled
from workbench.gui.widgets.params_form import ParamsForm

_PURPOSE = (
    "Trains on all training rows. Retrained models of an audit repeat this recipe without the "
    "forget set. The outputs over the dataset are computed right after, in one pass."
)
_LARGEST_SEED = 2**31 - 1


class TrainModelDialog(JobDialog):
    """Succeeds with the model's id."""

    def __init__(self, session: Session, contents: DataContents, parent: QWidget) -> None:
        super().__init__(session, "Train a model", _PURPOSE, "Train", parent)
        self._fields = ModelFields(session.registry, contents.datasets, contents.models)
        self._seed = QSpinBox(maximum=_LARGEST_SEED)
        self._seed.setMinimumHeight(self._seed.fontMetrics().height() + 10)  # as in other forms
        labelled(self._fields.rows, "Seed", self._seed, "Of the first weights and of the row order")
        self._recipe = ParamsForm(Recipe)
        self._curve = LossCurve()
        self._curve.hide()
        columns = QHBoxLayout()
        for name, part in (("Model", self._fields), ("Recipe", self._recipe)):
            group = QGroupBox(name)
            inside = QVBoxLayout(group)
            inside.addWidget(part)
            inside.addStretch(1)
            columns.addWidget(group, 1)
        self._fields.changed.connect(self.check)
        self._recipe.changed.connect(self.check)
        self.fill(columns, below=self._curve)
        self.resize(760, 560)

    def fault(self) -> str:
        fault = self._fields.fault()
        return fault or ("Correct the recipe." if self._recipe.faults() else "")

    def submit(self) -> Task:
        self._curve.show_points([], [])
        return self.session.compute.submit(
            "train-model",
            "Training a model",
            recipe=self._recipe.values(),
            seed=self._seed.value(),
            **self._fields.payload(),
        )

    def show_progress(self, task: Task) -> None:
        seconds, values = task.progress.curves.get("loss", ([], []))
        self._curve.setVisible(bool(values))
        self._curve.show_points(seconds, values)


class LossCurve(Chart):
    """The mean loss of each epoch so far."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._seconds: list[float] = []
        self._values: list[float] = []
        super().__init__("Training loss over time", "Seconds", "Loss", parent)
        self.setFixedHeight(170)
        self.getPlotItem().setMouseEnabled(x=False, y=False)

    def show_points(self, seconds: list[float], values: list[float]) -> None:
        if len(values) != len(self._values) or not values:
            self._seconds, self._values = list(seconds), list(values)
            self.draw()

    def draw(self) -> None:
        self.table = {"seconds": self._seconds, "loss": self._values}
        plot = self.getPlotItem()
        plot.clear()
        pen = pg.mkPen(theme.colour(palette.RETAIN), width=2)
        plot.plot(self._seconds, self._values, pen=pen)
