"""The frame: actions, path, errors, settings, a second window, closing during a run."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from permissions import bound_by_permissions
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLabel

from workbench.core.errors import UsageError
from workbench.gui import dialogs
from workbench.gui.actions import ACTIONS, WINDOW
from workbench.gui.launch import refuse_broken_qt
from workbench.gui.main_window import MainWindow
from workbench.gui.pages import page_class
from workbench.gui.session.path_state import PathState, Step
from workbench.gui.settings import Settings, read_settings, write_settings
from workbench.gui.testing import settle

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("spec", ACTIONS, ids=lambda spec: spec.id)
def test_every_action_can_be_done(spec):
    owner = MainWindow if spec.on == WINDOW else page_class(Step(spec.on))
    assert callable(getattr(owner, spec.method))


def test_no_two_actions_share_a_shortcut():
    shortcuts = [QKeySequence(spec.shortcut).toString() for spec in ACTIONS if spec.shortcut]
    assert len(set(shortcuts)) == len(shortcuts)


def test_a_disabled_action_says_what_is_missing(make_window, empty_project):
    window = make_window()
    assert not window.actions_["window.undo"].isEnabled()
    assert window.actions_["window.undo"].toolTip() == "Open a project first"
    window.open_path(empty_project)
    settle(window.session)
    assert window.actions_["Data.train_model"].toolTip() == "Import a dataset first"
    assert window.actions_["Data.import_data"].isEnabled()


def test_shortcuts_walk_the_path(make_window, small_project, qtbot):
    window = make_window(small_project)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for number, step in enumerate(Step, start=1):
        key = getattr(Qt.Key, f"Key_{number}")
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        assert window._steps.currentWidget().step is step
    settle(window.session)


def test_the_path_says_what_is_missing():
    assert PathState().missing(Step.PRIVACY) == "Import a dataset first"
    assert PathState(datasets=1).missing(Step.DATA) == "Train or import a model"
    assert PathState(datasets=1, has_draft=True).missing(Step.RUNS).startswith("Complete the draft")
    done = PathState(1, 1, 1, False, 1, 3, 3, 5)
    assert [done.missing(step) for step in Step] == [""] * len(Step)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda _: None, "is not there|There is no|does not exist|no file"),
        (lambda path: path.write_bytes(b"not a project"), "not a|no project|project"),
        (lambda path: path.mkdir(), "folder|directory|not a"),
    ],
    ids=["missing", "garbage", "folder"],
)
def test_what_is_no_project_is_one_sentence(make_window, tmp_path, make, sentence):
    path = tmp_path / "x.audit"
    make(path)
    window = make_window()
    assert not window.open_path(path)
    assert window.session is None
    (notice,) = _notices_after_events(window)
    assert re.search(sentence, notice.message)
    assert notice.kept
    window.faults.notices.clear()


def _notices_after_events(window):
    QCoreApplication.sendPostedEvents()
    return list(window.faults.notices)


def test_a_second_window_only_reads(make_window, small_project, make_session):
    first = make_window(small_project)
    second = make_window(small_project)
    settle(first.session)
    settle(second.session)
    assert not first.session.read_only
    assert second.session.read_only
    assert "Another window" in second.session.only_reads_because
    assert not second.actions_["Data.import_data"].isEnabled()
    assert second.actions_["Data.import_data"].toolTip() == "This window only reads the project"


@pytest.fixture
def folder_of_others(small_project):
    """The folder of a project, which may be read and not written."""
    folder = small_project.parent
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    small_project.chmod(stat.S_IRUSR)
    with bound_by_permissions():
        yield folder
    folder.chmod(stat.S_IRWXU)


def test_a_project_in_a_folder_that_cannot_be_written_is_read(make_window, folder_of_others):
    window = make_window(folder_of_others / "small.audit")
    settle(window.session)
    assert window.session.read_only
    assert "cannot be written" in window.session.only_reads_because
    assert window._reads_only.isVisible()
    window.show_step(Step.COMPARE)
    settle(window.session)
    assert window.close_project()


def test_settings_survive_and_broken_ones_are_said(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CONFIG_DIR", str(tmp_path))
    settings = Settings(theme="dark")
    settings.remember(tmp_path / "a.audit")
    settings.remember(tmp_path / "b.audit")
    settings.remember(tmp_path / "a.audit")
    write_settings(settings)
    again, problem = read_settings()
    assert not problem
    assert [Path(path).name for path in again.recent] == ["a.audit", "b.audit"]
    (tmp_path / "window.json").write_text("{")
    again, problem = read_settings()
    assert again == Settings()
    assert "defaults" in problem


def test_closing_during_a_run_asks(make_window, small_project, monkeypatch):
    window = make_window(small_project)
    settle(window.session)
    asked = []
    monkeypatch.setattr(dialogs, "ask_stop", lambda parent: bool(asked.append(parent)))
    monkeypatch.setattr(type(window.session.compute), "is_working", property(lambda _: True))
    window.close()
    assert asked
    assert window.isVisible()
    monkeypatch.undo()


def test_the_window_process_never_loads_torch(small_project):
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from PySide6.QtWidgets import QApplication\n"
        "app = QApplication([])\n"
        "from workbench.gui.main_window import MainWindow\n"
        "from workbench.gui.session.path_state import Step\n"
        "from workbench.gui.settings import Settings\n"
        "from workbench.gui.testing import settle\n"
        "window = MainWindow(Settings())\n"
        "window.show()\n"
        "window.open_path(Path(sys.argv[1]))\n"
        "for step in Step:\n"
        "    window.show_step(step)\n"
        "    settle(window.session)\n"
        "heavy = {'torch', 'captum', 'sklearn'} & set(sys.modules)\n"
        "window.close_without_asking()\n"
        "sys.exit(f'loaded {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(small_project)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_a_display_there_is_a_plain_sentence(monkeypatch):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux can be without a display")
    for extra in ({}, {"DISPLAY": ":93"}):
        done = subprocess.run(
            [sys.executable, "-m", "workbench", "gui"],
            cwd=ROOT,
            env={**environment, **extra},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert "There is no display to open a window on." in done.stderr
        assert "Traceback" not in done.stderr


def test_a_broken_qt_is_refused():
    refuse_broken_qt("6.11.3", (3, 11))
    refuse_broken_qt("6.12.0", (3, 12))
    with pytest.raises(UsageError, match=r"broken on Python 3\.11"):
        refuse_broken_qt("6.12.0", (3, 11))


def test_twenty_thousand_void_calls_do_not_lose_none(qapp):
    label = QLabel()
    before = sys.getrefcount(None)
    for _ in range(20_000):
        label.setText("")
    assert sys.getrefcount(None) > before - 10_000
