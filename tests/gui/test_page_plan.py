"""The Plan page: a draft is begun, filled in, mended, locked, started, imported and exported."""

import json
import shutil

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QTabBar,
    QTableView,
    QToolButton,
)

from tests.gui.conftest import small_plan
from workbench.audit.draft import read_draft, write_draft
from workbench.audit.plan import plan_from, read_plan
from workbench.audit.plan_file import read_plan_file, write_plan_file
from workbench.core.errors import UsageError
from workbench.core.vocabulary import RunRole
from workbench.gui.pages.plan import questions
from workbench.gui.pages.plan.contents import assess, read_contents, read_plugin_files
from workbench.gui.pages.plan.criteria_model import CriteriaModel
from workbench.gui.pages.plan.criterion_row import Column, Offers
from workbench.gui.pages.plan.evidence_table import EvidenceTable, short_time
from workbench.gui.pages.plan.page import PlanPage
from workbench.gui.pages.plan.starting import added, first_draft, missing_for_draft
from workbench.gui.session.path_state import Step
from workbench.gui.testing import settle
from workbench.registry import Registry, is_trusted
from workbench.store import Project
from workbench.store.journal import Journal

UNTRUSTED = """
api = 1
id = "stranger"
title = "A stranger"
version = "1"
[[contributions]]
kind = "method"
id = "strange"
title = "Strange method"
summary = "Does something."
object = "method:Strange"
params = "params:StrangeParams"
exactness = "approximate"
"""
PARAMS = """
from pydantic import Field
from workbench.plugin_api import Params
class StrangeParams(Params):
    strength: float = Field(1.0, gt=0, description="how much")
"""


@pytest.fixture
def make_page(make_session, qtbot, leak_check):
    made = []

    def make(path):
        session = make_session(path)
        page = PlanPage(session)
        leak_check.watch(page)
        made.append(page)
        page.resize(820, 560)
        page.show()
        settle(session)
        return page

    yield make
    while made:
        page = made.pop()
        page.hide()
        page.deleteLater()
        del page


@pytest.fixture
def make_draft(make_page, small_project):
    """Open a page with a draft that lacks a method only."""

    def make():
        page = make_page(small_project)
        page.start_plan()
        settle(page.session)
        return page

    return make


def find(page, kind, name):
    return next(
        one
        for one in page.findChildren(kind)
        if one.accessibleName() == name and one.isVisibleTo(page)
    )


def show_part(page, title):
    tabs = page.findChild(QTabBar)
    index = next(i for i in range(tabs.count()) if tabs.tabText(i).startswith(title))
    tabs.setCurrentIndex(index)
    settle(page.session)


def retype(qtbot, widget, text):
    widget.setFocus()
    widget.selectAll()
    qtbot.keyClick(widget, Qt.Key.Key_Delete)
    qtbot.keyClicks(widget, text)


def stored(page):
    return read_draft(page.session.project)


def add_method(page, title="Selective synaptic dampening"):
    show_part(page, "Methods")
    find(page, QPushButton, f"Add {title} to the plan").click()
    settle(page.session)


def fault_texts(page):
    shown = page.findChild(QListWidget)
    return [shown.item(i).text() for i in range(shown.count())]


# What is read, without a window.


def test_contents_are_what_a_plan_can_be_made_of(small_project):
    with Project.open(small_project, read_only=True) as project:
        contents = read_contents(project, Registry.discover())
    assert [one.name for one in contents.datasets] == ["digits"]
    assert [one.name for one in contents.models] == ["original"], "results of runs are left out"
    assert [(one.name, one.version) for one in contents.forget_sets] == [("threes", 1)]
    assert contents.forget_sets[0].in_words == "Training rows where class is 3"
    assert [one.runs for one in contents.locked] == [contents.locked[0].runs_done]
    assert contents.draft is None


def test_an_empty_project_lacks_everything(empty_project):
    with Project.open(empty_project, read_only=True) as project:
        contents = read_contents(project, Registry.discover())
    assert missing_for_draft(contents) == ("a dataset", "a model", "a forget set")


