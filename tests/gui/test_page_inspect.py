"""The inspect page: the row that was asked for, with the numbers and maps the project holds."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QWidget

from workbench.audit.plan import plan_from
from workbench.core.vocabulary import RunRole, Split
from workbench.gui.pages.compared_runs import ComparedRuns
from workbench.gui.pages.inspect.contents import Scope, read_compared, rows_in, view_row
from workbench.gui.pages.inspect.maps import MEAN, view_maps
from workbench.gui.pages.inspect.page import InspectPage
from workbench.gui.session.choice import read_options
from workbench.gui.widgets.heat_map import ColourBar, HeatMap
from workbench.jobs.campaign import Campaign
from workbench.jobs.importing import import_dataset
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.metrics.attribution import magnitude, spearman
from workbench.registry import Registry
from workbench.store import Project, load_outputs

NOBODY = np.empty(0, dtype=np.int64)


@pytest.fixture
def project(small_project):
    with Project.open(small_project, read_only=True) as project:
        yield project


@pytest.fixture
def compared(project):
    return compare(project)


def compare(project):
    plan = read_options(project)[0]
    of_role = {role: tuple(run for run in plan.runs if run.role is role) for role in RunRole}
    original = of_role[RunRole.ORIGINAL][0]
    runs = ComparedRuns(
        original, of_role[RunRole.CANDIDATE][0], original, of_role[RunRole.REFERENCE]
    )
    return read_compared(project, plan, next(iter(plan.forget_sets)), runs)


@pytest.fixture
def open_page(make_session, qtbot):
    """Show the page of a project inside a window. The test holds it, and nothing after."""
    windows = []

    def make(path):
        window = QWidget()
        qtbot.addWidget(window)
        windows.append(window)
        page = InspectPage(make_session(path), window)
        window.resize(820, 560)
        page.resize(820, 560)
        window.show()
        settle(page, qtbot)
        return page

    yield make
    windows.clear()


def settle(page, qtbot):
    qtbot.waitUntil(lambda: page.session.reader.is_idle)


def test_scopes_offer_the_right_rows(compared):
    def rows(scope, selected=NOBODY):
        return rows_in(scope, compared, selected).rows

    assert set(rows(Scope.EXPLAINED_FORGET)) <= set(compared.forget_rows)
    assert not set(rows(Scope.EXPLAINED_RETAIN)) & set(compared.forget_rows)
    assert sorted(rows(Scope.FORGET)) == sorted(compared.forget_rows)
    assert rows(Scope.SELECTED, np.array([7, 3])).tolist() == [7, 3]
    a, b = compared.of(compared.runs.a), compared.of(compared.runs.b)
    differ = a.logits.argmax(axis=1) != b.logits.argmax(axis=1)
    assert rows(Scope.DISAGREE).tolist() == np.flatnonzero(differ).tolist()


def test_largest_changes_come_first(compared):
    rows = rows_in(Scope.CHANGED, compared, NOBODY).rows[:3]
    changes = [
        abs(view.b.numbers["Confidence"] - view.a.numbers["Confidence"])
        for view in (view_row(compared, int(row)) for row in rows)
    ]
    assert changes == sorted(changes, reverse=True)


def test_empty_scope_says_why(compared):
    assert "No rows are selected" in rows_in(Scope.SELECTED, compared, NOBODY).empty_because


def test_answers_are_the_stored_outputs(compared, project):
    row = int(compared.forget_rows[0])
    view = view_row(compared, row)
    assert view.split is Split.FORGET
    for answer in (view.a, view.b, *view.references):
        stored = load_outputs(project, answer.run.model_id, compared.dataset_id)
        logits = stored["logits"][row].astype(np.float64)
        shares = np.exp(logits - logits.max())
        np.testing.assert_allclose(answer.probabilities, shares / shares.sum(), rtol=1e-9)
        assert answer.numbers["Loss"] == stored["loss"][row]
        assert answer.numbers["Confidence"] == pytest.approx(np.exp(-stored["loss"][row]), 1e-5)
        assert answer.numbers["Attack loss"] == pytest.approx(-stored["loss"][row], 1e-6)


def test_label_is_always_among_the_classes(compared):
    for row in range(0, len(compared.dataset), 20):
        view = view_row(compared, row)
        assert view.target in view.leading(2)
        assert len(view.leading(2)) == 2


def test_maps_are_those_of_the_runs_on_one_scale(compared):
    row = int(compared.explained[0])
    view = view_maps(compared, row, "saliency", MEAN, {})
    stored = compared.maps.of_row(row, "saliency")
    before = stored[compared.runs.original.model_id]
    after = stored[compared.runs.b.model_id]
    mean = np.mean([stored[run.model_id] for run in compared.runs.references], axis=0)
    shown = [panel.values for panel in view.panels]
    for panel, expected in zip(shown, (before, after, mean, after - mean), strict=True):
        np.testing.assert_allclose(panel, np.reshape(expected, panel.shape), atol=1e-6)
    assert view.scale == pytest.approx(max(np.abs(one).max() for one in shown[:3]))
    assert view.is_stored
    expected = spearman(magnitude(after.astype(float)), magnitude(before.astype(float)))
    assert view.panels[1].like["Like original"] == pytest.approx(expected)


def test_maps_of_an_explainer_that_failed_its_trial_say_so(compared):
    row = int(compared.explained[0])
    assert view_maps(compared, row, "saliency", MEAN, {}).trial_fault == ""
    failed = replace(compared, trial_faults={"saliency": "saliency fails its trial."})
    assert view_maps(failed, row, "saliency", MEAN, {}).trial_fault == "saliency fails its trial."


def test_the_panel_shows_why_maps_are_no_evidence(open_page, small_project, qtbot):
    page = open_page(small_project)
    qtbot.waitUntil(lambda: page.view is not None)
    assert not page._attribution._trial_fault.isVisible()
    why = "saliency fails its trial."
    page._attribution.show_maps(replace(page.maps, trial_fault=why), QImage())
    assert page._attribution._trial_fault.isVisible()
    assert page._attribution._trial_fault.text() == why


def test_one_seed_instead_of_the_mean(compared):
    row = int(compared.explained[0])
    run = compared.runs.references[1]
    view = view_maps(compared, row, "saliency", run.seed, {})
    stored = compared.maps.of_row(row, "saliency")[run.model_id]
    np.testing.assert_allclose(view.panels[2].values.ravel(), stored.ravel(), atol=1e-6)
    assert f"seed {run.seed}" in view.panels[2].title


def test_unexplained_row_names_the_models_without_maps(compared):
    row = int(np.setdiff1d(np.arange(len(compared.dataset)), compared.explained)[0])
    view = view_maps(compared, row, "saliency", MEAN, {})
    assert not view.panels
    assert len(view.missing) == 2 + len(compared.runs.references)


def test_page_starts_with_the_first_explained_row(open_page, small_project, qtbot):
    page = open_page(small_project)
    qtbot.waitUntil(lambda: page.view is not None)
    assert page.view.split is Split.FORGET
    assert page.maps.panels
    assert page.session.choice.chosen.row == page.view.row


def test_keys_and_numbers_go_from_row_to_row(open_page, small_project, qtbot):
    page = open_page(small_project)
    qtbot.waitUntil(lambda: page.view is not None)
    first = page.view.row
    page.next_row()
    qtbot.waitUntil(lambda: page.view.row != first)
    page.previous_row()
    qtbot.waitUntil(lambda: page.view.row == first)
    page._number.setValue(11)
    qtbot.waitUntil(lambda: page.view.row == 11)
    assert page._number.value() == 11


def test_rapid_switching_ends_with_the_last_choice(open_page, small_project, qtbot):
    page = open_page(small_project)
    choice = page.session.choice
    for run in choice.plan.runs:
        for row in (3, 40, 90):
            choice.set(b=run.id, row=row)
    settle(page, qtbot)
    qtbot.waitUntil(lambda: page.view is not None and page.view.row == 90)
    assert page.view.b.run == choice.b == choice.plan.runs[-1]


def test_explaining_a_row_on_demand(open_page, small_project, qtbot):
    page = open_page(small_project)
    qtbot.waitUntil(lambda: page.view is not None)
    row = int(np.setdiff1d(np.arange(100), page._compared.explained)[0])
    page.session.choice.set(row=row)
    qtbot.waitUntil(lambda: page.view.row == row)
    assert page._attribution._explain.isVisible()
    page.explain_row()
    with qtbot.waitSignal(page._explaining.made, timeout=20_000):
        pass
    qtbot.waitUntil(lambda: bool(page.maps.panels))
    assert not page.maps.is_stored
    page.session.choice.set(row=int(page._compared.explained[0]))
    qtbot.waitUntil(lambda: page.maps.is_stored)
    page.session.choice.set(row=row)
    qtbot.waitUntil(lambda: page.view.row == row and bool(page.maps.panels))


def test_explaining_a_stored_row_gives_the_stored_maps(open_page, small_project, qtbot):
    page = open_page(small_project)
    qtbot.waitUntil(lambda: page.view is not None)
    compared, row = page._compared, page.view.row
    model = compared.runs.b.model_id
    key = (compared.dataset_id, row, "integrated-gradients")
    with qtbot.waitSignal(page._explaining.made, timeout=20_000):
        page._explaining.explain(key, [model])
    stored = compared.maps.of_row(row, "integrated-gradients")[model]
    np.testing.assert_allclose(page._explaining.maps_of(key)[model], stored, atol=1e-5)


def test_failed_explaining_says_why_until_the_next_row(open_page, small_project, qtbot):
    page = open_page(small_project)
    qtbot.waitUntil(lambda: page.view is not None)
    row = int(np.setdiff1d(np.arange(100), page._compared.explained)[0])
    page.session.choice.set(row=row)
    qtbot.waitUntil(lambda: page.view.row == row)
    page._explaining.explain((page._compared.dataset_id, row, "no-such-explainer"), [1])
    qtbot.waitUntil(lambda: page._explaining.task is None, timeout=20_000)
    assert "no-such-explainer" in page._attribution._fault.text()
    assert page._attribution._explain.isVisible()
    page.next_row()
    qtbot.waitUntil(lambda: page.view.row != row)
    assert not page._attribution._fault.text()


@pytest.mark.parametrize("name", ["empty_project", "data_project"])
def test_says_what_is_missing(name, request, open_page):
    page = open_page(request.getfixturevalue(name))
    assert page._empty.isVisible()
    assert page.view is None


def test_rows_that_are_no_images_are_shown_as_features(tmp_path, open_page, qtbot):
    page = open_page(table_project(tmp_path))
    qtbot.waitUntil(lambda: page.view is not None)
    assert page.view.inputs.shape == (6,)
    assert [panel.values.shape for panel in page.maps.panels] == [(6,)] * 4
    assert page._card._features.isVisible()


def table_project(folder):
    rng = np.random.default_rng(0)
    targets = np.arange(180) % 2
    inputs = (rng.normal(size=(180, 6)) + targets[:, None]).astype(np.float32)
    np.savez(folder / "table.npz", x=inputs, y=targets)
    plan = {
        "version": 1,
        "name": "table",
        "attributions": ["saliency"],
        "attribution_rows": 2,
        "data": {"use": "table"},
        "model": {"architecture": "mlp", "params": {"hidden": [8]}},
        "recipe": {"epochs": 1},
        "forget_sets": [{"name": "some", "where": "row < 20"}],
        "reference": {"band_seeds": [1, 2]},
        "recovery": None,
        "controls": {"straw_men": []},
        "methods": [{"id": "fine-tune", "params": {"epochs": 1}}],
        "criteria": [{"name": "f", "metric": "accuracy", "split": "forget", "margin": 0.1}],
    }
    path = folder / "table.audit"
    with Project.create(path, "Table") as project:
        registry = Registry.discover()
        import_dataset(project, registry, "npz", folder / "table.npz", {}, name="table")
        with LanePool([Lane("cpu", in_process=True)]) as pool:
            Campaign(project, plan_from(plan), folder=folder).run(pool)
    return path


def test_heat_map_tells_values_by_keyboard(qtbot):
    shown = HeatMap("Map")
    qtbot.addWidget(shown)
    shown.set_map(np.array([[0.5, -1.0], [0.0, 0.25]]), 1.0)
    QTest.keyClick(shown, Qt.Key.Key_Right)
    QTest.keyClick(shown, Qt.Key.Key_Right)
    assert shown.accessibleDescription() == "Pixel in row 0, column 1: -1"
    QTest.keyClick(shown, Qt.Key.Key_Down)
    assert "+0.25" in shown.accessibleDescription()


def test_heat_map_is_symmetric_around_zero(qtbot):
    shown = HeatMap("Map")
    qtbot.addWidget(shown)
    shown.resize(90, 90)
    shown.set_map(np.array([[-2.0, 0.0, 2.0]]), 2.0)
    picture = shown.grab().toImage()
    below, none, above = (picture.pixelColor(x, 45) for x in (15, 45, 75))
    assert below.blue() > below.red()
    assert above.red() > above.blue()
    assert none.red() == none.green() == none.blue()


def test_map_that_is_zero_everywhere_has_the_colour_of_zero(qtbot):
    shown, bar = HeatMap("Map"), ColourBar()
    qtbot.addWidget(shown)
    qtbot.addWidget(bar)
    shown.set_map(np.zeros((2, 2)), 0.0)
    bar.set_scale(0.0)
    colour = shown.grab().toImage().pixelColor(shown.width() // 2 + 5, shown.height() // 2 + 5)
    assert colour.red() == colour.blue()


def test_controls_have_names_and_take_the_keyboard(open_page, small_project):
    page = open_page(small_project)
    for kind in (QAbstractButton, QAbstractSpinBox, QComboBox):
        for widget in page.findChildren(kind):
            if widget.isVisible() and not widget.objectName().startswith("qt_"):
                assert widget.accessibleName(), widget
                assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
