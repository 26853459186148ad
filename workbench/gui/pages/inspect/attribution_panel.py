"""Where the models look: four maps of one row on one colour scale."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.metric_card import tip_over_rows
from workbench.gui.pages.inspect.explaining import Explaining
from workbench.gui.pages.inspect.feature_bars import FeatureBars
from workbench.gui.pages.inspect.maps import MEAN, MapsView, Panel
from workbench.gui.widgets.blocks import button, fault_label, heading, muted, row, set_fault
from workbench.gui.widgets.heat_map import ColourBar, HeatMap
from workbench.report.display import number

_NAMES = ("before", "after", "retrained", "difference")
_SIMILARITY = (
    "Rank correlation of the magnitudes of two maps: 1 is the same order of pixels, 0 is none "
    "(Spearman 1904); it is not defined for a map that is the same everywhere. Retrained models "
    "are like each other as far as the median of the first one to all others says"
)


class AttributionPanel(QWidget):
    """Chooses explainer and retrained model, shows the maps, or offers to make them.

    `choice_changed`: another explainer or retrained model; `explain_asked`: make the maps.
    """

    choice_changed = Signal()
    explain_asked = Signal()

    def __init__(self, explaining: Explaining, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._explaining = explaining
        self._only_reads = ""
        self._can_explain = False
        self._explainers, self._seeds = QComboBox(), QComboBox()
        self._overlay = QCheckBox("Overlay")
        self._bar = ColourBar()
        self._maps = [_MapSlot(f"Map {name}") for name in _NAMES]
        self._note = muted()
        self._trial_fault = fault_label()
        self._explain = button("Explain this row", primary=True)
        self._cancel = button("Cancel", "Cancel explaining")
        self._progress = QProgressBar()
        self._fault = fault_label()
        self._picture = QImage()
        self._name_controls()
        self._lay_out()
        self._explainers.activated.connect(self.choice_changed)
        self._seeds.activated.connect(self.choice_changed)
        self._overlay.toggled.connect(self._show_overlay)
        self._explain.clicked.connect(self.explain_asked)
        self._cancel.clicked.connect(explaining.cancel)
        explaining.changed.connect(self._show_task)

    @property
    def explainer(self) -> str:
        """The chosen explainer, "" if there is none to choose."""
        return self._explainers.currentData() or ""

    @property
    def seed(self) -> int | None:
        """The chosen retrained model, or MEAN."""
        seed: int | None = self._seeds.currentData()
        return seed

    def offer(
        self, explainers: Sequence[tuple[str, str]], seeds: Sequence[int], only_reads: str
    ) -> None:
        """Explainers as (id, title), seeds of the retrained models; keeps what is chosen."""
        self._only_reads = only_reads
        _fill(self._explainers, [(title, id_) for id_, title in explainers])
        choices = [(f"Mean of {len(seeds)}", MEAN), *((f"Seed {one}", one) for one in seeds)]
        _fill(self._seeds, choices)

    def show_maps(self, view: MapsView, picture: QImage) -> None:
        """`picture` is the row itself, null if it is no image."""
        self._picture = picture
        self._can_explain = bool(view.missing)
        self._note.setText(_note(view, self._only_reads))
        set_fault(self._trial_fault, view.trial_fault)
        self._explain.setEnabled(not self._only_reads)
        self._bar.set_scale(view.scale if view.panels else None)
        for slot, panel in zip(self._maps, view.panels or [None] * len(_NAMES), strict=True):
            slot.show_panel(panel, view.scale)
        self._overlay.setEnabled(bool(view.panels) and not picture.isNull())
        self._body.setCurrentIndex(0 if view.panels else 1)
        self._show_overlay()
        self._show_task()

    def _show_overlay(self) -> None:
        backdrop = self._picture if self._overlay.isChecked() else QImage()
        for slot in self._maps:
            slot.heat_map.set_backdrop(backdrop)

    def _show_task(self) -> None:
        task = self._explaining.task
        self._explain.setVisible(self._can_explain and task is None)
        for widget in (self._progress, self._cancel):
            widget.setVisible(task is not None)
        if task is not None:
            self._progress.setValue(round(100 * task.progress.share))
            self._progress.setFormat(task.progress.text or task.title)
        fault = self._explaining.fault
        set_fault(self._fault, str(fault) if fault else "")

    def _name_controls(self) -> None:
        for box, letters in ((self._explainers, 12), (self._seeds, 9)):
            box.setMinimumContentsLength(letters)
            policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            box.setSizeAdjustPolicy(policy)
        self._explainers.setAccessibleName("Explainer")
        self._explainers.setToolTip("How the influence of each input value is measured")
        self._seeds.setAccessibleName("Retrained map")
        self._seeds.setToolTip("Which of the retrained models is shown")
        self._overlay.setAccessibleName("Maps over the picture")
        self._overlay.setToolTip("Show the maps over the picture of the row")
        self._bar.setToolTip("One scale for all four maps, the largest value of the three models")
        self._progress.setAccessibleName("Progress of explaining")
        self._progress.setMaximumWidth(320)
        for label in (self._note, self._fault):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._bar.setMaximumWidth(260)

    def _lay_out(self) -> None:
        slots = QWidget()
        across = QHBoxLayout(slots)
        across.setContentsMargins(0, 0, 0, 0)
        for slot in self._maps:
            across.addWidget(slot, 1)
        empty = QWidget()
        centred = QVBoxLayout(empty)
        centred.addStretch(1)
        centred.addWidget(self._note)
        for widget in (self._explain, self._progress, self._cancel):
            centred.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        centred.addWidget(self._fault)
        centred.addStretch(1)
        self._body = QStackedWidget()
        self._body.addWidget(slots)
        self._body.addWidget(empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        chosen = row(
            heading("Attribution"),
            self._explainers,
            self._seeds,
            self._overlay,
            self._bar,
            stretch=4,
        )
        layout.addLayout(chosen)
        layout.addWidget(self._trial_fault)
        layout.addWidget(self._body, 1)


class _MapSlot(QWidget):
    """One map with its title and what it is like."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.heat_map = HeatMap(name)
        self._features = FeatureBars(name, is_signed=True)
        self._title, self._like = QLabel(), muted()
        self._like.setToolTip(tip_over_rows(_SIMILARITY, "attribution_similarity"))
        self._like.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self._like.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        for label in (self._title, self._like):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._drawing = QStackedWidget()
        self._drawing.addWidget(self.heat_map)
        self._drawing.addWidget(self._features)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._title)
        layout.addWidget(self._drawing, 1)
        layout.addWidget(self._like)

    def show_panel(self, panel: Panel | None, scale: float) -> None:
        if panel is None:
            self.heat_map.clear()
            return
        self._title.setText(panel.title)
        self._title.setToolTip(panel.title)
        lines = (
            f"{name} {'not defined' if value is None else number(value, 2)}"
            for name, value in panel.like.items()
        )
        self._like.setText("\n".join(lines))
        is_flat = panel.values.ndim == 2
        if is_flat:
            self.heat_map.set_map(panel.values, scale)
        else:
            self._features.set_values(panel.values, scale)
        self._drawing.setCurrentIndex(0 if is_flat else 1)


def _fill(box: QComboBox, choices: Sequence[tuple[str, object]]) -> None:
    with QSignalBlocker(box):
        before = box.currentData()
        box.clear()
        for text, data in choices:
            box.addItem(text, data)
        box.setCurrentIndex(max(0, box.findData(before)))
    box.setEnabled(box.count() > 0)


def _note(view: MapsView, only_reads: str) -> str:
    if view.unavailable:
        return view.unavailable
    if view.missing and only_reads:
        return f"This row was not explained by the runs. {only_reads}"
    if view.missing:
        return (
            "This row was not explained by the runs. Its maps under "
            f"{len(view.missing)} models can be made now; they are kept until the project is "
            "closed, and not stored in it."
        )
    return ""
