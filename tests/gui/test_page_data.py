"""The Data page: what is loaded, and the dialogs that load more."""

import numpy as np
import pytest

from workbench.core.recipe import Recipe
from workbench.core.vocabulary import RunStatus, Split
from workbench.gui.pages.data.contents import read_data, sample_rows
from workbench.gui.pages.data.page import DataPage
from workbench.gui.testing import settle
from workbench.gui.widgets.name_dialog import NameDialog
from workbench.store import Project, load_dataset, verify


@pytest.fixture
def open_page(make_session, qtbot):
    def open_(path):
        session = make_session(path)
        page = DataPage(session)
        qtbot.addWidget(page)
        page.resize(840, 600)
        page.show()
        settle(session)
        return session, page

    return open_


def the_dialog(page):
    (dialog,) = page._dialogs.values()
    return dialog


def finish(qtbot, session, dialog):
    with qtbot.waitSignal(dialog.task.finished, timeout=60_000):
        pass
    settle(session)


def test_contents_count_rows_by_class_and_list_models_that_no_run_made(small_project):
    with Project.open(small_project, read_only=True) as project:
        contents = read_data(project)
        dataset = load_dataset(project, contents.datasets[0].id)
    (summary,) = contents.datasets
    rows = dataset.rows_of(Split.TRAIN)
    assert summary.counts[Split.TRAIN].tolist() == np.bincount(dataset.targets[rows]).tolist()
    assert summary.rows[Split.NON_MEMBER] == len(dataset.rows_of(Split.NON_MEMBER))
    assert summary.input_shape == (1, 8, 8)
    assert summary.columns == ("noisy", "true_class")
    (model,) = contents.models
    assert (model.name, model.is_measured) == ("original", True)
    assert model.parameters == 64 * 16 + 16 + 16 * 10 + 10
    assert contents.made_by_runs > 0


def test_samples_are_the_first_rows_and_then_repeatable_draws(data_project):
    with Project.open(data_project, read_only=True) as project:
        dataset = load_dataset(project, 1)
    test_rows = dataset.rows_of(Split.TEST)
    first, count = sample_rows(dataset, Split.TEST, None, 0)
    assert count == len(test_rows)
    assert first.tolist() == test_rows[: len(first)].tolist()
    drawn, _ = sample_rows(dataset, Split.TEST, None, 1)
    assert drawn.tolist() != first.tolist()
    assert drawn.tolist() == sample_rows(dataset, Split.TEST, None, 1)[0].tolist()
    threes, count = sample_rows(dataset, Split.TEST, 3, 5)
    assert set(dataset.targets[threes]) == {3}
    assert count == int((dataset.targets[test_rows] == 3).sum())


def test_an_empty_project_says_what_to_do(open_page, empty_project):
    _, page = open_page(empty_project)
    assert "Import a dataset" in page._empty.accessibleDescription()
    assert page._import_data.isEnabled()
    assert not page._train.isEnabled()
    assert page._train.toolTip() == "Import a dataset first"


def test_the_gallery_follows_split_and_class(open_page, small_project):
    session, page = open_page(small_project)
    dataset = load_dataset(session.project, 1)
    page.samples.split.setCurrentIndex(page.samples.split.findData(Split.NON_MEMBER))
    page.samples.of_class.setCurrentIndex(page.samples.of_class.findData(7))
    settle(session)
    shown = page.samples.rows
    assert len(shown)
    assert set(dataset.split[shown]) == {"non_member"}
    assert set(dataset.targets[shown]) == {7}


def test_the_chart_can_be_copied_as_a_table(open_page, small_project):
    session, page = open_page(small_project)
    assert list(page.chart.table) == ["class", "training", "test", "non-member"]
    assert sum(page.chart.table["training"]) == read_data(session.project).datasets[0].rows["train"]


@pytest.mark.parametrize("project", ["empty_project", "data_project"])
def test_imported_data_are_shown(open_page, request, project, tmp_path, qtbot):
    rng = np.random.default_rng(0)
    file = tmp_path / "rows.npz"
    np.savez(file, x=rng.normal(size=(60, 5)), y=np.arange(60) % 3)
    session, page = open_page(request.getfixturevalue(project))
    page.import_data()
    dialog = the_dialog(page)
    dialog._source.choose("npz")
    dialog._file.edit.setText(str(file))
    dialog._name.setText("measurements")
    dialog._start.click()
    finish(qtbot, session, dialog)
    qtbot.waitUntil(lambda: page.picker.currentText() == "measurements")
    settle(session)
    assert set(page.samples.rows) <= set(range(60))
    assert page._train.isEnabled()
    assert not page._dialogs