def test_the_first_draft_lacks_methods_only(small_project):
    registry = Registry.discover()
    with Project.open(small_project, read_only=True) as project:
        draft = first_draft(read_contents(project, registry))
        assert [fault.path for fault in assess(project, registry, draft).faults] == ["methods"]
        draft["methods"] = [{"id": "ssd", "seeds": [0, 1]}]
        ready = assess(project, registry, draft)
    assert not ready.faults
    assert not ready.shortfalls
    assert ready.rung == "L3"
    assert ready.cost.by_role[RunRole.CANDIDATE] == 2
    assert ready.hash == plan_from(draft).hash


def test_an_assessment_has_the_ladder_and_what_the_rows_permit(small_project):
    registry = Registry.discover()
    with Project.open(small_project, read_only=True) as project:
        draft = first_draft(read_contents(project, registry))
        assert assess(project, registry, draft).rungs == ()
        draft["methods"] = [{"id": "ssd", "seeds": [0, 1]}]
        ready = assess(project, registry, draft)
    assert [str(one.rung) for one in ready.rungs if one.is_planned] == ["L3"]
    assert all(one.seconds is not None and one.size for one in ready.rungs)
    assert ready.claims[0].startswith("threes: ")
    assert "a true positive rate above" in ready.claims[0]
    assert len(ready.claims) == 1


def test_few_seeds_are_said_to_decide_nothing(small_project):
    registry = Registry.discover()
    with Project.open(small_project, read_only=True) as project:
        plan = small_plan(reference={"band_seeds": [1], "control_seeds": []})
        plan["model"] = {"use": "original"}
        ready = assess(project, registry, plan)
    assert ready.rung == "L2"
    assert len(ready.shortfalls) == 2


def test_standard_criteria_are_added_once():
    once = added([], [{"name": "a"}, {"name": "b"}])
    assert added(once, [{"name": "a"}, {"name": "c"}]) == [*once, {"name": "c"}]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"recovery": None},
        {"notes": 'two lines\nand "quotes" \\ \x7f', "name": "Größe".replace("ö", "o")},
        {"methods": [{"id": "scrub", "params": {"learning_rate": 1e-5, "decay_after": [1, 2]}}]},
        {"forget_sets": [{"name": "rows", "rows": [3, 1, 2]}]},
    ],
)
def test_a_plan_file_reads_back_as_the_same_plan(tmp_path, changes):
    changes.pop("name", None)
    plan, path = plan_from(small_plan(**changes)), tmp_path / "plan.toml"
    write_plan_file(path, plan.model_dump(mode="json"), Registry.discover())
    assert read_plan(path).hash == plan.hash
    assert plan_from(read_plan_file(path)).hash == plan.hash


def test_what_a_plan_file_cannot_say_is_refused(tmp_path):
    methods = [{"id": "scrub", "params": {"batch_size": None}}]
    with pytest.raises(UsageError, match="cannot say"):
        write_plan_file(tmp_path / "p.toml", small_plan(methods=methods), Registry.discover())
    assert not (tmp_path / "p.toml").exists()


# The criteria as a table.


def test_the_criteria_table_keeps_the_rules_of_qt_and_writes_whole_lists(qapp):
    written = []
    model = CriteriaModel(lambda rows, title: written.append((rows, title)))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    row = {"name": "a", "metric": "accuracy", "split": "forget", "margin": 0.1}
    model.show([row], {}, Offers(("loss",)), read_only=False)
    for column, value, changed in (
        (Column.VALUE, "0.2", {"margin": 0.2}),
        (Column.VALUE, "much", {"margin": "much"}),
        (Column.REQUIREMENT, "upper difference", {"kind": "upper", "limit": "much"}),
        (Column.METRIC, "membership_auc", {"split": "forget"}),
        (Column.METRIC, "unlearning_seconds", {"split": None, "group": ""}),
    ):
        assert model.setData(model.index(0, column), value)
        assert changed.items() <= written[-1][0][0].items()
    assert model.setData(
        model.index(0, Column.PRIMARY), Qt.CheckState.Unchecked, Qt.ItemDataRole.CheckStateRole
    )
    assert written[-1][0][0]["primary"] is False
    assert row["margin"] == 0.1, "what was shown is not changed in place"


