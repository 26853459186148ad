import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from workbench.core.errors import UsageError
from workbench.core.rule_words import in_words
from workbench.core.selection import (
    RULE,
    AllOf,
    AnyOf,
    CombineMode,
    Compare,
    Inside,
    Not,
    OneOf,
    combine,
    select,
)
from workbench.core.where import parse_where

NEW, ADD, SUBTRACT, INTERSECT = CombineMode
N = 24
COLUMNS = {
    "row": np.arange(N),
    "class": np.arange(N) % 3,
    "x": np.cos(np.arange(N)),
    "y": np.sin(np.arange(N)),
    "ward": np.where(np.arange(N) % 2, "A", "B"),
}
LASSO = Inside(x="x", y="y", polygon=((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)))


def rows(*values: int) -> OneOf:
    return OneOf(column="row", values=values)


WHERE = ("row < 5 or row > 20", "class == 1 and row not in (4, 7)", "ward in ('A',)")
gestures = st.one_of(
    st.lists(st.integers(0, N - 1), min_size=1, max_size=4).map(lambda values: rows(*values)),
    st.integers(0, 2).map(lambda value: Compare(column="class", op="==", value=value)),
    st.sampled_from([LASSO, Not(rule=LASSO), *map(parse_where, WHERE)]),
)


@given(st.lists(st.tuples(st.sampled_from(CombineMode), gestures), max_size=12))
def test_gestures_combine_as_sets_of_rows_do(steps):
    rule, expected = None, np.zeros(N, dtype=bool)
    for mode, new in steps:
        rule = combine(mode, rule, new)
        mask = select(new, COLUMNS)
        expected = {
            NEW: mask,
            ADD: expected | mask,
            SUBTRACT: expected & ~mask,
            INTERSECT: expected & mask,
        }[mode]
        found = select(rule, COLUMNS) if rule else np.zeros(N, dtype=bool)
        assert np.array_equal(found, expected)
        if rule:
            assert RULE.validate_json(RULE.dump_json(rule)) == rule


@pytest.mark.parametrize("mode", [SUBTRACT, INTERSECT])
def test_nothing_less_something_is_nothing(mode):
    assert combine(mode, None, LASSO) is None
    assert combine(ADD, None, LASSO) == LASSO


def test_clicks_become_one_list_of_rows():
    rule = None
    for row in (3, 9, 3, 5):
        rule = combine(ADD, rule, rows(row))
    assert rule == rows(3, 9, 5)
    assert combine(SUBTRACT, rule, rows(3, 5)) == rows(9)
    assert combine(SUBTRACT, rule, rows(3, 5, 9)) is None


def test_hundreds_of_clicks_on_a_rule_keep_it_two_lists_deep():
    base = Compare(column="class", op="==", value=1)
    rule = base
    for row in range(300):
        rule = combine(SUBTRACT if row % 2 else ADD, rule, rows(row % N))
    match rule:
        case AnyOf(rules=(AllOf(rules=(kept, Not(rule=OneOf(values=out)))), OneOf(values=into))):
            assert kept == base
            assert not set(out) & set(into)
        case _:
            pytest.fail(f"unexpected shape {rule!r}")


def test_rules_of_one_kind_stay_flat():
    one, two = parse_where("class == 1 or class == 2"), parse_where("row < 3 or row > 8")
    assert len(combine(ADD, one, two).rules) == 4
    both = combine(INTERSECT, combine(INTERSECT, one, LASSO), two)
    assert both.rules == (one, LASSO, two)


def test_many_picked_rows_are_found_whatever_their_size():
    picked = rows(2, 5, 2**80)
    assert np.flatnonzero(select(picked, COLUMNS)).tolist() == [2, 5]


def test_a_polygon_needs_three_finite_corners():
    for corners in ([(0, 0), (1, 1)], [(0, 0), (1, 1), (float("nan"), 0)]):
        with pytest.raises(ValidationError):
            Inside(x="x", y="y", polygon=corners)


@pytest.mark.parametrize("column", ["nowhere", "ward"])
def test_a_lasso_needs_columns_of_numbers(column):
    with pytest.raises(UsageError, match=column):
        select(LASSO.model_copy(update={"x": column}), COLUMNS)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("class == 3", "class is 3"),
        ("class == 3 and loss > 2", "class is 3 and loss is above 2"),
        ("subject in (17, 21)", "subject is one of 17, 21"),
        ("subject not in (17, 21)", "subject is none of 17, 21"),
        ("subject in (17,)", "subject is 17"),
        (
            "class == 3 and (loss > 2 or row < 9)",
            "class is 3 and (loss is above 2 or row is below 9)",
        ),
        ("not ward == 'A'", "not (ward is “A”)"),
        ("noisy == True and loss > 0.30000000000000004", "noisy is yes and loss is above 0.3"),
    ],
)
def test_rules_read_as_sentences(rule, words):
    assert in_words(parse_where(rule)) == words


def test_classes_go_by_name():
    named = in_words(parse_where("class in (0, 1, 7)"), ["cat", "dog"])
    assert named == "class is one of cat, dog, 7"


def test_gestures_read_as_sentences():
    rule = combine(INTERSECT, parse_where("class == 3"), LASSO)
    assert in_words(rule) == "class is 3 and (x, y) lies inside a lasso of 3 corners"
    rule = combine(SUBTRACT, rule, rows(17, 23))
    assert in_words(rule) == (
        "class is 3 and (x, y) lies inside a lasso of 3 corners, without rows 17 and 23"
    )
    rule = combine(ADD, combine(SUBTRACT, parse_where("class == 3"), rows(4)), rows(9))
    assert in_words(rule) == "(class is 3, without row 4) or row is 9"
    assert in_words(Not(rule=LASSO)) == "(x, y) lies outside a lasso of 3 corners"


def test_long_lists_say_how_much_they_leave_out():
    assert in_words(rows(*range(34))) == "row is one of 0, 1, 2, 3, 4, 5 and 28 more"
    assert in_words(rows(*range(7))).endswith("5, 6")
