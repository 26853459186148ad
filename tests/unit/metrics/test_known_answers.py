from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from workbench.metrics import Undefined, membership
from workbench.metrics.known_answers import check_known_answers
from workbench.metrics.known_answers.question import Question


def test_every_known_answer_is_reproduced():
    answers = check_known_answers()
    assert [answer for answer in answers if not answer.correct] == []
    ids = {answer.id for answer in answers} - {""}
    assert {"A1", "AE1", "T1", "B1", "C5", "H3", "W2", "I4", "V1", "K4", "J1"} < ids
    assert len(ids) == 26
    names = [answer.name for answer in answers]
    assert len(set(names)) == len(names) > 75


@pytest.mark.parametrize("wrong", [float("nan"), 0.8833353])
def test_a_wrong_build_is_noticed(monkeypatch, wrong):
    monkeypatch.setattr(membership, "auc", lambda *_sides: wrong)
    assert [answer.name for answer in check_known_answers() if not answer.correct] == ["AUC"]


def test_of_several_numbers_the_worst_is_told():
    question = Question("three", lambda: np.array([1.0, 2.5, 3.1]), (1.0, 2.0, 3.0))
    assert (question.ask().expected, question.ask().got) == (2.0, 2.5)
    missing = Question("two", lambda: [np.nan, 7.0], (1.0, 2.0)).ask()
    assert np.isnan(missing.got)
    assert missing.expected == 1.0
    assert not missing.correct


def test_a_formula_that_gives_up_is_a_wrong_answer():
    def give_up():
        raise Undefined("There is none.")

    answer = Question("none", give_up, 0.0).ask()
    assert np.isnan(answer.got)
    assert not answer.correct
    assert not Question("too many", lambda: [0.0, 0.0], 0.0).ask().correct


def test_asking_loads_nothing_slow():
    code = (
        "import sys\n"
        "from workbench.metrics.known_answers import check_known_answers\n"
        "early = [m for m in sys.modules if m.startswith('workbench.metrics.one_run')]\n"
        "check_known_answers()\n"
        "heavy = {'torch', 'sklearn', 'scipy.stats', 'scipy.spatial'} & set(sys.modules)\n"
        "sys.exit(f'loaded {sorted(heavy)} {early}' if heavy or early else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