def test_a_locked_criteria_table_takes_nothing(qapp):
    model = CriteriaModel(lambda *_: pytest.fail("written"))
    model.show([{"name": "a", "metric": "accuracy"}], {}, Offers(), read_only=True)
    assert not model.setData(model.index(0, Column.NAME), "b")
    assert not model.flags(model.index(0, Column.NAME)) & Qt.ItemFlag.ItemIsEditable


# The page.


@pytest.mark.parametrize("project", ["empty_project", "data_project"])
def test_says_what_is_missing(make_page, request, project):
    page = make_page(request.getfixturevalue(project))
    start = find(page, QPushButton, "Start a plan")
    assert not start.isEnabled()
    assert "needs" in start.toolTip()
    page.start_plan()
    settle(page.session)
    assert "needs data" in page.session.faults.notices[-1].message


def test_a_locked_plan_is_shown_and_cannot_be_changed(make_page, small_project, qtbot):
    page = make_page(small_project)
    name = find(page, QLineEdit, "Name")
    assert name.text() == "small"
    retype(qtbot, name, "other")
    settle(page.session)
    assert name.text() == "small"
    assert not [
        one
        for one in page.findChildren(QPushButton)
        if one.text() == "Lock plan…" and one.isVisibleTo(page)
    ]


def test_the_evidence_table_marks_the_planned_rung(make_page, small_project):
    page = make_page(small_project)
    table = next(
        one for one in page.findChildren(EvidenceTable) if one.accessibleName() == "Evidence"
    )
    assert table.isVisibleTo(page)
    named = {label.accessibleName(): label for label in table.findChildren(QLabel)}
    planned = [name for name in named if name.endswith("planned")]
    assert planned == ["L2, planned"]
    assert "beyond this plan" in named["L5"].toolTip()
    assert named["L2, planned"].font().bold()
    assert not named["L5"].font().bold()
    assert table.width() <= 220, "the panel beside the plan is narrow"


def test_an_unfinished_draft_has_no_evidence_table(make_draft):
    page = make_draft()
    assert not page.findChild(EvidenceTable).isVisibleTo(page)
    add_method(page)
    assert page.findChild(EvidenceTable).isVisibleTo(page)


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "?"), (12, "12 s"), (600, "10 min"), (7200, "2 h")]
)
def test_times_are_short(seconds, words):
    assert short_time(seconds) == words


def test_the_evaluation_seed_is_set_beside_the_tests(make_draft, qtbot):
    page = make_draft()
    show_part(page, "Tests")
    retype(qtbot, find(page, QAbstractSpinBox, "Evaluation seed"), "23")
    page.document.flush()
    settle(page.session)
    assert stored(page)["evaluation_seed"] == 23


def test_typing_is_one_edit_that_can_be_undone(make_draft, qtbot):
    page = make_draft()
    retype(qtbot, find(page, QLineEdit, "Name"), "My audit")
    assert stored(page)["name"] == "Audit", "written after a pause"
    qtbot.waitUntil(lambda: stored(page)["name"] == "My audit")
    settle(page.session)
    assert page.session.editor.undo_title == "Name the plan"
    page.session.editor.undo()
    settle(page.session)
    assert stored(page)["name"] == "Audit"
    assert find(page, QLineEdit, "Name").text() == "Audit"


def test_undo_right_after_typing_takes_back_what_was_typed(make_draft, qtbot):
    page = make_draft()
    retype(qtbot, find(page, QLineEdit, "Name"), "My audit")
    page.session.editor.undo()
    settle(page.session)
    assert stored(page)["name"] == "Audit"
    assert find(page, QLineEdit, "Name").text() == "Audit"


def test_closing_right_after_typing_loses_nothing(make_draft, small_project, qtbot):
    page = make_draft()
    retype(qtbot, find(page, QLineEdit, "Name"), "My audit")
    page.session.close()
    with Project.open(small_project, read_only=True) as project:
        assert read_draft(project)["name"] == "My audit"


def test_edits_of_different_places_are_different_edits(make_draft, qtbot):
    page = make_draft()
    retype(qtbot, find(page, QLineEdit, "Name"), "My audit")
    retype(qtbot, find(page, QAbstractSpinBox, "Epochs"), "7")
    page.document.flush()
    settle(page.session)
    page.session.editor.undo()
    settle(page.session)
    assert stored(page)["name"] == "My audit"
    assert stored(page)["recipe"]["epochs"] == 3


