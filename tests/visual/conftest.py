"""A window that looks the same on every machine: its own font, a simulated project."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from block_font import FAMILY, write_block_font
from PySide6.QtGui import QFont, QFontDatabase
from simulated_audit import few_models, simulate

from workbench.gui.testing import leak_check, make_session, make_window  # noqa: F401


@pytest.fixture(scope="session")
def simulated_project(tmp_path_factory):
    """A judged project whose numbers no machine changes."""
    path = tmp_path_factory.mktemp("simulated") / "ward4.audit"
    simulate(path, few_models()).project.close()
    return path


@pytest.fixture
def blocks(qapp, tmp_path):
    """Every text is drawn with boxes of one width."""
    file = tmp_path / "blocks.ttf"
    write_block_font(file)
    number = QFontDatabase.addApplicationFont(str(file))
    assert QFontDatabase.applicationFontFamilies(number) == [FAMILY]
    before = qapp.font()
    font = QFont(FAMILY, 9)
    font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging)
    for family in ("monospace", "Monospace", "Sans Serif"):
        QFont.insertSubstitution(family, FAMILY)
    qapp.setFont(font)
    yield
    qapp.setFont(before)
    for family in ("monospace", "Monospace", "Sans Serif"):
        QFont.removeSubstitutions(family)
    QFontDatabase.removeApplicationFont(number)
