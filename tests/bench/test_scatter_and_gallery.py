"""Frames of the map of rows and of the gallery, and a lasso over many points."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
import pytest
from figures import Figures, Goal
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QAbstractScrollArea, QApplication
from timing import Clock, Sample, interleave, timed

from workbench.core.polygon import points_inside
from workbench.gui.background import Background
from workbench.gui.faults import Faults
from workbench.gui.widgets.gallery import GalleryModel, GalleryView
from workbench.gui.widgets.point_cloud import PointCloud
from workbench.gui.widgets.thumbnails import Thumbnails, images_of

pytestmark = pytest.mark.bench

SECTION = "window"
ROUNDS, LASSO_ROUNDS, FRAMES = 3, 5, 120
MANY, MOST = 100_000, 1_000_000
SIZE = (1000, 600)  # pixels
COLOURS = [QColor.fromHsv(36 * hue, 200, 180) for hue in range(10)]
SMOOTH = Goal(1000 / 30)


@dataclass(frozen=True)
class Film:
    """Something to look at while it moves; `move` takes the number of the frame."""

    view: QAbstractScrollArea
    move: Callable[[int], object]

    def play(self) -> NDArray[np.float64]:
        """Milliseconds (FRAMES,) until each frame is painted and all that waited is done."""
        times = np.empty(FRAMES)
        for number in range(FRAMES):
            with Clock() as clock:
                self.move(number)
                self.view.viewport().repaint()
                QApplication.processEvents()
            times[number] = 1000 * clock.seconds
        return times


def film(figures: Figures, films: dict[str, Film], goals: dict[str, Goal]) -> None:
    """Play all films a few times in turn, and note median, p99 and worst frame."""
    played: dict[str, list[NDArray[np.float64]]] = {name: [] for name in films}
    for _ in range(ROUNDS):
        for name, one in films.items():
            played[name].append(one.play())
    for name, rounds in played.items():
        for what, share in (("median", 50), ("p99", 99), ("worst", 100)):
            sample = Sample(tuple(float(np.percentile(times, share)) for times in rounds))
            goal = goals.get(what) if "ScatterPlotItem" not in name else None
            figures.add(SECTION, f"{name}: {what} frame", "ms", sample, goal=goal)


def points(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
    """Ten overlapping classes, as an embedding has them."""
    rng = np.random.default_rng(1)
    colour = rng.integers(0, 10, n).astype(np.uint8)
    x = np.cos(0.63 * colour) * 3 + rng.normal(size=n)
    y = np.sin(0.63 * colour) * 3 + rng.normal(size=n)
    return x, y, colour


@pytest.fixture
def background(qapp: QApplication) -> Iterator[Background]:
    made = Background("reader", Faults(), threads=2)
    yield made
    made.close()


def pan_and_zoom(plane: Any, number: int) -> None:
    plane.translateBy(x=0.1 * np.sin(number / 9), y=0.05 * np.cos(number / 9))
    plane.scaleBy((0.98, 0.98) if number % 60 < 30 else (1 / 0.98, 1 / 0.98))


def cloud_of(n: int, qtbot: Any, background: Background) -> Film:
    cloud = PointCloud(background)
    qtbot.addWidget(cloud)
    cloud.resize(*SIZE)
    cloud.show()
    with qtbot.waitSignal(cloud.drawn, timeout=30_000):
        cloud.set_points(*points(n), COLOURS)
    plane = cloud.getPlotItem().getViewBox()
    return Film(cloud, lambda number: pan_and_zoom(plane, number))


def scatter_plot_item_of(n: int, qtbot: Any) -> Film:
    x, y, colour = points(n)
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    brushes = [pg.mkBrush(one) for one in COLOURS]
    item = pg.ScatterPlotItem(x, y, size=3, pen=None, brush=[brushes[one] for one in colour])
    plot.addItem(item)
    plot.resize(*SIZE)
    plot.show()
    plane = plot.getPlotItem().getViewBox()
    plane.disableAutoRange()
    return Film(plot, lambda number: pan_and_zoom(plane, number))


def test_frames_of_the_map(figures: Figures, qtbot: Any, background: Background) -> None:
    films = {
        f"map, {MANY:,} points": cloud_of(MANY, qtbot, background),
        f"map, {MOST:,} points": cloud_of(MOST, qtbot, background),
        f"ScatterPlotItem, {MANY:,} points": scatter_plot_item_of(MANY, qtbot),
    }
    film(figures, films, {"median": SMOOTH, "p99": SMOOTH})


def test_frames_of_the_gallery(figures: Figures, qtbot: Any, background: Background) -> None:
    digits = np.random.default_rng(0).integers(0, 256, (1000, 8, 8)).astype(np.uint8)

    def pictures(rows: NDArray[np.int64]) -> list[QImage]:
        return images_of(digits[rows % len(digits)])

    model = GalleryModel(Thumbnails(background, pictures))
    view = GalleryView(model)
    qtbot.addWidget(view)
    view.resize(*SIZE)
    view.show()
    rows = np.arange(MANY)
    model.set_rows(rows, rows % 10, [str(digit) for digit in range(10)])
    model.set_selected(rows % 3 == 0)
    view.viewport().repaint()
    bar = view.verticalScrollBar()

    def scroll(number: int) -> None:
        bar.setValue(number * bar.maximum() // FRAMES)

    film(figures, {f"gallery, {MANY:,} rows": Film(view, scroll)}, {"worst": Goal(50)})


def side_by_side(x: NDArray[Any], y: NDArray[Any], polygon: list[tuple[float, float]]) -> Any:
    """Every point against every side, as the textbook has it."""
    inside = np.zeros(len(x), dtype=bool)
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if y1 != y2:
            inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def test_lasso(figures: Figures) -> None:
    """A wobbly line of 300 corners around about half of the points."""
    rng = np.random.default_rng(2)
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    radius = 3 + 0.6 * np.sin(5 * angle) + 0.03 * rng.normal(size=300)
    lasso = [
        (float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(radius, angle, strict=True)
    ]
    for n in (MANY, MOST):
        x, y, _ = points(n)
        assert np.array_equal(points_inside(x, y, lasso), side_by_side(x, y, lasso))
        works = {
            "ours": timed(lambda x=x, y=y: points_inside(x, y, lasso)),
            "textbook": timed(lambda x=x, y=y: side_by_side(x, y, lasso)),
        }
        measured = interleave(LASSO_ROUNDS, works)
        goal = Goal(100.0) if n == MOST else None
        name = f"lasso, {n:,} points"
        figures.add(SECTION, name, "ms", measured["ours"].times(1000), goal=goal)
        ratio = measured["textbook"].over(measured["ours"])
        figures.add(SECTION, "  every point against every side /", "ratio", ratio)
