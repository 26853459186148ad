import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

from workbench.core.selection import CombineMode
from workbench.gui.background import Background
from workbench.gui.faults import Faults
from workbench.gui.widgets.gallery import GalleryModel, GalleryView
from workbench.gui.widgets.thumbnails import Thumbnails, images_of
from workbench.gui.widgets.tile_painting import TileRole

NAMES = ("cat", "dog")
LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Pictures:
    """A source that notes which rows it was asked for, and can be held up."""

    def __init__(self):
        self.asked = []
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, rows):
        self.asked.append(rows.tolist())
        self.may_go_on.wait(10)
        return [QImage(8, 8, QImage.Format.Format_Grayscale8) for _ in rows]


@pytest.fixture
def background(qapp):
    made = Background("reader", Faults())
    yield made
    made.close()


@pytest.fixture
def pictures():
    return Pictures()


@pytest.fixture
def thumbnails(background, pictures):
    return Thumbnails(background, pictures)


@pytest.fixture
def model(thumbnails):
    made = GalleryModel(thumbnails)
    made.set_rows(np.arange(100, 140), np.arange(40) % 2, NAMES)
    made.set_badges([QColor("red"), QColor("blue")])
    selected = np.zeros(200, dtype=bool)
    selected[[103, 104]] = True
    made.set_selected(selected)
    return made


@pytest.fixture
def view(qtbot, model):
    made = GalleryView(model)
    qtbot.addWidget(made)
    made.resize(560, 420)
    made.show()
    made.setFocus()
    return made


def place_of(view, row):
    return view.visualRect(view.model().index_of(row)).center()


def click(qtbot, view, row, keys=Qt.KeyboardModifier.NoModifier):
    with qtbot.waitSignal(view.picked) as picked:
        qtbot.mouseClick(view.viewport(), LEFT, keys, place_of(view, row))
    return picked.args


def press(qtbot, view, key, keys=Qt.KeyboardModifier.NoModifier):
    with qtbot.waitSignal(view.picked) as picked:
        qtbot.keyClick(view, key, keys)
    return picked.args


def test_the_model_keeps_the_rules_of_models(qtmodeltester, model):
    qtmodeltester.check(model)


def test_a_tile_says_everything_about_its_row(qtbot, model, thumbnails):
    index = model.index_of(103)
    assert index.data(TileRole.ROW) == 103
    assert index.data(TileRole.CLASS_ID) == 1
    assert index.data(TileRole.IS_SELECTED) is True
    assert index.data(TileRole.BADGE) == QColor("blue")
    assert index.data() == "#103 · dog"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Row 103, class dog, selected"
    assert index.data(TileRole.PICTURE) is None
    qtbot.waitSignal(thumbnails.arrived).wait()
    assert index.data(TileRole.PICTURE).width() == 8
    assert not model.index_of(5).isValid()


def test_changes_are_announced(qtbot, model):
    with qtbot.waitSignal(model.dataChanged):
        model.set_selected(np.ones(200, dtype=bool))
    with qtbot.waitSignal(model.modelReset):
        model.set_rows(np.arange(3), np.zeros(3, dtype=np.int64), NAMES)
    assert model.rowCount() == 3


def test_a_click_picks_in_the_mode_the_user_has_set(qtbot, view):
    assert click(qtbot, view, 102) == [[102], None]
    assert click(qtbot, view, 105, SHIFT) == [[102, 103, 104, 105], None]


def test_ctrl_and_space_switch_one_row(qtbot, view):
    assert click(qtbot, view, 101, CTRL) == [[101], CombineMode.ADD]
    assert click(qtbot, view, 103, CTRL) == [[103], CombineMode.SUBTRACT]
    view.show_row(104)
    assert press(qtbot, view, Qt.Key.Key_Space) == [[104], CombineMode.SUBTRACT]


def test_arrows_move_and_with_shift_pick(qtbot, view):
    view.show_row(106)
    with qtbot.assertNotEmitted(view.picked):
        qtbot.keyClick(view, Qt.Key.Key_Right)
    assert view.currentIndex().data(TileRole.ROW) == 107
    assert press(qtbot, view, Qt.Key.Key_Right, SHIFT) == [[107, 108], None]
    assert press(qtbot, view, Qt.Key.Key_Right, SHIFT) == [[107, 108, 109], None]


def test_all_rows_can_be_picked_at_once(qtbot, view):
    assert press(qtbot, view, Qt.Key.Key_A, CTRL) == [list(range(100, 140)), None]


def test_a_frame_picks_what_it_touches(qtbot, view):
    start, end = place_of(view, 101), place_of(view, 108)
    columns = view.viewport().width() // view.gridSize().width()
    assert columns == 6
    qtbot.mousePress(view.viewport(), LEFT, pos=start)
    qtbot.mouseMove(view.viewport(), (start + end) / 2)
    qtbot.mouseMove(view.viewport(), end)
    with qtbot.waitSignal(view.picked) as picked:
        qtbot.mouseRelease(view.viewport(), LEFT, pos=end)
    assert picked.args == [[101, 102, 107, 108], None]


