"""The Compare page: the numbers of the report, beside each other, and what is missing said."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester

from workbench.core.metric_value import MetricValue, not_computed
from workbench.core.vocabulary import Direction, Outcome, RunRole, Split, Unit
from workbench.gui.pages.compare.class_accuracy import SPLITS, read_class_accuracy
from workbench.gui.pages.compare.contents import read_comparison
from workbench.gui.pages.compare.page import ComparePage
from workbench.gui.pages.compare.scoreboard_model import Column, ScoreboardModel
from workbench.gui.pages.compare.scores import number_of
from workbench.gui.testing import settle
from workbench.gui.widgets.blocks import EmptyState
from workbench.report import collect
from workbench.report.runs import finished
from workbench.report.tables import number_rows
from workbench.store import Project

CLASSES, TIME = 2, 3


@pytest.fixture
def project(small_project):
    with Project.open(small_project, read_only=True) as opened:
        yield opened


@pytest.fixture
def report(project):
    return collect(project)


def pick(report, role, index=0):
    return finished(report.forget_sets[0].runs, role)[index]


def compared(project, report, a=RunRole.ORIGINAL, b=RunRole.CANDIDATE):
    part = report.forget_sets[0]
    return read_comparison(project, report.plan.id, part.id, pick(report, a).id, pick(report, b).id)


def scores_of(comparison):
    return [score for group in comparison.groups for score in group.scores]


@pytest.fixture
def open_page(make_session, qtbot, small_project):
    """Show the page of a project, the small one if not told. The test holds it, nothing after."""

    def make(path=small_project):
        session = make_session(path)
        page = ComparePage(session)
        qtbot.addWidget(page)
        page.resize(840, 600)
        page.show()
        settle(session)
        return page

    return make


def test_every_number_is_written_as_in_the_report(project, report):
    part = report.forget_sets[0]
    runs = [pick(report, RunRole.ORIGINAL), pick(report, RunRole.CANDIDATE)]
    expected = {
        (row.metric, row.about): (*row.values, row.band)
        for row in number_rows(runs, part.band, report.dataset.class_names)
    }
    scores = scores_of(compared(project, report))
    assert len(scores) > 20
    for score in scores:
        a, b, band = expected[score.title, score.about]
        assert (score.b.cell.main, score.b.cell.extra) == (b.main, b.extra)
        assert (score.a.cell.main, score.a.cell.extra) == (a.main, a.extra)
        assert score.band_cell == band


def test_the_verdict_on_b_is_that_of_the_report(project, report):
    candidate = report.forget_sets[0].candidates[0]
    outcomes = {one.criterion: one.outcome for one in candidate.criteria}
    standings = [score.standing for score in scores_of(compared(project, report))]
    shown = {one.name: one.outcome for one in standings if one}
    assert shown == outcomes
    assert all(isinstance(outcome, Outcome) for outcome in shown.values())


def test_a_retrained_model_as_b_has_no_verdict_but_the_demand(project, report):
    scores = scores_of(compared(project, report, b=RunRole.REFERENCE))
    standings = [score.standing for score in scores if score.standing]
    assert standings
    assert all(one.outcome is None and one.demand and one.why for one in standings)


def test_the_margin_on_the_chart_is_that_of_the_verdict(project, report):
    """A criterion passes or fails by the estimate; the zone moves that onto the metric's axis."""
    candidate = report.forget_sets[0].candidates[0]
    for judged in candidate.criteria:
        criterion = next(one for one in report.criteria if one.name == judged.criterion)
        key = (criterion.metric, criterion.split, criterion.group)
        spread = next(one for one in compared(project, report).spreads if one.key == key)
        if not judged.detail["band_values"]:  # too few retrained models to judge
            assert spread.zone is None
            continue
        low, high = spread.zone
        value = np.mean(judged.detail["candidate_values"])
        assert (low <= value <= high) == (abs(judged.estimate) <= criterion.margin)


def test_what_was_not_computed_says_why():
    missing = number_of(not_computed("membership_auc", 1, "No non-members.", split=Split.FORGET))
    assert missing.value is None
    assert missing.cell.main == "not computed"
    assert missing.cell.note == "No non-members."
    absent = number_of(None)
    assert absent.cell.main not in ("", "0")
    assert absent.cell.note


def test_a_number_that_stopped_at_a_cap_has_no_difference(project, report):
    scores = scores_of(compared(project, report))
    by_key = {score.key: score for score in scores}
    relearning = by_key["relearn_steps", Split.FORGET, ""]
    if "≥" in relearning.a.cell.main + relearning.b.cell.main:
        assert "cap" in relearning.difference.note


