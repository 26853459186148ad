"""What goes wrong around the window: one sentence, nothing lost, and the window lives on."""

import os
import shutil

import numpy as np
import pytest
from PySide6.QtWidgets import QDialog

from workbench.core.errors import ProjectError
from workbench.gui.faults import Faults, Notice
from workbench.gui.message_bar import MessageBar
from workbench.gui.session.path_state import Step
from workbench.gui.testing import settle
from workbench.store import Project

MOVED = "was moved, deleted or replaced while it was open"


def faults_of(window):
    return [notice.message for notice in window.faults.notices if notice.is_fault]


def dialog_of(window):
    (dialog,) = [one for one in window.findChildren(QDialog) if one.isVisible()]
    return dialog


def delete(path):
    path.unlink()


def replace(path):
    other = path.with_name("other.audit")
    shutil.copy(path, other)
    other.replace(path)


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be moved there")
@pytest.mark.parametrize("harm", [delete, replace])
def test_a_file_that_is_taken_away_is_said_once_and_no_longer_written(
    make_window, small_project, qtbot, harm
):
    window = make_window(small_project)
    settle(window.session)
    harm(small_project)
    qtbot.waitUntil(lambda: any(MOVED in message for message in faults_of(window)))
    window.page(Step.PLAN).start_plan()
    settle(window.session)
    assert not window.session.state.has_draft
    assert all(MOVED in message for message in faults_of(window))
    assert window._messages.notice.remedy
    assert window.isVisible()
    window.faults.notices.clear()


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be moved there")
def test_a_file_that_is_put_back_is_written_again(small_project):
    away = small_project.with_name("away.audit")
    with Project.open(small_project) as project:
        small_project.rename(away)
        with pytest.raises(ProjectError, match=MOVED), project.transaction("test"):
            pass
        away.rename(small_project)
        with project.transaction("test"):
            pass


def test_what_is_told_again_does_not_pile_up(qtbot):
    bar = MessageBar()
    qtbot.addWidget(bar)
    for message in ("No room left", "Another", "No room left", "No room left"):
        bar.show_notice(Notice(message))
    assert bar.notice.message == "No room left"
    bar.close_newest()
    assert bar.notice.message == "Another"
    bar.close_newest()
    assert bar.notice is None


def test_the_terminal_gets_a_sentence_and_no_traceback(qtbot, caplog):
    faults = Faults()
    with caplog.at_level("WARNING"):
        faults.report(ProjectError("The file is gone.", remedy="Look for it."))
    assert caplog.messages == ["The file is gone."]
    assert "workbench.core.errors.ProjectError" in faults.notices[0].debug_info


def test_a_plan_is_started_though_its_page_was_never_read(make_window, small_project):
    window = make_window(small_project)
    settle(window.session)
    window.page(Step.PLAN).start_plan()
    settle(window.session)
    assert window.session.state.has_draft
    assert faults_of(window) == []


def test_starting_what_is_done_says_so(make_window, small_project):
    window = make_window(small_project)
    settle(window.session)
    window.page(Step.RUNS).start_or_resume()
    settle(window.session)
    assert "done and judged" in window._messages.notice.message
    assert not window._messages.notice.is_fault


def test_the_start_page_has_no_tools_of_a_project(
    make_window, small_project, monkeypatch, tmp_path
):
    monkeypatch.setenv("WORKBENCH_CONFIG_DIR", str(tmp_path))
    first = make_window(small_project)
    settle(first.session)
    first.close_without_asking()
    again = make_window(settings=first.settings)
    assert not again._toolbar.isVisible()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"y_train": np.zeros(5, int)}, "Give both the same number of rows"),
        ({"x_test": np.zeros((4, 3, 3), np.float32)}, "Give all parts rows of one shape"),
        ({"x_train": np.full((6, 2, 2), np.nan, np.float32)}, "NaN"),
        ({"y_train": np.full(6, -1)}, "outside the"),
        ({"y_train": np.full(6, 0.5)}, "Number the classes from 0"),
        ({"y_train": np.array([{}] * 6)}, "Python objects"),
        (None, "is not an .npz file"),
    ],
)
def test_bad_data_are_told_in_the_dialog(
    make_window, data_project, qtbot, tmp_path, change, sentence
):
    good = {
        "x_train": np.random.default_rng(0).random((6, 2, 2), np.float32),
        "y_train": np.arange(6) % 2,
        "x_test": np.zeros((4, 2, 2), np.float32),
        "y_test": np.arange(4) % 2,
    }
    file = tmp_path / "bad.npz"
    file.write_text("no archive") if change is None else np.savez(file, **{**good, **change})
    window = make_window(data_project)
    page = window.page(Step.DATA)
    settle(window.session)
    page.import_data()
    dialog = dialog_of(window)
    dialog._source.choose("npz")
    dialog._file.edit.setText(str(file))
    dialog._start.click()
    qtbot.waitUntil(lambda: not dialog.is_running)
    assert sentence in dialog._fault.text()
    assert window.session.state.datasets == 1
    dialog.close()


def test_what_keeps_a_job_from_starting_can_be_read(make_window, data_project, tmp_path):
    window = make_window(data_project)
    page = window.page(Step.DATA)
    settle(window.session)
    page.import_data()
    dialog = dialog_of(window)
    dialog._file.edit.setText(str(tmp_path))
    assert not dialog._start.isEnabled()
    assert "There is no file" in dialog._doing.text()
    dialog._file.edit.clear()
    dialog._name.setText("digits")
    assert "choose another name" in dialog._doing.text()
    dialog._name.setText("others")
    assert dialog._doing.text() == ""
    assert dialog._start.isEnabled()
    dialog.close()