def test_selected_tiles_look_different_and_sizes_follow(qtbot, view, model):
    width = view.visualRect(model.index(0)).width()
    before = view.grab().toImage()
    model.set_selected(np.zeros(200, dtype=bool))
    assert view.grab().toImage() != before
    view.set_tile_size(120)
    assert view.visualRect(model.index(0)).width() == width + 48


def test_of_many_rows_only_visible_ones_are_pictured(qtbot, view, model, thumbnails, pictures):
    with qtbot.waitSignal(thumbnails.arrived):
        model.set_rows(np.arange(100_000), np.zeros(100_000, dtype=np.int64), NAMES)
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    qtbot.waitUntil(lambda: any(99_999 in rows for rows in pictures.asked))
    assert sum(map(len, pictures.asked)) < 200


def test_rows_that_were_scrolled_away_are_not_pictured(qtbot, view, model, thumbnails, pictures):
    qtbot.waitUntil(lambda: bool(pictures.asked))
    pictures.may_go_on.clear()
    model.set_rows(np.arange(50_000), np.zeros(50_000, dtype=np.int64), NAMES)
    bar = view.verticalScrollBar()
    qtbot.waitUntil(lambda: pictures.asked[-1][0] == 0)
    for place in (0.2, 0.4, 0.6, 0.8, 1.0):
        bar.setValue(round(place * bar.maximum()))
        view.viewport().repaint()
    pictures.may_go_on.set()
    last = model.index_of(49_999)
    qtbot.waitUntil(lambda: last.data(TileRole.PICTURE) is not None)
    asked = {row for rows in pictures.asked for row in rows}
    assert not asked & set(range(9_900, 10_200))


def test_a_closed_gallery_is_gone(leak_check, background, pictures):
    thumbnails = Thumbnails(background, pictures)
    view = GalleryView(GalleryModel(thumbnails))
    for made in (thumbnails, view):
        leak_check.watch(made)
        made.deleteLater()


def test_room_for_pictures_is_bounded(qtbot, background, pictures):
    one = QImage(8, 8, QImage.Format.Format_Grayscale8).sizeInBytes()
    thumbnails = Thumbnails(background, pictures, room=10 * one)
    for row in range(30):
        with qtbot.waitSignal(thumbnails.arrived):
            assert thumbnails.picture(row) is None
    kept = [row for row in range(30) if thumbnails.picture(row) is not None]
    assert kept == list(range(20, 30))


def test_a_source_that_fails_is_reported_once_and_leaves_empty_pictures(qtbot, background):
    def broken(rows):
        raise OSError("gone")

    thumbnails = Thumbnails(background, broken)
    with qtbot.waitSignal(thumbnails.failed) as failed:
        thumbnails.picture(1)
    assert isinstance(failed.args[0], OSError)
    assert thumbnails.picture(1).isNull()


def test_another_source_starts_afresh(qtbot, thumbnails, pictures):
    with qtbot.waitSignal(thumbnails.arrived):
        thumbnails.picture(1)
    pictures.may_go_on.clear()
    thumbnails.picture(2)
    qtbot.waitUntil(lambda: len(pictures.asked) == 2)
    other = Pictures()
    thumbnails.set_source(other)
    pictures.may_go_on.set()
    with qtbot.waitSignal(thumbnails.arrived):
        assert thumbnails.picture(1) is None
    assert other.asked == [[1]]


@pytest.mark.parametrize(
    ("shape", "size", "is_grey"),
    [
        ((3, 8, 8), (8, 8), True),
        ((3, 1, 6, 8), (8, 6), True),
        ((3, 3, 300, 300), (100, 100), False),
    ],
)
def test_images_become_pictures(shape, size, is_grey):
    inputs = np.full(shape, 16, dtype=np.uint8)
    inputs[0] = 8
    dim, bright, _ = images_of(inputs, white=16.0)
    assert (bright.width(), bright.height()) == size
    assert bright.isGrayscale()
    assert (bright.format() == QImage.Format.Format_Grayscale8) is is_grey
    assert bright.pixelColor(1, 1) == QColor("white")
    assert dim.pixelColor(1, 1).value() in (127, 128)


@pytest.mark.parametrize("shape", [(2, 5), (2, 300), (2, 4, 3, 3)])
def test_other_inputs_become_strips(shape):
    inputs = np.random.default_rng(0).normal(size=shape)
    for picture in images_of(inputs):
        assert 0 < picture.width() <= 64
        assert picture.height() >= 4


def test_values_that_are_not_finite_spoil_no_picture():
    inputs = np.array([[[0.0, np.nan], [np.inf, 1.0]], np.full((2, 2), np.nan)])
    first, second = images_of(inputs)
    assert first.pixelColor(1, 1) == QColor("white")
    assert first.pixelColor(1, 0) == first.pixelColor(0, 1) == QColor("black")
    assert second.pixelColor(0, 0) == QColor("black")
