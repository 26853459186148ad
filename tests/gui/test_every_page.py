"""What every page must keep, checked for each of them."""

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from workbench.gui.session.path_state import Step
from workbench.gui.testing import settle

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
)
EACH_PAGE = pytest.mark.parametrize("step", Step, ids=lambda step: step.name.lower())


def shown(make_window, project, step, size=(1024, 700)):
    window = make_window(project, size=size)
    page = window.page(step)
    settle(window.session)
    return window, page


def controls_of(page):
    """What a user can act on, without the inner parts of what Qt builds itself."""
    return [
        one
        for one in page.findChildren(QWidget)
        if isinstance(one, CONTROLS)
        and one.isVisibleTo(page)
        and not one.objectName().startswith("qt_")
        and not (one.parent().objectName() or "").startswith("qt_")
        and not isinstance(one.parent(), QAbstractSpinBox | QComboBox | QAbstractItemView)
    ]


@EACH_PAGE
@pytest.mark.parametrize("project", ["empty_project", "data_project", "small_project"])
def test_opens_on_any_project_and_fits_the_smallest_window(make_window, request, project, step):
    window, page = shown(make_window, request.getfixturevalue(project), step)
    assert (window.width(), window.height()) == (1024, 700)
    needed = page.minimumSizeHint()
    assert needed.width() <= page.width(), f"{step} needs {needed.width()} of {page.width()}"
    assert needed.height() <= page.height(), f"{step} needs {needed.height()} of {page.height()}"


@EACH_PAGE
@pytest.mark.parametrize("project", ["data_project", "small_project"])
def test_every_control_says_what_it_is(make_window, request, project, step):
    _, page = shown(make_window, request.getfixturevalue(project), step)
    nameless = [
        f"{type(one).__name__} {one.objectName()!r}"
        for one in controls_of(page)
        if not (one.accessibleName() or (isinstance(one, QAbstractButton) and one.text()))
    ]
    assert not nameless


@EACH_PAGE
def test_every_control_is_reached_by_keyboard(make_window, small_project, step):
    _, page = shown(make_window, small_project, step)
    unreachable = [
        f"{type(one).__name__} {one.accessibleName()!r}"
        for one in controls_of(page)
        if one.isEnabled()
        and not one.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not isinstance(one, QAbstractSlider)  # scroll bars: their views scroll by keys
    ]
    assert not unreachable


@EACH_PAGE
def test_tab_goes_from_top_to_bottom(make_window, small_project, step, qtbot):
    """Of two controls of which one is wholly above the other, tab reaches the upper one first."""
    _, page = shown(make_window, small_project, step)
    order, one = [], page.nextInFocusChain()
    while one is not page and len(order) < 1000:
        if one in controls_of(page) and one.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(one)
        one = one.nextInFocusChain()
    places = [one.mapTo(page, one.rect().topLeft()).y() for one in order]
    first_row, last_row = min(places, default=0), max(places, default=0)
    if order and last_row > first_row:
        assert places[0] <= first_row + (last_row - first_row) / 2, order[0].accessibleName()


@EACH_PAGE
def test_every_item_model_keeps_the_rules_of_qt(make_window, small_project, step):
    _, page = shown(make_window, small_project, step)
    models = {view.model() for view in page.findChildren(QAbstractItemView) if view.model()}
    models |= set(page.findChildren(QAbstractItemModel))
    for model in models:
        QAbstractItemModelTester(
            model, QAbstractItemModelTester.FailureReportingMode.Warning
        )  # a warning of Qt fails the test
        assert model.rowCount(QModelIndex()) >= 0


@EACH_PAGE
def test_a_hidden_page_does_not_ask(monkeypatch, make_window, small_project, step):
    window, page = shown(make_window, small_project, step)
    window.show_step(next(other for other in Step if other is not step))
    settle(window.session)
    asked = []
    monkeypatch.setattr(type(page), "refresh", lambda _: asked.append(step))
    window.session.changed.emit(frozenset(page.watches))
    assert not asked
    window.show_step(step)
    assert asked == ([step] if page.watches else [])
