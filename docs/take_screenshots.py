"""Take the pictures of the README: every page on a finished demo, light and dark, two sizes.

workbench demo --headless --out demo
python docs/take_screenshots.py demo/digits.audit docs/screenshots
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QTableView, QWidget

from workbench.core.selection import AllOf, Compare, Inside
from workbench.gui.main_window import MainWindow
from workbench.gui.session.path_state import Step
from workbench.gui.session.rows import MAP_X, MAP_Y
from workbench.gui.settings import Settings
from workbench.gui.testing import settle

SIZES = ((1024, 700), (1600, 1000))
LASSO = ((-12.0, 5.0), (-6.0, 3.5), (-1.0, 6.0), (3.0, 13.0), (-1.0, 17.5), (-11.0, 15.0))


def picture_of(widget: QWidget) -> Image.Image:
    """What the widget shows now."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    return Image.fromarray(pixels)


def choose_something(window: MainWindow) -> None:
    """A selection, a candidate and a row, as somebody at work would have them."""
    session = window.session
    assert session is not None
    plan = session.choice.plan
    assert plan is not None
    scrub = next(run for run in plan.runs if run.label == "scrub")
    session.choice.set(forget_set=scrub.forget_set_id, b=scrub.id)
    window.show_step(Step.FORGET_SET)
    settle(session)
    lasso = Inside(x=MAP_X, y=MAP_Y, polygon=LASSO)
    rule = AllOf(rules=(lasso, Compare(column="confidence", op="<", value=0.999)))
    session.selection.set_rule(rule)
    settle(session)
    show_run(window, "scrub")
    session.compute.warm_up()
    while session.compute.tasks:
        settle(session)


def show_run(window: MainWindow, label: str) -> None:
    """Choose the first run of a method on the Runs page."""
    page = window.page(Step.RUNS)
    assert window.session is not None
    settle(window.session)
    tables = page.findChildren(QTableView)
    table = max(tables, key=lambda one: one.model().rowCount() if one.model() else 0)
    model = table.model()
    for row in range(model.rowCount()):
        cells = [model.index(row, column) for column in range(model.columnCount())]
        if any(cell.data() == label for cell in cells):
            table.setCurrentIndex(cells[0])
            break
    settle(window.session)


def take(project: Path, folder: Path, *, dark: bool, size: tuple[int, int]) -> None:
    name = f"{'dark' if dark else 'light'}-{size[0]}x{size[1]}"
    settings = Settings(theme="dark" if dark else "light")
    window = MainWindow(settings)
    window.apply_theme()
    window.resize(*size)
    window.show()
    picture_of(window).save(folder / f"start-{name}.png", optimize=True)
    assert window.open_path(project)
    settle(window.session)
    choose_something(window)
    for step in Step:
        window.show_step(step)
        settle(window.session)
        file = folder / f"{step.name.lower().replace('_', '-')}-{name}.png"
        picture_of(window).save(file, optimize=True)
    window.close_without_asking()


def main(project: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication([])
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["WORKBENCH_CONFIG_DIR"] = scratch
        copy = Path(shutil.copy(project, Path(scratch) / project.name))
        for size in SIZES:
            for dark in (False, True):
                take(copy, folder, dark=dark, size=size)
    application.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
