"""Some pictures of a dataset, by split and class."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from workbench.core.dataset import SPLITS, Dataset
from workbench.core.vocabulary import Split
from workbench.gui.pages.data.class_chart import SPLIT_NAMES
from workbench.gui.pages.data.contents import Rows, sample_rows
from workbench.gui.session.reading import Reader
from workbench.gui.widgets.blocks import button, muted, row
from workbench.gui.widgets.gallery import GalleryModel, GalleryView
from workbench.gui.widgets.thumbnails import Thumbnails, no_pictures, pictures_of

_EVERY_CLASS = "Every class"


class Samples(QWidget):
    """The first rows of a split and class; other ones on demand."""

    def __init__(self, reader: Reader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._dataset: Dataset | None = None
        self._pictured: Dataset | None = None
        self._draw = 0
        self._thumbnails = Thumbnails(reader.background, no_pictures, self)
        self._thumbnails.failed.connect(reader.report)
        self._model = GalleryModel(self._thumbnails, self)
        self.view = GalleryView(self._model)
        self.split = QComboBox()
        self.split.setAccessibleName("Split to show")
        for split in SPLITS:
            self.split.addItem(f"{SPLIT_NAMES[split].capitalize()} rows", split)
        self.of_class = QComboBox()
        self.of_class.setAccessibleName("Class to show")
        self.of_class.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.others = button("Show other samples")
        self.others.setToolTip("Draw other rows of this split and class at random")
        self._count = muted()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(self.split, self.of_class, self._count, self.others, stretch=2))
        layout.addWidget(self.view, 1)
        self.split.currentIndexChanged.connect(self._show_first)
        self.of_class.currentIndexChanged.connect(self._show_first)
        self.others.clicked.connect(self._show_others)

    @property
    def rows(self) -> Rows:
        """Row ids of the tiles."""
        return self._model.rows

    def show_dataset(self, dataset: Dataset) -> None:
        """Show its first training rows, or those of the split and class that are chosen."""
        self._dataset = dataset
        before = self.of_class.currentText()
        with QSignalBlocker(self.of_class):
            self.of_class.clear()
            self.of_class.addItem(_EVERY_CLASS, None)
            for class_id, name in enumerate(dataset.class_names):
                self.of_class.addItem(f"Class {name}", class_id)
            self.of_class.setCurrentIndex(max(0, self.of_class.findText(before)))
        self._show_first()

    def _show_first(self) -> None:
        self._draw = 0
        self._ask()

    def _show_others(self) -> None:
        self._draw += 1
        self._ask()

    def _ask(self) -> None:
        dataset, draw = self._dataset, self._draw
        if dataset is None:
            return
        split, class_id = Split(self.split.currentData()), self.of_class.currentData()
        self._reader.ask(
            self,
            "samples",
            lambda _: sample_rows(dataset, split, class_id, draw),
            lambda found: self._take(dataset, *found),
        )

    def _take(self, dataset: Dataset, rows: Rows, count: int) -> None:
        if dataset is not self._pictured:  # with the rows, which mean others in another dataset
            self._pictured = dataset
            self._thumbnails.set_source(pictures_of(dataset))
        self._model.set_rows(rows, dataset.targets[rows], dataset.class_names)
        self._count.setText(f"{len(rows):,} of {count:,}")
        self.others.setEnabled(count > len(rows))
        self.view.scrollToTop()
