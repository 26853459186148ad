from __future__ import annotations

from workbench.metrics import membership
from workbench.metrics.known_answers import check_known_answers


def test_every_known_answer_is_reproduced():
    answers = check_known_answers()
    assert len(answers) >= 15
    assert [answer.name for answer in answers if not answer.correct] == []


def test_a_wrong_build_is_noticed(monkeypatch):
    monkeypatch.setattr(membership, "auc", lambda *_sides: float("nan"))
    assert [answer.name for answer in check_known_answers() if not answer.correct] == ["AUC"]
