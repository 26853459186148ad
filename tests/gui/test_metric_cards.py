"""The card of a metric is behind its name wherever a page names it, always the same text."""

import re
from html import unescape

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from workbench.core.vocabulary import RunRole
from workbench.gui.metric_card import metric_tip, metric_words
from workbench.gui.pages.compare.contents import read_comparison
from workbench.gui.pages.compare.methods import MethodsPane
from workbench.gui.pages.compare.number_filter import NumberFilter
from workbench.gui.pages.compare.scoreboard_model import Column, ScoreboardModel, ScoreRole
from workbench.gui.pages.inspect.answers_table import _tip as answer_tip
from workbench.gui.pages.plan.criteria_model import CriteriaModel
from workbench.gui.pages.plan.criterion_row import Column as CriterionColumn
from workbench.gui.pages.plan.criterion_row import Offers
from workbench.gui.pages.privacy.numbers import Numbers
from workbench.gui.pages.report.contents import read_verdict
from workbench.gui.pages.report.verdict_model import Column as VerdictColumn
from workbench.gui.pages.report.verdict_model import LineRole, VerdictModel
from workbench.metrics.catalogue import CATALOGUE
from workbench.store import Project

TIP = Qt.ItemDataRole.ToolTipRole


@pytest.fixture
def project(small_project):
    with Project.open(small_project, read_only=True) as opened:
        yield opened


@pytest.fixture
def comparison(project):
    runs = project.rows("SELECT id, role, forget_set_id FROM run ORDER BY id")
    a = next(run for run in runs if run["role"] == RunRole.ORIGINAL)
    b = next(run for run in runs if run["role"] == RunRole.CANDIDATE)
    return read_comparison(project, 1, a["forget_set_id"], a["id"], b["id"])


def plain(tip):
    return unescape(re.sub(r"<[^>]+>", " ", tip))


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_card_says_everything_there_is_to_know(name):
    card = CATALOGUE[name]
    for text in (plain(metric_tip(name, "forget rows")), metric_words(name)):
        for part in (card.definition, card.target, card.caveat.rstrip("."), card.source):
            assert part in text
        assert str(card.unit) in text
        assert f"version {card.version}" in text
    assert f"{card.title}, forget rows" in plain(metric_tip(name, "forget rows"))
    assert "<" not in metric_words(name), "screen readers would read the tags"


def test_a_metric_without_a_card_has_no_text_and_names_are_no_markup():
    assert metric_tip("of a stranger") == metric_words("of a stranger") == ""
    assert "<img" not in metric_tip("accuracy", "<img src=x>")


def test_the_scoreboard_has_the_card_behind_every_name(comparison, qapp):
    model = ScoreboardModel()
    model.show_groups(comparison.groups)
    found = [model.index(row, Column.METRIC) for row in range(model.rowCount())]
    scores = [(one, one.data(ScoreRole)) for one in found if one.data(ScoreRole)]
    assert len(scores) > 40
    for index, score in scores:
        assert index.data(TIP) == metric_tip(score.key[0], score.about)
        told = index.data(Qt.ItemDataRole.AccessibleDescriptionRole)
        assert told == metric_words(score.key[0])


def test_the_list_of_all_methods_is_by_family_with_cards(comparison, qtbot):
    pane = MethodsPane()
    qtbot.addWidget(pane)
    pane.show_spreads(comparison.spreads, None, None)
    box = pane.findChild(QComboBox)
    headings = [i for i in range(box.count()) if not box.model().item(i).isEnabled()]
    assert box.itemText(headings[0]) == "Criteria of the plan"
    assert [box.itemText(i) for i in headings[1:3]] == ["Utility", "Membership attacks"]
    assert box.currentIndex() == 1, "a heading is never chosen"
    assert box.count() == len(headings) + len(comparison.spreads)
    assert all(box.itemData(i, TIP) for i in range(box.count()) if i not in headings)
    assert box.toolTip() == metric_tip(comparison.spreads[0].key[0])
    box.setCurrentIndex(box.count() - 1)
    last = box.currentText()
    pane.show_spreads(comparison.spreads, None, None)
    assert box.currentText() == last, "what was chosen stays chosen"


def test_the_filter_shows_one_family_or_what_has_a_criterion(comparison, qtbot):
    chooser = NumberFilter()
    qtbot.addWidget(chooser)
    chooser.offer(comparison.groups)
    assert chooser.matching(comparison.groups) == comparison.groups
    shown = {}
    for at in range(chooser.count()):
        chooser.setCurrentIndex(at)
        chooser.activated.emit(at)
        groups = chooser.matching(comparison.groups)
        n = sum(len(group.scores) for group in groups)
        assert chooser.currentText() == f"{chooser.currentData()}: {n} numbers"
        shown[chooser.currentData()] = groups
    judged = [score for group in shown["With a criterion"] for score in group.scores]
    assert {score.standing.name for score in judged} == {"forget accuracy", "attack"}
    assert [group.title for group in shown["Recovery"]] == ["Recovery"]
    chooser.offer(comparison.groups[:1])
    assert chooser.matching(comparison.groups[:1]) == comparison.groups[:1]


def test_the_verdict_has_the_card_behind_every_criterion(project, qapp):
    model = VerdictModel()
    model.show_lines(read_verdict(project, 1).forget_sets)
    named = [(one, one.data(LineRole).metric) for one in model.every_index()]
    assert {metric for _, metric in named} == {"", "accuracy", "membership_auc"}
    for index, metric in named:
        assert index.column() == VerdictColumn.NAME
        assert index.data(TIP) == (metric_tip(metric) or index.data(LineRole).name)


def test_criteria_numbers_of_an_attack_and_numbers_of_a_row_have_cards(qtbot):
    model = CriteriaModel(lambda *_: None)
    model.show([{"name": "a", "metric": "macro_f1"}], {}, Offers(), read_only=True)
    assert model.index(0, CriterionColumn.METRIC).data(TIP) == metric_tip("macro_f1")
    numbers = Numbers()
    qtbot.addWidget(numbers)
    tips = {
        numbers.verticalHeaderItem(row).text(): numbers.verticalHeaderItem(row).toolTip()
        for row in range(numbers.rowCount())
    }
    assert tips["AUC"] == metric_tip("membership_auc")
    assert metric_tip("membership_tpr_at_fpr_0.01") in tips.values()
    assert all(tips.values())
    assert metric_tip("mean_loss") in answer_tip("Loss")
    assert metric_tip("membership_auc") in answer_tip("Attack loss")
