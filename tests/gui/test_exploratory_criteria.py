"""A criterion is added to a locked plan: asked for, written, judged, marked, and never undone."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton

from tests.gui.conftest import small_plan
from workbench.audit.amendment import amend_plan, judge_again
from workbench.audit.criterion_check import GROUP_EXAMPLES, check_criterion, group_kind
from workbench.audit.plan import Criterion, checked, plan_from
from workbench.audit.recovery_tests import RECOVERY_TESTS
from workbench.core.vocabulary import Outcome, RunRole
from workbench.gui.action_set import ActionSet
from workbench.gui.actions import ACTIONS, Condition
from workbench.gui.pages.compare.contents import read_comparison
from workbench.gui.pages.compare.scoreboard_model import Column as ScoreColumn
from workbench.gui.pages.compare.scoreboard_model import ScoreboardModel
from workbench.gui.pages.plan import criterion_row as cells
from workbench.gui.pages.plan.amend_dialog import AmendDialog
from workbench.gui.pages.plan.contents import read_contents
from workbench.gui.pages.plan.criteria_model import EXPLORATORY, CriteriaModel
from workbench.gui.pages.plan.criterion_row import METRICS, Column, Offers
from workbench.gui.pages.plan.page import PlanPage
from workbench.gui.pages.report.contents import read_verdict
from workbench.gui.testing import settle
from workbench.registry import Registry
from workbench.store import Project

OFFERS = Offers(("loss", "confidence"), (0.02,))
STRICT = Criterion(
    name="strict", metric="accuracy", split="retain", kind="lower", limit=0.999, primary=False
)


@pytest.fixture
def open_page(make_session, qtbot, leak_check):
    def make(path):
        session = make_session(path)
        page = PlanPage(session)
        leak_check.watch(page)
        qtbot.addWidget(page)
        page.resize(820, 560)
        page.show()
        settle(session)
        return page

    return make


@pytest.fixture
def amended_project(small_project):
    with Project.open(small_project) as project:
        amend_plan(project, 1, (STRICT,))
        assert judge_again(project, 1)
    return small_project


def asked(page):
    """The dialog that the page opens."""
    page.add_exploratory_criterion()
    return page.findChild(AmendDialog)


def part(dialog, kind, name):
    return next(
        one
        for one in dialog.findChildren(kind)
        if one.accessibleName() == name and one.isVisibleTo(dialog)
    )


def choose(dialog, name, data):
    box = part(dialog, QComboBox, name)
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


def fault_of(dialog):
    return " ".join(
        label.text()
        for label in dialog.findChildren(QLabel)
        if label.property("role") == "fault" and label.isVisibleTo(dialog)
    )


# The cells of a criterion.


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_can_be_chosen_and_its_group_filled_in(metric):
    """From a metric with another kind of group; what the cells then hold, a plan can take."""
    plan = plan_from(
        small_plan(
            recovery={
                "relearn_cap": 3,
                "relearn_learning_rates": [0.02],
                "tests": list(RECOVERY_TESTS),
            }
        )
    )
    row = {"name": "one", "metric": "group_accuracy", "split": "test", "group": "site=north"}
    row = cells.changed({**row, "margin": 0.05}, Column.METRIC, metric, OFFERS)
    assert all(isinstance(cells.words(row, column), str) for column in Column)
    offered = [data for data, _ in cells.choices(row, Column.GROUP, OFFERS)]
    example = GROUP_EXAMPLES.get(group_kind(metric), "")
    assert cells.placeholder(row, Column.GROUP) == (f"like {example}" if example else "")
    if not cells.has_group(row):
        assert (row["group"], offered, example) == ("", [], "")
    elif offered:
        assert row["group"] in offered
        assert not example
    else:
        row = cells.changed(row, Column.GROUP, example, OFFERS)
    criterion = checked(Criterion, row, "The criterion")
    check_criterion(criterion, plan)
    assert METRICS[metric] in cells.in_words(row)


def test_a_group_stays_where_the_new_metric_has_the_same_kind():
    row = {"metric": "worst_group_accuracy", "split": "test", "group": "site"}
    assert cells.changed(row, Column.METRIC, "largest_group_drop", OFFERS)["group"] == "site"
    assert cells.changed(row, Column.METRIC, "class_accuracy", OFFERS)["group"] == ""
    attack = cells.changed(row, Column.METRIC, "membership_auc", OFFERS)
    assert attack["group"] == "loss"


def test_the_table_takes_every_metric_in_turn(qapp):
    written = []
    model = CriteriaModel(lambda rows, _: written.append(rows))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.show([{"name": "a", "metric": "accuracy", "split": "test"}], {}, OFFERS, read_only=False)
    group = model.index(0, Column.GROUP)
    for metric in METRICS:
        model.setData(model.index(0, Column.METRIC), metric)
        assert model.data(model.index(0, Column.METRIC)) == METRICS[metric]
        shown = model.data(group)
        is_editable = bool(model.flags(group) & Qt.ItemFlag.ItemIsEditable)
        assert is_editable == bool(group_kind(metric))
        if group_kind(metric) in GROUP_EXAMPLES:
            assert shown.startswith("like "), "an empty group says what it asks for"
            assert model.data(group, Qt.ItemDataRole.EditRole) == ""
    assert len(written) == len(METRICS) - 1


# The dialog and what becomes of it.


def test_a_criterion_is_added_judged_and_shown_as_exploratory(open_page, small_project, qtbot):
    page = open_page(small_project)
    before = page.session.project.row("SELECT hash FROM plan WHERE id = 1")
    dialog = asked(page)
    choose(dialog, "Metric", "accuracy")
    choose(dialog, "Rows", "retain")
    name = part(dialog, QLineEdit, "Name")
    name.selectAll()
    qtbot.keyClicks(name, "strict")
    undo = page.session.editor.undo_title
    part(dialog, QPushButton, "Add to the plan").click()
    settle(page.session)
    project = page.session.project
    row = project.row("SELECT is_exploratory, is_primary FROM criterion WHERE name = 'strict'")
    assert (row["is_exploratory"], row["is_primary"]) == (1, 0)
    assert project.row("SELECT 1 FROM verdict WHERE criterion = 'strict' AND label != ''")
    assert project.row("SELECT hash FROM plan WHERE id = 1") == before, "the lock stays"
    assert page.session.editor.undo_title == undo, "evidence is no edit"
    shown = page.findChild(CriteriaModel)
    last = shown.rowCount() - 1
    assert shown.index(last, Column.NAME).data() == "strict"
    assert shown.index(last, Column.PRIMARY).data() == EXPLORATORY
    assert shown.index(last, Column.PRIMARY).data(Qt.ItemDataRole.CheckStateRole) is None
    assert shown.index(0, Column.PRIMARY).data() == ""
    assert "judged at once" in page.session.faults.notices[-1].remedy


def test_what_is_wrong_is_said_while_it_is_typed(open_page, small_project, qtbot):
    dialog = asked(open_page(small_project))
    add = part(dialog, QPushButton, "Add to the plan")
    assert add.isEnabled()
    choose(dialog, "Metric", "group_accuracy")
    assert not add.isEnabled()
    assert "a column and a value" in fault_of(dialog)
    group = part(dialog, QLineEdit, "Group")
    assert group.placeholderText() == "like site=north"
    qtbot.keyClicks(group, "site=north")
    assert add.isEnabled()
    name = part(dialog, QLineEdit, "Name")
    name.selectAll()
    qtbot.keyClicks(name, "attack")
    assert "already" in fault_of(dialog)
    margin = part(dialog, QLineEdit, "Margin")
    margin.selectAll()
    qtbot.keyClicks(margin, "much")
    assert "margin" in fault_of(dialog)
    assert not add.isEnabled()


def test_every_metric_can_be_chosen_in_the_dialog(open_page, small_project):
    dialog = asked(open_page(small_project))
    for metric in METRICS:
        choose(dialog, "Metric", metric)
        boxes = [one for one in dialog.findChildren(QComboBox) if one.isVisibleTo(dialog)]
        assert all(box.currentIndex() >= 0 for box in boxes if box.count())
        assert part(dialog, QComboBox, "Metric").currentData() == metric


def test_a_criterion_that_cannot_be_written_is_mended_in_place(open_page, small_project):
    page = open_page(small_project)
    dialog = asked(page)
    choose(dialog, "Rows", "test")
    with Project.open(small_project) as other:
        taken = Criterion(name="exploratory", metric="accuracy", split="test", margin=0.1)
        amend_plan(other, 1, (taken,))
    part(dialog, QPushButton, "Add to the plan").click()
    settle(page.session)
    assert dialog.isVisible()
    assert dialog.isEnabled()
    assert "already" in fault_of(dialog)


def test_without_a_locked_plan_the_page_says_so(open_page, data_project):
    page = open_page(data_project)
    page.add_exploratory_criterion()
    settle(page.session)
    assert page.findChild(AmendDialog) is None
    assert "No locked plan" in page.session.faults.notices[-1].message


def test_the_action_waits_for_a_locked_plan(qtbot, qapp):
    spec = next(one for one in ACTIONS if one.method == "add_exploratory_criterion")
    actions = ActionSet(qapp, lambda _: None)
    holding = {Condition.PROJECT, Condition.WRITABLE}
    actions.enable(frozenset(holding))
    assert not actions[spec.id].isEnabled()
    assert actions[spec.id].toolTip() == Condition.LOCKED_PLAN
    actions.enable(frozenset({*holding, Condition.LOCKED_PLAN}))
    assert actions[spec.id].isEnabled()


def test_a_window_that_only_reads_offers_no_criterion(open_page, make_session, small_project):
    first = make_session(small_project)
    page = open_page(small_project)
    assert page.session.read_only
    assert not first.read_only
    buttons = [one for one in page.findChildren(QPushButton) if "exploratory" in one.text()]
    assert buttons
    assert not any(one.isVisibleTo(page) for one in buttons)


# Where it is shown afterwards.


def test_the_plan_lists_it_apart_from_what_was_locked(amended_project):
    with Project.open(amended_project, read_only=True) as project:
        (locked,) = read_contents(project, Registry.discover()).locked
    assert [one["name"] for one in locked.exploratory] == ["strict"]
    assert "strict" not in [one["name"] for one in locked.content["criteria"]]


def test_compare_and_report_mark_it(amended_project, qapp):
    with Project.open(amended_project, read_only=True) as project:
        runs = project.rows("SELECT id, role, forget_set_id FROM run ORDER BY id")
        a = next(run for run in runs if run["role"] == RunRole.ORIGINAL)
        b = next(run for run in runs if run["role"] == RunRole.CANDIDATE)
        comparison = read_comparison(project, 1, a["forget_set_id"], a["id"], b["id"])
        verdict = read_verdict(project, 1)
    model = ScoreboardModel()
    model.show_groups(comparison.groups)
    shown = [model.index(row, ScoreColumn.CRITERION) for row in range(model.rowCount())]
    (marked,) = [one for one in shown if "exploratory" in (one.data() or "")]
    assert "decides nothing" in marked.data(Qt.ItemDataRole.ToolTipRole)
    lines = [line for part in verdict.forget_sets for one in part.parts for line in one.parts]
    exploratory = [line for line in lines if line.name.endswith("(exploratory)")]
    assert exploratory
    assert all(line.metric == "accuracy" for line in exploratory)
    assert all("decides nothing" in line.why for line in exploratory)
    assert {line.outcome for line in exploratory} <= set(Outcome)
