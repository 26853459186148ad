"""What pages share: answers and their faults, work that is stopped, a file that cannot be read."""

import threading
import weakref

import pytest
from PySide6.QtCore import QObject

from workbench.audit.plan import plan_from
from workbench.core.errors import WorkbenchError
from workbench.core.vocabulary import RunStatus
from workbench.gui import dialogs
from workbench.gui.background import Background
from workbench.gui.faults import Faults
from workbench.gui.pages.data.path_field import PathField
from workbench.gui.session.changes import Changes
from workbench.gui.session.plan_task import PlanTask
from workbench.gui.session.reading import Reader
from workbench.gui.session.session import Session
from workbench.gui.session.tasks import Task
from workbench.gui.settings import Settings
from workbench.gui.testing import settle


def test_what_fails_while_a_background_closes_is_still_told(qapp):
    faults = Faults()
    background = Background("editor", faults)

    def fail():
        raise WorkbenchError("The disk is full.")

    background.ask(background, "", fail)
    background.close(finish=True)
    assert [notice.message for notice in faults.notices] == ["The disk is full."]


def test_an_answer_that_is_not_waited_for_is_dropped_on_closing(qapp):
    background, began, answers = Background("reader", Faults()), threading.Event(), []
    background.ask(background, "", began.set, answers.append)
    assert began.wait(5)
    background.close()
    qapp.sendPostedEvents()
    assert answers == []


def test_changes_look_again_after_a_read_that_failed(data_project, qtbot, monkeypatch):
    faults = Faults()
    reader = Reader(data_project, faults)
    changes = Changes(reader)
    qtbot.waitUntil(lambda: reader.is_idle)
    with monkeypatch.context() as patched:

        def fail(*_):
            raise WorkbenchError("The project cannot be read.")

        patched.setattr("workbench.gui.session.changes._tables_since", fail)
        for _ in range(2):
            changes.look()
            qtbot.waitUntil(lambda: reader.is_idle)
    assert len(faults.notices) == 1
    monkeypatch.setattr(
        "workbench.gui.session.changes._tables_since", lambda *_: (99, frozenset({"run"}))
    )
    with qtbot.waitSignal(changes.changed):
        changes.look()
    changes.stop()
    reader.close()


class Stoppable(Task):
    """Work that stops when it is asked to."""

    def cancel(self):
        super().cancel()
        self.post(lambda: self.end(RunStatus.CANCELLED))


def work_in(window):
    settle(window.session)
    window.session.compute._add(Stoppable("Training", window.session.compute))


def test_another_project_is_opened_once_the_work_has_stopped(
    make_window, data_project, empty_project, monkeypatch, qtbot
):
    window = make_window(data_project)
    work_in(window)
    before = window.session.path
    monkeypatch.setattr(dialogs, "ask_stop", lambda _: False)
    assert not window.open_path(empty_project)
    assert window.session.path == before
    monkeypatch.setattr(dialogs, "ask_stop", lambda _: True)
    assert not window.open_path(empty_project)
    assert not window.isEnabled()
    qtbot.waitUntil(lambda: window.session.path == empty_project)
    assert window.isEnabled()
    settle(window.session)


def test_the_window_closes_once_the_work_has_stopped(make_window, data_project, monkeypatch, qtbot):
    window = make_window(data_project)
    work_in(window)
    monkeypatch.setattr(dialogs, "ask_stop", lambda _: True)
    window.close()
    assert window.isVisible()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert window.session is None


def test_a_lane_that_cannot_start_is_said_at_once(make_window, data_project, monkeypatch, qtbot):
    window = make_window(data_project)

    def fail():
        raise WorkbenchError("There is no device cuda:7.")

    monkeypatch.setattr(window.session.compute, "_open", fail)
    window.session.warm_up()
    qtbot.waitUntil(lambda: bool(window.faults.notices))
    assert window.faults.notices.pop().message == "There is no device cuda:7."
    settle(window.session)


def test_a_project_that_cannot_be_opened_leaves_nothing_behind(make_window, tmp_path, qtbot):
    window = make_window()
    assert not window.open_path(tmp_path / "none.audit")
    assert window.findChildren(Session) == []
    qtbot.waitUntil(lambda: bool(window.faults.notices))
    window.faults.notices.clear()


def test_a_file_that_cannot_be_opened_leaves_the_project_that_is(
    make_window, small_project, tmp_path, qtbot
):
    window = make_window(small_project)
    settle(window.session)
    assert not window.open_path(tmp_path / "none.audit")
    qtbot.waitUntil(lambda: bool(window.faults.notices))
    window.faults.notices.clear()
    assert window.session.path == small_project
    settle(window.session)


@pytest.mark.parametrize("text", ["~nobody-of-this-name/x", "x" * 5000, "a\\b|c", "."])
def test_any_text_may_be_typed_as_a_path(qtbot, text):
    field = PathField("File", "")
    qtbot.addWidget(field)
    field.edit.setText(text)
    assert field.fault().startswith("There is no file")


def test_a_task_that_is_over_leaves_the_lanes_but_keeps_its_result(
    make_session, data_project, qtbot
):
    session = make_session(data_project)
    task = Task("Explaining", session.compute)
    session.compute._add(task)
    task.end(RunStatus.DONE, result={"n": 1})
    qtbot.waitUntil(lambda: task not in session.compute.findChildren(QObject))
    assert task.result == {"n": 1}
    assert task.is_over
    settle(session)


def test_a_task_that_just_ended_does_not_keep_the_session(data_project, tiny_plan, qapp):
    """Qt would tear down the session in the middle of tearing down the task, and die."""
    session = Session(data_project, Faults(), Settings(), in_process=True)
    settle(session)
    task = PlanTask(plan_from(tiny_plan), session.compute)
    task.kept = "Everything is kept."
    session.compute._add(task)
    task.end(RunStatus.ERROR, fault=WorkbenchError("The lane burnt down."))
    (notice,) = session.faults.notices
    assert notice.kept == "Everything is kept."
    session.close()
    gone = weakref.ref(session)
    del session, task, notice
    assert gone() is None
    qapp.processEvents()
