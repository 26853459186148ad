import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor

from workbench.core.polygon import points_inside
from workbench.gui.background import Background
from workbench.gui.faults import Faults
from workbench.gui.widgets.point_cloud import PointCloud
from workbench.gui.widgets.point_raster import Frame, Look, arrange, draw

RED, BLUE = QColor(200, 30, 30), QColor(30, 30, 200)
LOOK = Look((RED, BLUE), ground=QColor("white"), ink=QColor("black"))
X = np.array([0.0, 1.0, 0.0, 1.0, 0.5])
Y = np.array([0.0, 0.0, 1.0, 1.0, 0.5])
COLOUR = np.array([0, 1, 0, 1, 0], dtype=np.uint8)


@pytest.fixture
def background(qapp):
    made = Background("reader", Faults())
    yield made
    made.close()


@pytest.fixture
def cloud(qtbot, background):
    made = PointCloud(background)
    qtbot.addWidget(made)
    made.resize(500, 400)
    made.show()
    with qtbot.waitSignal(made.drawn):
        made.set_points(X, Y, COLOUR, LOOK.colours)
    return made


def place_of(cloud, x, y):
    plane = cloud.getPlotItem().getViewBox()
    return cloud.mapFromScene(plane.mapViewToScene(QPointF(x, y)))


def view_of(cloud):
    return cloud.getPlotItem().getViewBox().viewRect()


def move(qtbot, cloud, place):
    qtbot.wait(15)  # pyqtgraph drops moves that follow each other faster
    qtbot.mouseMove(cloud.viewport(), place)


def drag(qtbot, cloud, places):
    viewport = cloud.viewport()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        move(qtbot, cloud, place)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=places[-1])


def pixels_of(points, highlighted=None, *, area=None, ratio=1.0):
    frame = Frame(area or QRectF(-1, -1, 3, 3), round(300 * ratio), round(300 * ratio), ratio)
    image = draw(points, highlighted, frame, LOOK)
    argb = np.frombuffer(image.constBits(), dtype=np.uint32).copy()
    return argb.reshape(image.height(), image.width())


