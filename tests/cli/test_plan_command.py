"""`workbench plan`: fixed before anything is measured, and only added to afterwards."""

import json
import sqlite3

import pytest

STRICT = '[[criteria]]\nname = "strict"\nmetric = "accuracy"\nsplit = "test"\nmargin = 0.001\n'


@pytest.fixture
def criteria(tmp_path):
    """Write a file of criteria."""

    def write(text):
        file = tmp_path / "more.toml"
        file.write_text(text)
        return file

    return write


def rows(path, query):
    with sqlite3.connect(path) as connection:
        return connection.execute(query).fetchall()


def test_a_locked_plan_is_run_as_it_was_locked(project, write_plan, workbench):
    code, out, _ = workbench("plan", "lock", write_plan(), "--project", project)
    assert code == 0
    assert "locked as" in out
    assert rows(project, "SELECT count(*) FROM run") == [(0,)]
    code, _, err = workbench("run", write_plan(), "--project", project, "--in-process")
    assert code in (0, 10, 11, 12), err
    assert rows(project, "SELECT count(*) FROM plan") == [(1,)]


def test_locking_says_what_keeps_the_plan_from_passing(project, write_plan, workbench):
    _, out, _ = workbench("plan", "lock", write_plan(), "--project", project, "--json")
    (note,) = json.loads(out)["notes"]
    assert "2 retrained seeds" in note


def test_an_amendment_is_judged_and_marked_and_the_hash_stays(finished, criteria, workbench):
    before = rows(finished, "SELECT hash FROM plan")
    code, out, err = workbench("plan", "amend", criteria(STRICT), "--project", finished)
    assert code == 0, err
    assert "exploratory: strict" in out
    assert rows(finished, "SELECT hash FROM plan") == before
    assert rows(
        finished, "SELECT is_exploratory, is_primary FROM criterion WHERE name='strict'"
    ) == [(1, 0)]
    judged = rows(finished, "SELECT count(*) FROM verdict WHERE criterion = 'strict'")
    assert judged[0][0] > 0
    assert rows(finished, "SELECT type FROM event ORDER BY seq DESC LIMIT 2") == [
        ("plan.judged",),
        ("plan.amended",),
    ]
    assert workbench("verify", finished)[0] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("criteria = 3", "criteria"),
        ("[[criteria]", "not valid TOML"),
        ("", "criteria"),
        (STRICT.replace("strict", "forget"), "has a criterion 'forget' already"),
        (STRICT + STRICT, "has a criterion 'strict' already"),
        (STRICT.replace("accuracy", "acuracy"), "did you mean 'accuracy'"),
        (STRICT.replace('split = "test"\n', 'split = "test"\ngroup = "x"\n'), "has no groups"),
    ],
)
def test_a_faulty_amendment_changes_nothing(finished, criteria, workbench, text, said):
    before = rows(finished, "SELECT * FROM criterion")
    code, _, err = workbench("plan", "amend", criteria(text), "--project", finished)
    assert code == 2
    assert said in err.replace("Did", "did")
    assert rows(finished, "SELECT * FROM criterion") == before


def test_the_plan_to_amend_must_be_clear(project, write_plan, criteria, workbench):
    amend = ("plan", "amend", criteria(STRICT), "--project", project)
    code, _, err = workbench(*amend)
    assert code == 2
    assert "no locked plan" in err
    for name in ("one", "two"):
        assert workbench("plan", "lock", write_plan(name=name), "--project", project)[0] == 0
    code, _, err = workbench(*amend)
    assert code == 2
    assert "one, two" in err
    code, _, err = workbench(*amend, "--plan", "tow")
    assert code == 2
    assert "'two'" in err
    assert workbench(*amend, "--plan", "two")[0] == 0


def test_a_missing_file_is_named(project, workbench):
    code, _, err = workbench("plan", "amend", "nowhere.toml", "--project", project)
    assert code == 2
    assert "'nowhere.toml'" in err


def metrics(path):
    """Every number that a run measures, but for what the clock and the memory say."""
    return rows(
        path,
        "SELECT run.label, run.seed, run.role, metric.name, metric.split, metric.group_key, "
        "metric.reference, metric.value, metric.ci_low, metric.ci_high, metric.reason FROM metric "
        "JOIN run ON run.id = metric.run_id WHERE metric.name NOT IN "
        "('unlearning_seconds', 'peak_memory') ORDER BY 1, 2, 3, 4, 5, 6, 7",
    )


def test_an_exported_plan_gives_the_same_numbers_in_another_project(finished, tmp_path, workbench):
    exported, again = tmp_path / "again.toml", tmp_path / "again.audit"
    code, out, err = workbench("plan", "export", exported, "--project", finished, "--json")
    assert code == 0, err
    assert json.loads(out)["hash"] == rows(finished, "SELECT hash FROM plan")[0][0]
    assert workbench("init", again)[0] == 0
    code, _, err = workbench("run", exported, "--project", again, "--in-process")
    assert code in (0, 10, 11, 12), err
    assert rows(again, "SELECT hash FROM plan") == rows(finished, "SELECT hash FROM plan")
    assert metrics(again) == metrics(finished)
    assert len(metrics(again)) > 300
    code, _, err = workbench("plan", "export", exported, "--project", finished)
    assert code == 2
    assert "already a file" in err