def test_accuracy_by_class_is_the_metric_of_the_report(project, report):
    part = report.forget_sets[0]
    a, b = pick(report, RunRole.ORIGINAL), pick(report, RunRole.CANDIDATE)
    found = read_class_accuracy(project, report.plan.id, part.id, a.id, b.id)
    assert set(found) == set(SPLITS)
    for split in (Split.FORGET, Split.TEST):
        stored = {
            int(metric.group_key.removeprefix("class:")): metric
            for metric in b.metrics
            if metric.name == "class_accuracy" and metric.split is split
        }
        shown = found[split]
        assert len(stored) == len(shown.class_names)
        for place, (_, metric) in enumerate(sorted(stored.items())):
            assert shown.b[place] == pytest.approx(metric.value)
            assert shown.rows[place] == metric.n
    retrained = finished(part.runs, RunRole.REFERENCE)
    assert found[Split.RETAIN].band.shape == (len(retrained), len(found[Split.RETAIN].rows))


def test_classes_without_rows_are_named_not_drawn_as_zero(project, report):
    part = report.forget_sets[0]
    a, b = pick(report, RunRole.ORIGINAL), pick(report, RunRole.CANDIDATE)
    forget = read_class_accuracy(project, report.plan.id, part.id, a.id, b.id)[Split.FORGET]
    assert forget.class_names == ("3",)
    assert "0" in forget.absent


def test_the_scoreboard_keeps_the_rules_of_qt(project, report, qapp):
    model = ScoreboardModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.show_groups(compared(project, report).groups)
    model.show_groups(compared(project, report, b=RunRole.REFERENCE).groups)
    assert model.rowCount() > 0
    assert all(model.index(row, Column.METRIC).data() for row in range(model.rowCount()))
    headings = set(model.headings)
    for row in set(range(model.rowCount())) - headings:
        for column in (Column.A, Column.B, Column.BAND):
            assert model.index(row, column).data(), "a number is never blank"


def test_the_page_shows_the_choice_and_follows_it(open_page):
    page = open_page()
    session = page.session
    first = page.comparison
    assert first is not None
    assert page.scoreboard.model().rowCount() > 0
    others = [run for run in session.choice.plan.runs if run.role is RunRole.REFERENCE]
    session.choice.set(b=others[0].id)
    settle(session)
    assert page.comparison is not first


def test_a_click_on_a_mark_chooses_b(open_page):
    page = open_page()
    page.tabs.setCurrentIndex(1)
    settle(page.session)
    spread = page.comparison.spreads[0]
    line, model = next(
        (line, one) for line, one in enumerate(spread.models) if one.role is RunRole.STRAW_MAN
    )
    page.methods.chart.choose_at(model.seeds[0].number.value, line)
    assert page.session.choice.chosen.b == model.seeds[0].run_id


def test_the_outputs_are_read_only_for_whoever_looks_at_the_classes(open_page):
    page = open_page()
    assert not page.classes.chart.table
    page.tabs.setCurrentIndex(CLASSES)
    settle(page.session)
    assert page.classes.chart.table["class"] == ("3",)
    assert "3" in page.classes.chart.hint(0, 0.5)


def test_copying_gives_every_number(open_page):
    page = open_page()
    page.copy_scoreboard()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 1 + len(scores_of(page.comparison))
    assert len({line.count("\t") for line in lines}) == 1


def test_time_is_held_against_retraining(open_page):
    page = open_page()
    page.tabs.setCurrentIndex(TIME)
    times = page.comparison.times
    assert times[0].role is RunRole.REFERENCE
    assert all(one.against_retraining for one in times[1:])
    assert times[0].written in page.times.chart.hint(0, 0)


@pytest.mark.parametrize("which", ["empty_project", "data_project"])
def test_says_what_is_missing(open_page, request, which):
    page = open_page(request.getfixturevalue(which))
    assert page.comparison is None
    (empty,) = page.findChildren(EmptyState)
    assert empty.isVisible()
    assert page.session.state.missing(page.step) in empty.accessibleDescription()


def test_a_name_too_long_for_its_column_takes_two_lines(open_page):
    page = open_page()
    heights = {page.scoreboard.rowHeight(row) for row in range(page.scoreboard.model().rowCount())}
    assert len(heights) == 3, "headings, one line, two lines"


def test_numbers_have_units_and_signs():
    value = MetricValue("accuracy", 1, Split.FORGET, 0.5, Unit.FRACTION, Direction.REFERENCE, n=10)
    assert number_of(value).cell.main.endswith("%")


def test_the_keyboard_reaches_the_scoreboard(open_page):
    page = open_page()
    page.scoreboard.setFocus(Qt.FocusReason.TabFocusReason)
    page.scoreboard.selectRow(1)
    assert page.scoreboard.selectionModel().hasSelection()
