"""The Forget set page: gestures, filters and selectors make a selection; names keep it."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox

from workbench.core.errors import UsageError
from workbench.core.selection import RULE, AllOf, CombineMode, Compare, Inside, Not, OneOf
from workbench.core.vocabulary import Split
from workbench.core.where import parse_where
from workbench.gui.pages.forget_set.colouring import colouring
from workbench.gui.pages.forget_set.contents import (
    columns_in,
    definition_of,
    non_members_in_words,
    read_options,
    read_saved,
    rule_of_saved,
    summarise,
    twin_warnings,
)
from workbench.gui.pages.forget_set.facets import choices_rule, range_rule, read_facets
from workbench.gui.pages.forget_set.gallery_pane import arranged
from workbench.gui.pages.forget_set.gestures import mode_with
from workbench.gui.pages.forget_set.page import ForgetSetPage
from workbench.gui.pages.forget_set.save_dialog import SaveDialog, fault_of_name
from workbench.gui.session.rows import read_row_table
from workbench.gui.testing import settle
from workbench.gui.widgets.name_dialog import NameDialog
from workbench.store import Project, load_dataset, verify

EVERYWHERE = ((-1e6, -1e6), (1e6, -1e6), (1e6, 1e6), (-1e6, 1e6))
THREES = Compare(column="class", op="==", value=3)


@pytest.fixture
def table(small_project):
    with Project.open(small_project, read_only=True) as project:
        return read_row_table(project, 1, 1)


@pytest.fixture
def open_page(make_session, qtbot):
    def open_(path):
        session = make_session(path)
        page = ForgetSetPage(session)
        qtbot.addWidget(page)
        page.resize(840, 600)
        page.show()
        settle(session)
        return session, page

    return open_


def selected(session):
    settle(session)
    return session.selection.rows


def save(qtbot, session, page, name, non_members=""):
    page.save_forget_set()
    dialog = page.findChild(SaveDialog)
    dialog.name.setText(name)
    dialog.non_members.setText(non_members)
    button = dialog._buttons.button(QDialogButtonBox.StandardButton.Save)
    qtbot.waitUntil(button.isEnabled)
    button.click()
    settle(session)


# What is read


def test_the_newest_plan_says_what_to_begin_with(small_project, data_project):
    with Project.open(small_project, read_only=True) as project:
        options = read_options(project)
    assert (options.dataset, options.model) == (1, 1)
    assert [model.name for model in options.datasets[0].models] == ["original"]
    with Project.open(data_project, read_only=True) as project:
        options = read_options(project)
    assert (options.dataset, options.model) == (1, None)


def test_a_summary_counts_classes_and_marks_rows(table):
    rows = table.rows_where(THREES)
    summary = summarise(table, THREES, rows)
    assert summary.count == len(rows)
    assert summary.selected.nonzero()[0].tolist() == [3]
    assert np.flatnonzero(summary.of_dataset).tolist() == rows.tolist()
    assert table.rows[summary.mask].tolist() == rows.tolist()
    assert summary.words == "class is 3"
    assert summary.share == pytest.approx(len(rows) / len(table.rows))


def test_facets_offer_values_or_ranges_and_make_rules(table):
    facets = {facet.column: facet for facet in read_facets(table)}
    assert [label for _, label, _ in facets["noisy"].choices] == ["no", "yes"]
    assert sum(count for *_, count in facets["class"].choices) == len(table.rows)
    assert facets["loss"].is_range
    assert facets["loss"].high == pytest.approx(table.columns["loss"].max())
    assert facets["row"].is_range
    assert not any(name.startswith("map") for name in facets)
    assert choices_rule("class", [3]) == THREES
    assert choices_rule("class", [3, 5]) == OneOf(column="class", values=(3, 5))
    assert range_rule("loss", "0.5", "") == Compare(column="loss", op=">=", value=0.5)
    assert isinstance(range_rule("loss", "0.5", "2"), AllOf)
    for low, high in (("", ""), ("few", ""), ("nan", "1")):
        with pytest.raises(UsageError):
            range_rule("loss", low, high)
    with pytest.raises(UsageError):
        choices_rule("class", [])


def test_colours_have_names_or_rise(table):
    by_class = colouring(table, "class")
    assert by_class.names == table.dataset.class_names
    assert by_class.index.tolist() == table.columns["class"].tolist()
    by_loss = colouring(table, "loss")
    assert by_loss.is_ordered
    order = np.argsort(table.columns["loss"])
    assert (np.diff(by_loss.index[order].astype(int)) >= 0).all()
    assert by_loss.index.max() == by_loss.n_colours - 1


def test_rows_are_arranged_by_a_column(table):
    shown = arranged(table, None, "loss")
    losses = dict(zip(table.rows.tolist(), table.columns["loss"], strict=True))
    assert (np.diff([losses[row] for row in shown.rows.tolist()]) <= 0).all()
    mask = table.columns["class"] == 3
    assert set(arranged(table, mask, "row").classes) == {3}


def test_a_definition_says_which_map_a_lasso_was_drawn_on(table):
    lasso = Inside(x="map x", y="map y", polygon=EVERYWHERE)
    definition = definition_of(AllOf(rules=(lasso, THREES)), table, "original", "noisy == 1")
    assert RULE.validate_python(definition["rule"]) == AllOf(rules=(lasso, THREES))
    assert definition["map"]["of"] == table.map_of
    assert definition["model"] == "original"
    assert definition["non_members"] == "noisy == 1"
    plain = definition_of(THREES, table, "original", "")
    assert plain.keys() == {"rule", "in_words"}


def test_the_columns_of_a_rule_are_found_at_any_depth():
    rule = parse_where("class == 3 and not (loss > 2 or row in (1, 2))")
    assert columns_in(rule) == {"class", "loss", "row"}
    assert columns_in(Not(rule=Inside(x="a", y="b", polygon=EVERYWHERE))) == {"a", "b"}


def test_copies_among_other_rows_are_found_before_saving(table):
    dataset = table.dataset
    test_row = dataset.rows_of(Split.TEST)[0]
    dataset.inputs[test_row] = dataset.inputs[table.rows[0]]
    (warning,) = twin_warnings(dataset, table.rows[:1])
    assert "exact copy among the test rows" in warning
    assert "non-members" in non_members_in_words(dataset, table.rows, "noisy == 1")
    assert "at least 2" in non_members_in_words(dataset, table.rows, "row == -1")
    with pytest.raises(UsageError):
        non_members_in_words(dataset, table.rows, "noisy is")


@pytest.mark.parametrize("name", ["", " threes", "a/b", "x" * 65])
def test_names_are_checked_as_plans_check_them(name):
    assert fault_of_name(name).endswith(".")
    assert fault_of_name("threes, noisy") == ""


# Gestures


def test_held_keys_say_how_a_gesture_combines():
    keys = Qt.KeyboardModifier
    chosen = CombineMode.NEW
    assert mode_with(keys.NoModifier, CombineMode.INTERSECT) is CombineMode.INTERSECT
    assert mode_with(keys.ShiftModifier, chosen) is CombineMode.ADD
    assert mode_with(keys.AltModifier, chosen) is CombineMode.SUBTRACT
    assert mode_with(keys.ShiftModifier | keys.AltModifier, chosen) is CombineMode.INTERSECT


def test_a_lasso_then_an_intersecting_filter_then_a_click(open_page, small_project):
    session, page = open_page(small_project)
    page.map.cloud.lassoed.emit(list(EVERYWHERE))
    table = session.selection.table
    assert selected(session).tolist() == table.rows.tolist()
    page.gestures.choose(CombineMode.INTERSECT)
    page.filters.rule.setText("class == 3")
    page.filters.apply_rule()
    threes = table.rows_where(THREES)
    assert selected(session).tolist() == threes.tolist()
    page.gestures.choose(CombineMode.SUBTRACT)
    page.map.cloud.clicked.emit(int(np.searchsorted(table.rows, threes[0])))
    assert selected(session).tolist() == threes[1:].tolist()
    assert f"{len(threes) - 1} rows selected" in page._line._count.text()
    assert "without row" in page._line._words.text()


def test_quick_gestures_all_count(open_page, small_project):
    session, page = open_page(small_project)
    rows = session.selection.table.rows[:4].tolist()
    for row in rows:
        page.gallery.picked.emit([row], CombineMode.ADD)
    assert selected(session).tolist() == rows


def test_selection_steps_back_and_forward_by_key(open_page, small_project, qtbot):
    session, page = open_page(small_project)
    page.gallery.picked.emit([int(session.selection.table.rows[0])], None)
    assert len(selected(session)) == 1
    page.gestures.back.trigger()
    assert len(selected(session)) == 0
    page.gestures.forward.trigger()
    assert len(selected(session)) == 1
    page.gestures.clear_action.trigger()
    assert len(selected(session)) == 0


def test_single_keys_choose_a_mode_but_not_while_a_rule_is_written(open_page, small_project, qtbot):
    _, page = open_page(small_project)
    page.activateWindow()
    page.map.cloud.setFocus()
    qtbot.waitUntil(page.map.cloud.hasFocus)
    QTest.keyClick(page.map.cloud, Qt.Key.Key_A)
    assert page.gestures.chosen is CombineMode.ADD
    QTest.keyClick(page.map.cloud, Qt.Key.Key_L)
    assert page.gestures.lasso.isChecked()
    page.filters.rule.setFocus()
    QTest.keyClicks(page.filters.rule, "sin")
    assert page.filters.rule.text() == "sin"
    assert page.gestures.chosen is CombineMode.ADD


# Filters


def test_checked_values_and_ranges_select(open_page, small_project):
    session, page = open_page(small_project)
    page.filters.choose_column("noisy")
    page.filters._choices.item(1).setCheckState(Qt.CheckState.Checked)
    page.filters.apply()
    columns = session.selection.table.columns
    assert len(selected(session)) == int(columns["noisy"].sum())
    page.filters.choose_column("loss")
    page.filters._range.edits[0].setText("0.5")
    page.filters.apply()
    assert len(selected(session)) == int((columns["loss"] >= 0.5).sum())


@pytest.mark.parametrize("text", ["class = 3", "colour == 3", "class == 'three'", ""])
def test_a_rule_that_cannot_be_used_is_explained_and_changes_nothing(
    open_page, small_project, text
):
    session, page = open_page(small_project)
    page.gallery.picked.emit([int(session.selection.table.rows[0])], None)
    before = selected(session).tolist()
    page.filters.rule.setText(text)
    page.filters.apply_rule()
    assert selected(session).tolist() == before
    assert page.filters._rule_fault.text()
    assert page.filters.rule.text() == text


def test_without_a_model_the_map_is_of_the_inputs_and_loss_is_not_offered(open_page, data_project):
    session, page = open_page(data_project)
    assert "loss" not in session.selection.table.columns
    assert "inputs" in page.map._caption.text()
    assert not page.sources._measure.isVisible()


def test_an_empty_project_says_what_to_do(open_page, empty_project):
    _, page = open_page(empty_project)
    assert "Data page" in page._empty.accessibleDescription()


# Saving


def test_a_selection_is_saved_loaded_renamed_and_deleted(open_page, small_project, qtbot):
    session, page = open_page(small_project)
    session.selection.apply(CombineMode.NEW, parse_where("class == 3 and loss > 0"))
    rows = selected(session).tolist()
    save(qtbot, session, page, "hard threes", "noisy == 1")
    settle(session)
    newest = page._saved[0]
    assert (newest.name, newest.version, newest.n_rows) == ("hard threes", 1, len(rows))
    assert newest.words.startswith("Training rows where class is 3 and loss is above 0")
    assert "noisy == 1" in newest.words
    session.selection.clear()
    page.saved.loaded.emit(newest)
    assert selected(session).tolist() == rows
    assert session.selection.rule == parse_where("class == 3 and loss > 0")
    page.saved.rename_asked.emit(newest)
    dialog = page.findChild(NameDialog)
    dialog._edit.setText("a/b")
    assert dialog._fault.text()
    dialog._edit.setText("threes by loss")
    dialog.accept()
    qtbot.waitUntil(lambda: page._saved[0].name == "threes by loss")
    page.saved.delete_asked.emit(page._saved[0])
    qtbot.waitUntil(lambda: len(page._saved) == 1)
    session.editor.undo()
    qtbot.waitUntil(lambda: page._saved[0].name == "threes by loss")
    settle(session)
    assert not list(verify(session.project))


def test_the_same_name_makes_a_new_version_and_says_so(open_page, small_project):
    session, page = open_page(small_project)
    session.selection.apply(CombineMode.NEW, parse_where("class == 4"))
    selected(session)
    page.save_forget_set()
    dialog = page.findChild(SaveDialog)
    dialog.name.setText("threes")
    settle(session)
    assert dialog._name_note.text() == "This becomes version 2 of “threes”"
    dialog.reject()


def test_a_set_that_a_plan_uses_cannot_be_deleted(open_page, small_project):
    _, page = open_page(small_project)
    page.saved.list.setCurrentRow(0)
    assert page._saved[0].plans == ("small",)
    assert not page.saved._delete.isEnabled()
    assert "small" in page.saved._delete.toolTip()


def test_an_unreadable_rule_for_non_members_stops_the_save(open_page, small_project, qtbot):
    session, page = open_page(small_project)
    session.selection.apply(CombineMode.NEW, THREES)
    selected(session)
    page.save_forget_set()
    dialog = page.findChild(SaveDialog)
    button = dialog._buttons.button(QDialogButtonBox.StandardButton.Save)
    dialog.name.setText("mine")
    qtbot.waitUntil(button.isEnabled)
    dialog.non_members.setText("noisy ==")
    assert not button.isEnabled()
    qtbot.waitUntil(lambda: "cannot be read" in dialog._non_members_fault.text())
    assert not button.isEnabled()
    dialog.non_members.setText("")
    dialog._try_soon.timeout.emit()
    assert not button.isEnabled(), "before the rule was tried"
    qtbot.waitUntil(button.isEnabled)
    dialog.reject()


def test_a_saved_rule_that_means_other_rows_now_loads_as_its_rows(small_project, table):
    with Project.open(small_project) as project:
        rows = table.rows[:3]
        definition = definition_of(THREES, table, "original", "")
        with project.transaction("forget_set.chosen", subject="test") as tx:
            from workbench.store import save_forget_set

            saved = save_forget_set(tx, 1, "other", definition, rows)
        assert rule_of_saved(project, saved, table) == OneOf(
            column="row", values=tuple(rows.tolist())
        )
        assert read_saved(project, 1)[0].name == "other"


# Selectors and models


def test_a_selector_proposes_rows_and_is_named_in_what_is_saved(open_page, small_project, qtbot):
    session, page = open_page(small_project)
    page.propose_rows()
    dialog = page._proposing
    dialog._selector.choose("random-share")
    dialog._start.click()
    with qtbot.waitSignal(dialog.task.finished, timeout=60_000):
        pass
    rows = selected(session)
    assert len(rows) == round(0.1 * len(session.selection.table.rows))
    save(qtbot, session, page, "random rows")
    definition = session.project.row("SELECT definition FROM forget_set WHERE name='random rows'")
    assert definition["definition"]["selector"] == "random-share"


def test_a_proposal_for_another_dataset_changes_nothing(open_page, small_project):
    session, page = open_page(small_project)
    page.propose_rows()
    page._take_proposal({"dataset": 99, "rows": [0, 1], "definition": {}})
    settle(session)
    assert session.selection.rule is None
    assert "another dataset" in session.faults.notices[-1].message
    page._proposing.reject()
    assert page._proposing is None


def test_a_selector_that_needs_outputs_says_so_without_a_model(open_page, data_project):
    _, page = open_page(data_project)
    page.propose_rows()
    page._proposing._selector.choose("highest-loss")
    assert "needs the outputs of a model" in page._proposing.fault()
    page._proposing.reject()


def test_rows_stay_selected_when_their_lasso_was_on_another_map(open_page, small_project):
    session, page = open_page(small_project)
    table = session.selection.table
    half = np.median(table.columns["map x"])
    page.map.cloud.lassoed.emit([(half, -1e6), (1e6, -1e6), (1e6, 1e6), (half, 1e6)])
    rows = selected(session).tolist()
    page._choose(1, None)
    assert selected(session).tolist() == rows
    assert session.selection.table.model_id is None
    assert columns_in(session.selection.rule) == {"row"}


def test_missing_outputs_are_measured_on_demand(open_page, data_project, qtbot):
    session, page = open_page(data_project)
    recipe = {"epochs": 1}
    task = session.compute.submit(
        "train-model", "Training", name="original", dataset=1, architecture="mlp",
        params={}, recipe=recipe, seed=0,
    )  # fmt: skip
    with qtbot.waitSignal(task.finished, timeout=60_000):
        pass
    with session.project.transaction("test", subject="output") as tx:
        for row in session.project.rows("SELECT network_hash, dataset_id, name FROM output"):
            tx.delete("output", row)
    page.invalidate()
    settle(session)
    qtbot.waitUntil(page.sources._measure.isVisible, timeout=10_000)
    page.sources._measure.click()
    qtbot.waitUntil(lambda: not page.sources._measure.isVisible(), timeout=30_000)
    settle(session)
    assert "loss" in session.selection.table.columns
    assert load_dataset(session.project, 1).name == "digits"