def test_an_answer_from_before_does_not_take_away_what_is_typed(make_draft, qtbot):
    page = make_draft()
    name = find(page, QLineEdit, "Name")
    retype(qtbot, name, "My")
    page.invalidate()
    qtbot.waitUntil(lambda: page.session.reader.is_idle)
    assert name.text() == "My"
    qtbot.keyClicks(name, " audit")
    page.document.flush()
    settle(page.session)
    assert name.text() == "My audit"
    assert stored(page)["name"] == "My audit"


def test_a_wrong_value_is_kept_told_and_keeps_the_lock_shut(make_draft, qtbot):
    page = make_draft()
    add_method(page)
    assert find(page, QPushButton, "Lock plan").isEnabled()
    show_part(page, "Setup")
    retype(qtbot, find(page, QAbstractSpinBox, "Epochs"), "many")
    page.document.flush()
    settle(page.session)
    assert not find(page, QPushButton, "Lock plan").isEnabled()
    assert find(page, QAbstractSpinBox, "Epochs").lineEdit().text() == "many"
    assert any(text.startswith("Recipe, epochs") for text in fault_texts(page))
    page.lock_plan()
    settle(page.session)
    assert "no complete draft" in page.session.faults.notices[-1].message


def test_a_fault_leads_to_its_place(make_draft, qtbot):
    page = make_draft()
    assert fault_texts(page) == ["Methods: At least 1 must be given."]
    show_part(page, "Tests")
    page.findChild(QListWidget).itemClicked.emit(page.findChild(QListWidget).item(0))
    settle(page.session)
    assert find(page, QPushButton, "Add SCRUB to the plan")


def test_a_method_can_be_added_twice_and_removed(make_draft, qtbot):
    page = make_draft()
    add_method(page)
    add_method(page)
    assert [one["label"] for one in page.document.content["methods"]] == ["ssd", "ssd 2"]
    find(page, QPushButton, "Remove ssd").click()
    page.document.flush()
    settle(page.session)
    assert [one["label"] for one in stored(page)["methods"]] == ["ssd 2"]


def test_the_settings_of_a_method_go_into_the_plan(make_draft, qtbot):
    page = make_draft()
    add_method(page)
    find(page, QToolButton, "Settings of ssd").click()
    retype(qtbot, find(page, QAbstractSpinBox, "Alpha"), "5")
    retype(qtbot, find(page, QLineEdit, "Seeds"), "0-2")
    page.document.flush()
    settle(page.session)
    (method,) = stored(page)["methods"]
    assert method["params"]["alpha"] == 5
    assert method["seeds"] == [0, 1, 2]


def test_ticks_choose_forget_sets_attacks_and_recovery(make_draft):
    page = make_draft()
    show_part(page, "Forget sets")
    find(page, QCheckBox, "threes").click()
    settle(page.session)
    assert page.document.content["forget_sets"] == []
    find(page, QCheckBox, "threes").click()
    show_part(page, "Tests")
    find(page, QCheckBox, "Confidence").click()
    find(page, QCheckBox, "Recovery tests").click()
    page.document.flush()
    settle(page.session)
    draft = stored(page)
    assert draft["forget_sets"] == [{"name": "threes", "use": "threes"}]
    assert draft["attacks"] == ["loss", "confidence"]
    assert draft["recovery"] is None


def test_recovery_tests_are_ticked_beside_what_they_cost(make_draft):
    page = make_draft()
    show_part(page, "Tests")
    relearning = find(page, QCheckBox, "Relearning")
    probe = find(page, QCheckBox, "Linear probe")
    assert relearning.isChecked()
    assert not probe.isChecked()
    assert "3 trainings" in relearning.accessibleDescription()
    assert "no pass" in probe.accessibleDescription()
    probe.click()
    relearning.click()
    page.document.flush()
    settle(page.session)
    assert stored(page)["recovery"]["tests"] == ["retain-tuning", "probe"]
    rates = find(page, QLineEdit, "Relearn learning rates")
    rates.clear()
    rates.insert("0.01, 0.1")
    rates.textEdited.emit(rates.text())
    page.document.flush()
    settle(page.session)
    recovery = stored(page)["recovery"]
    assert recovery["relearn_learning_rates"] == [0.01, 0.1]
    assert recovery["tests"] == ["retain-tuning", "probe"]
    assert "9 trainings" in find(page, QCheckBox, "Relearning").accessibleDescription()


