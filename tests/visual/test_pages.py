"""The start page and every page of the path, light and dark, look as they were accepted.

`WORKBENCH_ACCEPT=1 python -m pytest tests/visual` accepts how they look now; look at the pictures
in `references/` before you commit them.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from comparing import check, differing_share
from PySide6.QtGui import QImage

from workbench.gui.session.path_state import Step
from workbench.gui.settings import Settings
from workbench.gui.testing import settle

THEMES = ("light", "dark")


def picture_of(window):
    image = window.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


@pytest.mark.parametrize("theme", THEMES)
def test_start_page(make_window, blocks, theme, tmp_path):
    window = make_window(settings=Settings(theme=theme))
    window.apply_theme()
    check(picture_of(window), f"start-{theme}", tmp_path)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("step", Step, ids=lambda step: step.name.lower())
def test_page(make_window, blocks, simulated_project, step, theme, tmp_path):
    project = Path(shutil.copy(simulated_project, tmp_path / "ward4.audit"))
    window = make_window(settings=Settings(theme=theme))
    window.apply_theme()
    assert window.open_path(project)
    window.show_step(step)
    settle(window.session)
    check(picture_of(window), f"{step.name.lower()}-{theme}", tmp_path)


def test_a_changed_picture_is_noticed():
    before = np.full((80, 80, 3), 240, np.uint8)
    after = before.copy()
    after[10:30, 10:30] = 0
    assert differing_share(before, before) == 0
    assert differing_share(after, before) > 0.04
    assert differing_share(before[:40], before) == 1


def test_a_shift_by_a_hair_is_not():
    rough = np.full((80, 80, 3), 240, np.uint8)
    rough[::8] = 230
    assert differing_share(np.roll(rough, 1, axis=0), rough) == 0
