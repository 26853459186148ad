"""The parts of the frame: messages, command palette, settings, background work, log."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QDialogButtonBox, QLineEdit, QWidget

from workbench.core.errors import DataError
from workbench.core.vocabulary import RunStatus
from workbench.gui.command_palette import ActionListModel, CommandPalette, match_score
from workbench.gui.faults import Notice, notice_of
from workbench.gui.message_bar import MessageBar, NoticeDetails
from workbench.gui.session.tasks import Task
from workbench.gui.settings import Settings
from workbench.gui.settings_dialog import SettingsDialog
from workbench.gui.task_widgets import StopButton, TaskList, TaskRow, TaskStrip, time_left
from workbench.gui.theme import theme
from workbench.gui.widgets.log_view import LogView

WARN = QAbstractItemModelTester.FailureReportingMode.Warning


# Messages.


@pytest.fixture
def bar(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 200)
    typing = QLineEdit(window)
    bar = MessageBar(window)
    bar.resize(900, 80)
    window.show()
    typing.setFocus()
    yield bar
    window.close()


def test_a_notice_is_shown_without_taking_the_focus(bar):
    focused = bar.window().focusWidget()
    bar.show_notice(Notice("The disk is full.", "Finished runs are kept.", "Make room."))
    assert bar.isVisible()
    assert bar.window().focusWidget() is focused
    assert bar.accessibleDescription() == "The disk is full. Finished runs are kept. Make room."


def test_several_notices_are_counted_and_closed_one_by_one(bar, qtbot):
    for n in range(3):
        bar.show_notice(Notice(f"Fault {n}."))
    seen = []
    while bar.isVisible():
        seen.append((bar.notice.message, bar._more.text() if bar._more.isVisible() else ""))
        qtbot.mouseClick(bar._close, Qt.MouseButton.LeftButton)
    assert seen == [("Fault 2.", "2 more"), ("Fault 1.", "1 more"), ("Fault 0.", "")]
    assert bar.notice is None


def test_debug_info_is_copied_and_details_are_shown(bar, qapp, qtbot):
    bar.show_notice(notice_of(DataError("Row 7 has no label.", remedy="Label it."), "All is kept."))
    bar.copy_debug_info()
    copied = qapp.clipboard().text()
    assert "Row 7 has no label." in copied
    assert "Python" in copied
    bar.show_details()
    (details,) = bar.findChildren(NoticeDetails)
    assert details.isVisible()
    details.close()


def test_an_information_has_nothing_to_debug(bar):
    bar.show_notice(Notice("All runs are done.", is_fault=False))
    assert not bar._copy.isVisible()
    assert not bar._details.isVisible()
    theme.changed.emit()
    assert bar.isVisible()


# Command palette.


@pytest.mark.parametrize(
    ("typed", "better", "worse"),
    [
        ("op", "Open project…", "Stop all runs"),
        ("sr", "Stop runs", "Restore"),
        ("exp", "Export report…", "Next page"),
        ("RUN", "Runs", "Redo undo now"),
    ],
)
def test_starts_of_words_and_sequences_win(typed, better, worse):
    assert match_score(typed, better) > (match_score(typed, worse) or 0)


def test_letters_that_are_not_there_do_not_match():
    assert match_score("zq", "Open project…") is None
    assert match_score("", "Open project…") == 0


@pytest.fixture
def actions(qapp):
    owner = QWidget()
    made = {}
    for title, shortcut in (("Open project…", "Ctrl+O"), ("&Runs", ""), ("Stop all runs", "")):
        action = QAction(title, owner)
        action.setShortcut(QKeySequence(shortcut))
        made[title] = action
    made["Stop all runs"].setEnabled(False)
    made["Stop all runs"].setToolTip("No plan is running")
    yield list(made.values())
    owner.deleteLater()


def test_the_list_of_actions_is_a_sound_model(actions):
    model = ActionListModel(actions)
    tester = QAbstractItemModelTester(model, WARN)
    for typed in ("run", "zz", ""):
        model.filter(typed)
    assert model.rowCount() == 3
    assert tester.failureReportingMode() is WARN


def test_an_action_is_found_and_done_by_keyboard_alone(actions, qtbot):
    palette = CommandPalette(actions)
    qtbot.addWidget(palette)
    palette.show()
    qtbot.keyClicks(palette._typed, "runs")
    assert [palette._model.index(row).data() for row in range(2)] == ["Runs", "Stop all runs"]
    with qtbot.waitSignal(actions[1].triggered):
        qtbot.keyClick(palette._typed, Qt.Key.Key_Return)


def test_an_action_that_cannot_be_done_says_why_and_does_nothing(actions, qtbot):
    palette = CommandPalette(actions)
    qtbot.addWidget(palette)
    palette.show()
    qtbot.keyClicks(palette._typed, "stop")
    assert palette._typed.accessibleDescription() == "Stop all runs, No plan is running"
    with qtbot.assertNotEmitted(actions[2].triggered):
        qtbot.keyClick(palette._typed, Qt.Key.Key_Return)
    assert palette.isVisible()
    with qtbot.waitSignal(palette.rejected):
        qtbot.keyClick(palette._typed, Qt.Key.Key_Escape)


def test_the_arrow_keys_move_within_the_list(actions, qtbot):
    palette = CommandPalette(actions)
    qtbot.addWidget(palette)
    palette.show()
    for key, row in ((Qt.Key.Key_Down, 1), (Qt.Key.Key_PageDown, 2), (Qt.Key.Key_PageUp, 0)):
        qtbot.keyClick(palette._typed, key)
        assert palette._list.currentIndex().row() == row
    qtbot.keyClicks(palette._typed, "zzz")
    qtbot.keyClick(palette._typed, Qt.Key.Key_Return)
    assert palette.isVisible()


# Settings.


def settings_dialog(qtbot, **settings):
    dialog = SettingsDialog(Settings(**settings))
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def may_accept(dialog):
    return dialog._buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()


def test_settings_are_changed_in_a_copy(qtbot, tmp_path):
    before = Settings(theme="dark", recent=("a.audit",), jobs=3)
    dialog = SettingsDialog(before)
    qtbot.addWidget(dialog)
    assert dialog.changed_settings() == before
    assert not dialog.needs_reopening
    dialog._theme.setCurrentIndex(1)
    dialog._jobs.setValue(0)
    dialog.add_folder(tmp_path)
    dialog.add_folder(tmp_path)
    changed = dialog.changed_settings()
    assert (changed.theme, changed.jobs) == ("light", None)
    assert changed.plugin_folders == (str(tmp_path),)
    assert changed.recent == before.recent
    assert before.jobs == 3
    assert dialog.needs_reopening


@pytest.mark.parametrize(
    ("device", "is_right"),
    [("cpu", True), ("cuda:1", True), (" auto ", True), ("cuda:", False), ("gpu", False)],
)
def test_a_device_that_cannot_be_is_refused_beside_its_field(qtbot, device, is_right):
    dialog = settings_dialog(qtbot)
    dialog._device.setEditText(device)
    assert may_accept(dialog) is is_right
    assert dialog._device_fault.isVisible() is not is_right


def test_a_plugin_folder_that_is_gone_must_be_removed(qtbot, tmp_path):
    dialog = settings_dialog(qtbot, plugin_folders=(str(tmp_path / "gone"),))
    assert not may_accept(dialog)
    assert "gone" in dialog._folder_fault.text()
    dialog._folders.setCurrentRow(0)
    qtbot.mouseClick(dialog._remove, Qt.MouseButton.LeftButton)
    assert may_accept(dialog)


# Background work.


class Stubborn(Task):
    """Stops only when it is forced."""

    may_be_forced = False

    @property
    def can_force(self):
        return self.may_be_forced

    def force(self):
        self.end(RunStatus.CANCELLED)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (3, "less than a minute left"),
        (61, "about 1 min left"),
        (5400, "about 90 min left"),
        (7300, "about 2 h left"),
    ],
)
def test_time_left_is_told_as_a_person_would(seconds, words):
    assert time_left(seconds) == words


def test_a_task_is_stopped_and_forced_only_once_it_is_due(qtbot):
    task = Stubborn("Training a model")
    button = StopButton()
    qtbot.addWidget(button)
    button.follow(task)
    assert (button.text(), button.isEnabled()) == ("Stop", True)
    button.click()
    assert task.is_stopping
    assert (button.text(), button.isEnabled()) == ("Stopping…", False)
    task.may_be_forced = True
    button.show_state()
    assert (button.text(), button.isEnabled()) == ("Force stop", True)
    button.click()
    assert task.is_over


def test_a_row_tells_the_share_and_the_step_of_its_task(qtbot):
    task = Stubborn("Training a model")
    row = TaskRow(task)
    qtbot.addWidget(row)
    assert row.bar.maximum() == 0  # moves to and fro
    task.progress.share, task.progress.text = 0.5, "epoch 3 of 6"
    row.show_progress()
    assert row.bar.text() == "50 %"
    assert "epoch 3 of 6" in row._text.text()
    task.end(RunStatus.DONE)


@pytest.mark.qt_log_ignore("This plugin does not support")  # popups on the offscreen platform
def test_the_strip_shows_what_is_under_way_and_then_the_device(empty_project, make_session, qtbot):
    session = make_session(empty_project)
    strip = TaskStrip(session.compute)
    qtbot.addWidget(strip)
    strip.show()
    assert strip._device.text() == "Compute lane not started"
    assert not strip._stop.isVisible()
    session.compute.warm_up()
    assert strip.foremost is not None
    assert strip._open.text() == "Starting the compute lane"
    strip.show_all()
    (tasks,) = strip.findChildren(TaskList)
    assert len(tasks.rows) == 1
    qtbot.waitUntil(lambda: session.compute.device != "", timeout=30_000)
    qtbot.waitUntil(lambda: not session.compute.tasks)
    assert strip._device.text() == "Computes on cpu, idle"
    assert not strip._stop.isVisible()
    assert tasks.rows == ()
    tasks.close()


# Log.


@pytest.fixture
def log(qtbot):
    view = LogView()
    qtbot.addWidget(view)
    view.resize(300, 120)
    view.show()
    view.set_lines(f"line {n}" for n in range(100))
    return view


def test_a_log_follows_its_newest_line_until_the_reader_scrolls(log):
    assert log.follows
    log.append_line("newest")
    assert log.follows
    log.verticalScrollBar().setValue(3)
    log.append_line("newer still")
    assert log.verticalScrollBar().value() == 3
    assert log.toPlainText().endswith("newer still")


def test_a_log_keeps_its_last_lines_and_gives_them_all(log, qapp):
    log.set_lines(f"line {n}" for n in range(6000))
    assert log.blockCount() == 5000
    log.copy_all()
    lines = qapp.clipboard().text().splitlines()
    assert (lines[0], lines[-1]) == ("line 1000", "line 5999")