@pytest.mark.parametrize("index", range(5))
def test_a_click_finds_the_point_it_is_near(qtbot, cloud, index):
    place = place_of(cloud, X[index], Y[index]) + QPoint(4, -4)
    with qtbot.waitSignal(cloud.clicked) as clicked:
        qtbot.mouseClick(cloud.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert clicked.args == [index]


def test_a_click_beside_all_points_finds_none(qtbot, cloud):
    place = place_of(cloud, 0.5, 0.5) + QPoint(9, 0)
    with qtbot.assertNotEmitted(cloud.clicked):
        qtbot.mouseClick(cloud.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_a_lasso_is_a_polygon_around_the_points_it_was_drawn_around(qtbot, cloud):
    cloud.set_lasso(True)
    view = view_of(cloud)
    around = [(-0.03, -0.03), (0.3, -0.03), (0.7, 0.5), (0.3, 1.03), (-0.03, 1.03)]
    with qtbot.waitSignal(cloud.lassoed) as lassoed:
        drag(qtbot, cloud, [place_of(cloud, x, y) for x, y in around])
    inside = points_inside(X, Y, lassoed.args[0])
    assert inside.tolist() == [True, False, True, False, True]
    assert view_of(cloud) == view


def test_escape_gives_up_a_lasso(qtbot, cloud):
    cloud.set_lasso(True)
    corners = [place_of(cloud, x, y) for x, y in [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)]]
    with qtbot.assertNotEmitted(cloud.lassoed):
        qtbot.mousePress(cloud.viewport(), Qt.MouseButton.LeftButton, pos=corners[0])
        for corner in corners[1:]:
            move(qtbot, cloud, corner)
        qtbot.keyClick(cloud, Qt.Key.Key_Escape)
        qtbot.mouseRelease(cloud.viewport(), Qt.MouseButton.LeftButton, pos=corners[-1])


def test_without_the_lasso_a_drag_moves_the_view(qtbot, cloud):
    before = view_of(cloud)
    with qtbot.assertNotEmitted(cloud.lassoed), qtbot.waitSignal(cloud.drawn):
        drag(qtbot, cloud, [QPoint(200, 200), QPoint(230, 200), QPoint(260, 200)])
    assert view_of(cloud).left() < before.left()
    assert view_of(cloud).width() == pytest.approx(before.width())


def test_the_keyboard_moves_zooms_and_returns(qtbot, cloud):
    start = view_of(cloud)
    qtbot.keyClick(cloud, Qt.Key.Key_Right)
    qtbot.keyClick(cloud, Qt.Key.Key_Up)
    assert view_of(cloud).left() > start.left()
    assert view_of(cloud).top() > start.top()  # in data coordinates, so the upper end
    qtbot.keyClick(cloud, Qt.Key.Key_Plus)
    assert view_of(cloud).width() < start.width()
    qtbot.keyClick(cloud, Qt.Key.Key_Home)
    assert view_of(cloud).left() == pytest.approx(start.left())
    assert view_of(cloud).width() == pytest.approx(start.width())


def test_pointing_tells_what_is_there_until_the_pointer_leaves(qtbot, cloud):
    with qtbot.waitSignal(cloud.hovered) as hovered:
        move(qtbot, cloud, place_of(cloud, 1, 1) + QPoint(2, 2))
    assert hovered.args == [3]
    with qtbot.waitSignal(cloud.hovered) as hovered:
        move(qtbot, cloud, place_of(cloud, 0.25, 0.5))
    assert hovered.args == [-1]


def test_other_colours_at_the_same_places_keep_the_view(qtbot, cloud):
    qtbot.keyClick(cloud, Qt.Key.Key_Plus)
    view = view_of(cloud)
    with qtbot.waitSignal(cloud.drawn):
        cloud.set_points(X, Y, 1 - COLOUR, LOOK.colours)
    assert view_of(cloud) == view
    with qtbot.waitSignal(cloud.drawn):
        cloud.set_points(X + 50, Y, COLOUR, LOOK.colours)
    assert view_of(cloud).contains(QPointF(50.5, 0.5))


def test_only_the_last_points_are_shown(qtbot, cloud):
    with qtbot.waitSignal(cloud.drawn):
        cloud.set_points(X + 90, Y, COLOUR, LOOK.colours)
        cloud.set_points(X - 70, Y, COLOUR, LOOK.colours)
    assert view_of(cloud).contains(QPointF(-69.5, 0.5))


@pytest.mark.parametrize("count", [0, 1])
def test_few_points_or_none_are_no_fault(qtbot, cloud, count):
    with qtbot.waitSignal(cloud.drawn):
        cloud.set_points(X[:count], Y[:count], COLOUR[:count], LOOK.colours)
    assert view_of(cloud).isValid()


def test_nothing_is_drawn_while_hidden(qtbot, cloud):
    cloud.hide()
    with qtbot.assertNotEmitted(cloud.drawn, wait=100):
        cloud.set_highlight(COLOUR == 1)
    with qtbot.waitSignal(cloud.drawn):
        cloud.show()


def test_the_picture_lies_where_the_points_are(qtbot, cloud):
    cloud.set_colours(*map(QColor, ("white", "black", "grey", "blue")))
    with qtbot.waitSignal(cloud.drawn):
        cloud.set_highlight(COLOUR == 1)
    shown = cloud.grab().toImage()
    assert shown.pixelColor(place_of(cloud, 1, 1)) == BLUE
    assert shown.pixelColor(place_of(cloud, 0, 1)) not in (RED, BLUE)


def test_a_closed_map_is_gone(qtbot, leak_check, background):
    cloud = PointCloud(background)
    leak_check.watch(cloud)
    cloud.show()
    with qtbot.waitSignal(cloud.drawn):
        cloud.set_points(X, Y, COLOUR, LOOK.colours)
    cloud.close()
    cloud.deleteLater()


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_points_are_drawn_at_their_place_in_their_colour(ratio):
    pixels = pixels_of(arrange(X, Y, COLOUR), ratio=ratio)
    for x, y, colour in zip(X, Y, COLOUR, strict=True):
        place = (int((2 - y) * 100 * ratio), int((x + 1) * 100 * ratio))
        assert pixels[place] == LOOK.colours[colour].rgba()
    assert pixels[5, 5] == 0


def test_no_class_hides_another():
    rng = np.random.default_rng(0)
    place = rng.normal(0.5, 0.05, (2, 20_000))
    colour = np.repeat(np.array([0, 1], dtype=np.uint8), 10_000)
    pixels = pixels_of(arrange(*place, colour))
    red, blue = ((pixels == one.rgba()).sum() for one in LOOK.colours)
    assert 0.8 < red / blue < 1.25


def test_highlighted_points_lie_on_top_with_a_ring_and_others_fade():
    here = np.full(50, 0.5)
    marked = np.zeros(50, dtype=bool)
    marked[7] = True
    colour = np.where(marked, 1, 0).astype(np.uint8)
    pixels = pixels_of(arrange(here, here, colour), marked)
    assert pixels[150, 150] == BLUE.rgba()
    assert (pixels == LOOK.ink.rgba()).any()
    plain = pixels_of(arrange(here, here, colour), np.zeros(50, dtype=bool))
    assert not (plain == RED.rgba()).any()


def test_points_outside_the_frame_and_without_a_place_are_left_out():
    x = np.array([np.nan, 0.5, np.inf, 40.0])
    y = np.array([0.5, np.nan, 0.5, 0.5])
    points = arrange(x, y, np.zeros(4, dtype=np.uint8))
    assert points.row.tolist() == [3]
    assert not pixels_of(points).any()


def test_a_point_halfway_over_the_edge_is_cut_there():
    points = arrange(X[:1], Y[:1], COLOUR[:1])
    pixels = pixels_of(points, area=QRectF(0, 0, 3, 3))
    assert pixels[-1, 0] == RED.rgba()
    assert not pixels[:, 20:].any()


def test_the_nearest_point_is_the_nearest_on_the_screen():
    points = arrange(X, Y, COLOUR)
    assert points.nearest(0.9, 0.1, 0.2, 0.2) == 1
    assert points.nearest(0.25, 0.5, 0.2, 0.2) is None
    assert points.nearest(0.8, 0.5, 0.1, 1.0) is None
    wide = arrange(np.array([0.0, 10.0]), np.array([0.0, 0.0]), COLOUR[:2])
    assert wide.nearest(6.0, 0.0, 8.0, 0.1) == 1