def test_criteria_are_added_and_removed(make_draft):
    page = make_draft()
    show_part(page, "Criteria")
    table = page.findChild(QTableView)
    before = table.model().rowCount()
    find(page, QPushButton, "Add a criterion").click()
    assert table.model().rowCount() == before + 1
    find(page, QPushButton, "Remove the chosen criteria").click()
    find(page, QPushButton, "Add standard criteria").click()
    settle(page.session)
    assert len(stored(page)["criteria"]) == before


def test_a_lock_asks_first_and_is_for_good(make_draft, monkeypatch):
    page = make_draft()
    add_method(page)
    asked = []
    monkeypatch.setattr(
        questions,
        "ask_lock",
        lambda *given: asked.append(given[-1]) or len(asked) > 1,
    )
    page.lock_plan()
    settle(page.session)
    assert stored(page) is not None, "the user thought better of it"
    page.lock_plan()
    settle(page.session)
    assert stored(page) is None
    row = page.session.project.row("SELECT * FROM plan ORDER BY id DESC LIMIT 1")
    assert row["hash"] == asked[-1]
    assert page.document.is_locked
    assert find(page, QPushButton, "Start runs").isEnabled()


def test_starting_goes_to_the_runs(make_page, small_project, qtbot, monkeypatch):
    with Project.open(small_project) as project:
        registry = Registry.discover()
        draft = {**first_draft(read_contents(project, registry)), "methods": [{"id": "ssd"}]}
        write_draft(Journal(project), draft, "draft")
    page = make_page(small_project)
    monkeypatch.setattr(questions, "ask_lock", lambda *_: True)
    page.lock_plan()
    settle(page.session)
    started = []
    with monkeypatch.context() as patched, qtbot.waitSignal(page.go_to) as went:
        patched.setattr(
            page.session, "run_plan", lambda plan, resume: started.append((plan, resume))
        )
        find(page, QPushButton, "Start runs").click()
    assert went.args == [Step.RUNS]
    ((plan, resume),) = started
    assert resume
    assert [one.id for one in plan.methods] == ["ssd"]


def test_a_new_plan_begins_as_the_locked_one(make_page, small_project):
    page = make_page(small_project)
    find(page, QPushButton, "New plan from this").click()
    settle(page.session)
    draft = stored(page)
    assert draft["name"] == "small copy"
    assert draft["model"] == {"use": "original"}
    assert not page.document.is_locked
    assert find(page, QPushButton, "Lock plan").isEnabled()
    page.discard_draft()
    settle(page.session)
    assert stored(page) is None
    assert page.document.is_locked
    page.session.editor.undo()
    settle(page.session)
    assert stored(page) == draft


def test_the_picker_shows_draft_and_locked_plans(make_draft):
    page = make_draft()
    picker = find(page, QComboBox, "Plan that is shown")
    assert [picker.itemText(i).split(" ")[0] for i in range(picker.count())] == ["Draft", "small"]
    picker.setCurrentIndex(1)
    picker.activated.emit(1)
    settle(page.session)
    assert page.document.is_locked
    picker.setCurrentIndex(0)
    picker.activated.emit(0)
    settle(page.session)
    assert not page.document.is_locked


def test_a_plan_is_exported_and_imported(make_page, small_project, tmp_path, monkeypatch):
    page = make_page(small_project)
    path = tmp_path / "out.toml"
    monkeypatch.setattr(questions, "ask_new_plan_file", lambda *_: path)
    page.export_plan()
    settle(page.session)
    assert read_plan(path).name == "small"
    monkeypatch.setattr(questions, "ask_plan_file", lambda *_: path)
    page.import_plan()
    settle(page.session)
    assert stored(page)["name"] == "small"
    assert page.session.editor.undo_title == "Import the plan 'out.toml'"


def test_a_wrong_plan_file_is_told_in_one_sentence(make_page, small_project, tmp_path, monkeypatch):
    page = make_page(small_project)
    path = tmp_path / "bad.toml"
    path.write_text("name = ", encoding="utf-8")
    monkeypatch.setattr(questions, "ask_plan_file", lambda *_: path)
    page.import_plan()
    settle(page.session)
    notice = page.session.faults.notices.pop()
    assert "bad.toml" in notice.message
    assert stored(page) is None


