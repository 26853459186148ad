"""The privacy page: its numbers are those of the project, and never those of another choice."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QWidget

from workbench.core.vocabulary import RunRole
from workbench.gui.pages.compared_runs import ComparedRuns
from workbench.gui.pages.privacy.contents import RATES, read_attack
from workbench.gui.pages.privacy.page import PrivacyPage
from workbench.gui.session.choice import read_options
from workbench.metrics.membership import auc
from workbench.registry import Registry
from workbench.store import Project


def read(project, **changes):
    plan = read_options(project)[0]
    forget_set = next(iter(plan.forget_sets))
    of_role = {
        role: tuple(run for run in plan.runs_on(forget_set) if run.role is role) for role in RunRole
    }
    runs = ComparedRuns(
        changes.pop("a", of_role[RunRole.ORIGINAL][0]),
        changes.pop("b", of_role[RunRole.CANDIDATE][0]),
        of_role[RunRole.ORIGINAL][0],
        of_role[RunRole.REFERENCE],
    )
    asked = {"plan_id": plan.id, "forget_set_id": forget_set, "attack": "loss", **changes}
    return read_attack(project, Registry.discover(), runs, **asked)


@pytest.fixture
def view(small_project):
    with Project.open(small_project, read_only=True) as project:
        yield read(project)


@pytest.fixture
def open_page(make_session, qtbot):
    """Show the page of a project inside a window. The test holds it, and nothing after."""
    windows = []

    def make(path):
        window = QWidget()
        qtbot.addWidget(window)
        windows.append(window)
        page = PrivacyPage(make_session(path), window)
        window.resize(800, 560)
        page.resize(800, 560)
        window.show()
        qtbot.waitUntil(lambda: page.session.reader.is_idle)
        return page

    yield make
    windows.clear()


def stored_auc(path, run_id, attack):
    with Project.open(path, read_only=True) as project:
        return project.row(
            "SELECT value FROM metric WHERE run_id = ? AND name = 'membership_auc' "
            "AND group_key = ?",
            run_id,
            attack,
        )["value"]


def test_aucs_are_the_stored_ones_and_belong_to_the_scores(view, small_project):
    shown = [view.a, view.b, *view.references]
    assert len(shown) == 5
    for model in shown:
        assert model.auc.value == stored_auc(small_project, model.run.id, "loss")
        assert auc(model.forget, model.non_members) == pytest.approx(model.auc.value, abs=1e-12)


def test_original_is_not_shown_twice(view):
    assert view.a.run.role is RunRole.ORIGINAL
    assert view.original is None
    assert view.models == (view.a, view.b)


def test_called_rows_are_those_above_the_threshold(view):
    for threshold in (view.axis.edges[0], view.threshold, float(view.b.forget[1])):
        called = view.b.called(threshold)
        assert called.hits == (view.b.forget > threshold).sum()
        assert called.false_alarms == (view.b.non_members > threshold).sum()
        assert called.advantage == pytest.approx(called.tpr - called.fpr)


def test_first_threshold_calls_at_most_one_in_ten_non_members(view):
    assert view.b.called(view.threshold).fpr <= 0.1


def test_rate_that_needs_more_non_members_says_so(view):
    by_rate = dict(zip(RATES, view.b.fixed, strict=True))
    assert by_rate[0.001].value is None
    assert "needs at least 1000 non-members" in by_rate[0.001].reason


def test_band_holds_every_retrained_curve(view):
    assert np.all(view.band.low <= view.band.high)
    assert view.band.low[-1] == view.band.high[-1] == 1
    for model in view.references:
        for fpr, tpr in zip(model.fpr, model.tpr, strict=True):
            place = np.abs(view.band.fpr - fpr).argmin()
            assert tpr <= view.band.high[place] + 1e-6


def test_histograms_count_every_row(view):
    for model in (*view.models, *view.references):
        assert model.forget_shares.sum() == pytest.approx(1, abs=1e-4)
        assert model.non_member_shares.sum() == pytest.approx(1, abs=1e-4)


def test_attack_of_another_plan_gives_the_first_of_this_one(small_project):
    with Project.open(small_project, read_only=True) as project:
        assert read(project, attack="margin").attack == "loss"


def test_missing_plugin_is_said(view, small_project):
    with Project.open(small_project, read_only=True) as project:
        assert "loss are called members" in read(project).attacker
        plan = read_options(project)[0]
        runs = ComparedRuns(plan.runs[0], None, None, ())
        alone = read_attack(
            project,
            Registry([]),
            runs,
            plan_id=plan.id,
            forget_set_id=next(iter(plan.forget_sets)),
            attack="loss",
        )
    assert "not installed" in alone.attacker
    assert alone.b is None
    assert alone.band is None


def row_of_table(page, title):
    """The row of the table with this title, by the name of the model."""
    table = page._numbers
    titles = [table.verticalHeaderItem(row).text() for row in range(table.rowCount())]
    row = titles.index(title)
    return {
        table.horizontalHeaderItem(column).text(): table.item(row, column).text()
        for column in range(table.columnCount())
    }


def test_page_shows_the_stored_auc(open_page, small_project):
    page = open_page(small_project)
    run = page.session.choice.b
    expected = f"{stored_auc(small_project, run.id, 'loss'):.3f}"
    row = row_of_table(page, "AUC")
    assert row["B"] == expected
    low, high = row_of_table(page, "95 % interval")["B"].split(" to ")
    assert float(low) < float(expected) < float(high)


def test_threshold_follows_spin_box_and_line(open_page, small_project, qtbot):
    page = open_page(small_project)
    axis = page.view.axis
    high, chosen = axis.edges[-1], axis.edges[8]
    page._histograms.charts[1].threshold_moved.emit(chosen)
    assert page._spin.value() == pytest.approx(chosen, abs=10**-axis.decimals)
    assert page._threshold == pytest.approx(chosen)
    called = page.view.b.called(page._threshold)
    assert f"{called.hits} of {called.n_forget} forget rows" in page._sentence.text()
    page._spin.setValue(high)
    assert page._threshold == pytest.approx(high, abs=10**-axis.decimals)
    page.reset_threshold()
    assert page._threshold == page.view.threshold


def test_threshold_follows_arrow_keys(open_page, small_project, qtbot):
    page = open_page(small_project)
    before = page._threshold
    QTest.keyClick(page._histograms.charts[0], Qt.Key.Key_Left)
    assert page._threshold < before
    QTest.keyClick(page._histograms.charts[2], Qt.Key.Key_Right)
    assert page._threshold == pytest.approx(before)


def test_rapid_switching_ends_with_the_last_choice(open_page, small_project, qtbot):
    page = open_page(small_project)
    choice = page.session.choice
    candidates = [run for run in choice.plan.runs if run.role is not RunRole.ORIGINAL]
    for round_ in range(3):
        for run in candidates:
            choice.set(b=run.id)
            page._attacks.setCurrentIndex(round_ % 2)
            page._choose_attack()
    last, attack = choice.b, page._attacks.currentData()
    qtbot.waitUntil(lambda: page.session.reader.is_idle)
    assert page.view.b.run == last
    assert page.view.attack == attack
    assert page._attacks.currentData() == attack
    assert last.title in page._histograms._titles[1].text()


@pytest.mark.parametrize("name", ["empty_project", "data_project"])
def test_says_what_is_missing(name, request, open_page):
    page = open_page(request.getfixturevalue(name))
    assert page._empty.isVisible()
    assert page.view is None


def test_controls_have_names_and_take_the_keyboard(open_page, small_project):
    page = open_page(small_project)
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox):
        for widget in page.findChildren(kind):
            if widget.isVisible() and not widget.objectName().startswith("qt_"):
                assert widget.accessibleName(), widget
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