def test_a_failed_import_says_why_and_keeps_what_was_entered(open_page, empty_project, qtbot):
    session, page = open_page(empty_project)
    page.import_data()
    dialog = the_dialog(page)
    dialog._source.choose("npz")
    dialog._name.setText("mine")
    dialog._start.click()
    finish(qtbot, session, dialog)
    assert "needs a file" in dialog._fault.text()
    assert dialog.isVisible()
    assert dialog._name.text() == "mine"
    assert dialog._source.chosen.id == "npz"
    dialog.reject()
    assert not page._dialogs


def test_an_import_cannot_start_with_a_wrong_setting_or_a_missing_file(open_page, data_project):
    _, page = open_page(data_project)
    page.import_data()
    dialog = the_dialog(page)
    assert dialog._start.isEnabled()
    dialog._name.setText("digits")
    assert "has a dataset named" in dialog.fault()
    dialog._name.setText("")
    dialog._file.edit.setText("/nowhere/at/all.npz")
    assert "There is no file" in dialog.fault()
    assert not dialog._start.isEnabled()
    dialog.reject()


def test_a_model_is_trained_with_a_live_curve_and_measured(open_page, data_project, qtbot):
    session, page = open_page(data_project)
    page.train_model()
    dialog = the_dialog(page)
    dialog._recipe.set_values(Recipe(epochs=3).model_dump())
    dialog._start.click()
    assert not dialog._start.isVisible()
    assert dialog._stop.isVisible()
    finish(qtbot, session, dialog)
    qtbot.waitUntil(lambda: page.models.list.count() == 1)
    assert "outputs measured" in page.models.list.item(0).text()
    assert dialog.task.progress.curves["loss"][1]


def test_training_can_be_stopped_and_started_again(open_page, data_project, qtbot):
    session, page = open_page(data_project)
    page.train_model()
    dialog = the_dialog(page)
    dialog._recipe.set_values(Recipe(epochs=10_000).model_dump())
    dialog._start.click()
    qtbot.waitUntil(lambda: dialog.task.progress.state is RunStatus.RUNNING, timeout=30_000)
    dialog._stop.click()
    finish(qtbot, session, dialog)
    assert dialog.task.progress.state is RunStatus.CANCELLED
    assert dialog._start.isVisible()
    assert dialog._start.isEnabled()
    assert dialog._recipe.values()["epochs"] == 10_000
    dialog.reject()


def test_a_weights_file_that_does_not_fit_is_refused_in_words(
    open_page, data_project, tmp_path, qtbot
):
    file = tmp_path / "weights.pt"
    file.write_bytes(b"nothing of the kind")
    session, page = open_page(data_project)
    page.import_model()
    dialog = the_dialog(page)
    assert "Choose the file" in dialog.fault()
    dialog._file.edit.setText(str(file))
    assert not dialog.fault()
    dialog._start.click()
    finish(qtbot, session, dialog)
    assert dialog._fault.text()
    assert dialog.isVisible()
    dialog.reject()


def test_a_dataset_is_renamed_and_the_name_comes_back_with_undo(open_page, data_project, qtbot):
    session, page = open_page(data_project)
    page._rename.click()
    dialog = page.findChild(NameDialog)
    dialog._edit.setText("")
    assert "Give the dataset a name" in dialog._fault.text()
    dialog._edit.setText("scans")
    dialog.accept()
    qtbot.waitUntil(lambda: page.picker.currentText() == "scans")
    assert session.editor.undo_title == "Rename the dataset 'digits'"
    session.editor.undo()
    qtbot.waitUntil(lambda: page.picker.currentText() == "digits")
    settle(session)
    assert not list(verify(session.project))


def test_a_second_window_shows_everything_and_changes_nothing(open_page, small_project):
    _, _ = open_page(small_project)
    _, page = open_page(small_project)
    assert page.picker.count() == 1
    for made in (page._import_data, page._train, page._import_model, page._rename):
        assert not made.isEnabled()
        assert "only reads" in made.toolTip()


def test_a_dataset_chosen_again_before_the_other_was_read_is_shown(open_page, data_project, qtbot):
    rng = np.random.default_rng(0)
    file = data_project.parent / "rows.npz"
    np.savez(file, x=rng.normal(size=(60, 5)), y=np.arange(60) % 3)
    session, page = open_page(data_project)
    before = page.samples.rows.tolist()
    table = dict(page.chart.table)
    page.import_data()
    dialog = the_dialog(page)
    dialog._source.choose("npz")
    dialog._file.edit.setText(str(file))
    dialog._start.click()
    finish(qtbot, session, dialog)
    qtbot.waitUntil(lambda: page.picker.count() == 2)
    settle(session)
    page.picker.setCurrentIndex(1)
    settle(session)
    page.picker.setCurrentIndex(0)
    page.picker.setCurrentIndex(1)
    settle(session)
    assert page.samples.rows.tolist() == before
    assert page.chart.table == table
