"""The start page asks for a project, by mouse, keyboard or drop, and opens none itself."""

import os

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from workbench.gui.settings import Settings
from workbench.gui.start_page import StartPage, recent_project


@pytest.fixture
def files(tmp_path):
    made = [tmp_path / "first.audit", tmp_path / "second.audit"]
    for file in made:
        file.touch()
    return made


@pytest.fixture
def page(files, tmp_path, qtbot):
    recent = (*map(str, files), str(tmp_path / "gone.audit"))
    made = StartPage(Settings(recent=recent))
    qtbot.addWidget(made)
    made.resize(1024, 620)
    made.show()
    return made


def dropping(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop_on(page, data):
    """Drag over the page and let go; whether the page took it."""
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter = QDragEnterEvent(QPointF(9, 9).toPoint(), copy, data, left, none)
    enter.ignore()
    page.dragEnterEvent(enter)
    if enter.isAccepted():
        page.dropEvent(QDropEvent(QPointF(9, 9), copy, data, left, none))
    return enter.isAccepted()


def test_each_choice_asks_for_its_thing_by_mouse_and_key(page, qtbot):
    asked = (page.demo_requested, page.new_requested, page.browse_requested)
    for choice, signal in zip(page.choices, asked, strict=True):
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(choice, Qt.MouseButton.LeftButton)
        with qtbot.waitSignal(signal):
            qtbot.keyClick(choice, Qt.Key.Key_Space)
        assert choice.accessibleName()
        assert choice.accessibleDescription()


def test_recent_projects_are_told_apart_from_those_that_are_gone(page, tmp_path):
    told = [
        page.recent.item(row).data(Qt.ItemDataRole.AccessibleTextRole)
        for row in range(page.recent.count())
    ]
    assert [text.partition(",")[0] for text in told] == ["first", "second", "gone"]
    assert told[2].endswith("No longer there")
    assert str(tmp_path) in told[0]


def test_a_recent_project_is_opened_by_enter_and_one_that_is_gone_is_not(page, files, qtbot):
    page.recent.setCurrentRow(1)
    with qtbot.waitSignal(page.open_requested) as asked:
        page.recent.itemActivated.emit(page.recent.currentItem())
    assert asked.args == [files[1]]
    with qtbot.assertNotEmitted(page.open_requested):
        page.recent.itemActivated.emit(page.recent.item(2))


def test_a_project_is_taken_off_the_list_and_stays_on_disk(page, files):
    page.recent.setCurrentRow(0)
    page.forget_chosen()
    assert page.recent.count() == 2
    assert str(files[0]) not in page.settings.recent
    assert files[0].exists()


def test_without_recent_projects_the_page_says_so(qtbot):
    page = StartPage(Settings())
    qtbot.addWidget(page)
    page.show()
    assert not page.recent.isVisible()
    page.forget_chosen()


def test_a_project_that_was_opened_meanwhile_is_listed_when_the_page_is_shown(page, tmp_path):
    page.hide()
    page.settings.remember(tmp_path / "third.audit")
    page.show()
    assert page.recent.item(0).text() == "third"


def test_a_dropped_project_is_opened(page, files, qtbot):
    with qtbot.waitSignal(page.open_requested) as asked:
        assert drop_on(page, dropping(files[0]))
    assert asked.args == [files[0]]


def test_other_files_are_not_taken(page, tmp_path, qtbot):
    with qtbot.assertNotEmitted(page.open_requested):
        assert not drop_on(page, dropping(tmp_path / "weights.safetensors"))
        assert not drop_on(page, QMimeData())


def test_the_date_is_that_of_the_file(tmp_path):
    file = tmp_path / "a.audit"
    file.touch()
    os.utime(file, (0, 86_400 * 365))
    assert "1971" in recent_project(str(file)).note
    assert recent_project(str(tmp_path / "b.audit")).modified is None