def test_a_reader_changes_nothing(make_page, make_session, small_project):
    page = make_page(small_project)
    page.start_plan()
    settle(page.session)
    second = make_page(small_project)
    assert second.session.read_only
    assert second.document.read_only
    assert not find(second, QPushButton, "Import").isEnabled()


@pytest.fixture
def stranger(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CONFIG_DIR", str(tmp_path / "config"))
    folder = tmp_path / "plugins" / "stranger"
    folder.mkdir(parents=True)
    monkeypatch.setenv("WORKBENCH_PLUGIN_DIR", str(folder.parent))
    (folder / "plugin.toml").write_text(UNTRUSTED, encoding="utf-8")
    (folder / "params.py").write_text(PARAMS, encoding="utf-8")
    (folder / "method.py").write_text("class Strange: pass", encoding="utf-8")
    return folder


def test_an_untrusted_plugin_is_looked_at_before_it_can_be_used(stranger, make_draft, monkeypatch):
    page = make_draft()
    (plugin,) = [one for one in page.session.registry.plugins if one.id == "stranger"]
    show_part(page, "Methods")
    add = find(page, QPushButton, "Add Strange method to the plan")
    assert not add.isEnabled()
    asked = []
    monkeypatch.setattr(questions, "ask_trust", lambda *given: asked.append(given[-1]) or False)
    find(page, QPushButton, "Trust the plugin of Strange method").click()
    settle(page.session)
    assert asked[0].files == ("method.py", "params.py", "plugin.toml")
    assert not is_trusted(plugin)
    monkeypatch.setattr(questions, "ask_trust", lambda *_: True)
    find(page, QPushButton, "Trust the plugin of Strange method").click()
    settle(page.session)
    assert is_trusted(plugin)
    assert find(page, QPushButton, "Add Strange method to the plan").isEnabled()


def test_a_method_for_another_task_says_why_it_does_not_fit(small_project):
    registry = Registry.discover()
    with Project.open(small_project, read_only=True) as project:
        contents = read_contents(project, registry)
    retrain = next(one for one in contents.methods if one.id == "retrain")
    assert retrain.unfit("classification", "mlp", registry) == ""
    assert "regression" in retrain.unfit("regression", "mlp", registry)
    assert "'unknown'" in retrain.unfit("classification", "unknown", registry)


def test_dialogs_say_what_they_mean(qtbot, make_draft, stranger):
    page = make_draft()
    lock = questions.lock_dialog(page, {**page.document.content, "methods": []}, "ab" * 32)
    assert "never changed" in " ".join(one.text() for one in lock.findChildren(QLabel))
    criteria = lock.findChild(QListWidget)
    assert criteria.item(0).text() == "forget accuracy: Accuracy, forget rows, as retrained ± 0.1"
    lock.deleteLater()
    plugin = page.session.registry.plugins[0]
    trust = questions.trust_dialog(page, read_plugin_files(plugin))
    assert "plugin.toml" in [
        trust.findChild(QListWidget).item(i).text()
        for i in range(trust.findChild(QListWidget).count())
    ]
    trust.deleteLater()


def test_the_window_process_stays_light(small_project, tmp_path):
    import subprocess
    import sys

    copy = shutil.copy(small_project, tmp_path / "light.audit")
    code = (
        "import sys, json\n"
        "from pathlib import Path\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from workbench.gui.faults import Faults\n"
        "from workbench.gui.pages.plan.page import PlanPage\n"
        "from workbench.gui.session.session import Session\n"
        "from workbench.gui.settings import Settings\n"
        "from workbench.gui.testing import settle\n"
        "app = QApplication([])\n"
        f"session = Session(Path({str(copy)!r}), Faults(), Settings())\n"
        "page = PlanPage(session)\n"
        "page.show()\n"
        "settle(session)\n"
        "heavy = ('torch', 'captum', 'sklearn', 'scipy', 'jinja2')\n"
        "print(json.dumps([name for name in heavy if name in sys.modules]))\n"
        "session.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(done.stdout) == []
