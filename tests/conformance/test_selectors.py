"""The built-in selectors: exactly the rows asked for, and a sentence for what is not there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.core.vocabulary import PluginKind
from workbench.plugin_api import SelectorData, UsageError
from workbench.registry import Origin, Registry

REGISTRY = Registry.discover()
N = 200
EXAMPLES: dict[str, dict[str, object]] = {
    "by-class": {"classes": [1]},
    "random-share": {"share": 0.2},
    "by-subject": {"subjects": [4]},
    "highest-loss": {"count": 5},
}


@pytest.fixture
def data() -> SelectorData:
    generator = np.random.default_rng(0)
    return SelectorData(
        rows=np.arange(N) * 3,
        columns={
            "class": generator.integers(4, size=N),
            "subject": generator.integers(20, size=N),
            "name": np.array(["ann", "bob"])[generator.integers(2, size=N)],
            "loss": generator.exponential(size=N),
        },
    )


def choose(selector: str, data: SelectorData, **params: object) -> NDArray[np.bool_]:
    one = REGISTRY.get(PluginKind.SELECTOR, selector)
    mask: NDArray[np.bool_] = one.load().select(data, one.parse_params(params))
    return mask


def test_every_built_in_selector_is_checked_here() -> None:
    found = REGISTRY.contributions(PluginKind.SELECTOR)
    assert {one.id for one in found if one.plugin.origin is Origin.BUILTIN} == set(EXAMPLES)


@pytest.mark.parametrize("selector", EXAMPLES)
def test_a_selection_is_a_repeatable_mask_that_is_neither_empty_nor_everything(
    data: SelectorData, selector: str
) -> None:
    mask = choose(selector, data, **EXAMPLES[selector])
    assert mask.shape == (N,)
    assert mask.dtype == bool
    assert 0 < mask.sum() < N
    np.testing.assert_array_equal(mask, choose(selector, data, **EXAMPLES[selector]))


def test_whole_classes(data: SelectorData) -> None:
    mask = choose("by-class", data, classes=[0, 3])
    np.testing.assert_array_equal(mask, np.isin(data.columns["class"], [0, 3]))


def test_a_class_without_rows(data: SelectorData) -> None:
    with pytest.raises(UsageError, match=r"no training row has class 9\. There are: 0, 1, 2, 3\."):
        choose("by-class", data, classes=[0, 9])


@pytest.mark.parametrize(("column", "subjects"), [("subject", [3, 17]), ("name", ["bob"])])
def test_subjects(data: SelectorData, column: str, subjects: list[int] | list[str]) -> None:
    mask = choose("by-subject", data, column=column, subjects=subjects)
    np.testing.assert_array_equal(mask, np.isin(data.columns[column], subjects))


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"subjects": [99]}, "no training row has subject 99"),
        ({"subjects": ["4"]}, "no training row has subject '4'"),
        ({"column": "name", "subjects": [1]}, "no training row has name 1. There are: ann, bob."),
        ({"column": "patient", "subjects": [1]}, "there is no column 'patient'. Use one of: class"),
        ({"subjects": []}, "subjects must have at least 1 item"),
        ({}, "lacks the parameter 'subjects'"),
    ],
)
def test_subjects_that_are_not_there(
    data: SelectorData, params: dict[str, object], expected: str
) -> None:
    with pytest.raises(UsageError) as caught:
        choose("by-subject", data, **params)
    assert expected in str(caught.value)


def test_a_long_list_of_subjects_is_cut(data: SelectorData) -> None:
    with pytest.raises(UsageError, match=r"There are: 0, 1, .*, 11 and 8 more\."):
        choose("by-subject", data, subjects=[99])


@pytest.mark.parametrize(("share", "expected"), [(0.25, 50), (1.0, 200), (0.001, 1)])
def test_a_random_share_has_its_size(data: SelectorData, share: float, expected: int) -> None:
    assert choose("random-share", data, share=share).sum() == expected


def test_a_random_share_follows_its_seed(data: SelectorData) -> None:
    first, second = (choose("random-share", data, seed=seed) for seed in (0, 1))
    assert (first != second).any()


def test_a_random_share_is_uniform_over_the_rows(data: SelectorData) -> None:
    """300 draws of a fifth: no row is drawn much more or less often than 60 times."""
    times = np.sum([choose("random-share", data, share=0.2, seed=s) for s in range(300)], axis=0)
    deviation = np.sqrt(300 * 0.2 * 0.8)
    assert times.mean() == pytest.approx(60)
    assert np.abs(times - 60).max() < 4.5 * deviation


def test_a_share_within_a_rule_is_a_share_of_the_rows_that_meet_it(data: SelectorData) -> None:
    within = data.columns["class"] == 2
    mask = choose("random-share", data, share=0.5, within="class == 2")
    assert not (mask & ~within).any()
    assert mask.sum() == round(0.5 * within.sum())


@pytest.mark.parametrize("selector", ["random-share", "highest-loss"])
@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ("class == 9", "no training row meets the rule 'class == 9'"),
        ("klass == 1", "There is no column 'klass'"),
        ("class ==", "The rule 'class ==' cannot be read"),
    ],
)
def test_a_rule_that_picks_nothing(
    data: SelectorData, selector: str, within: str, expected: str
) -> None:
    with pytest.raises(UsageError, match=expected):
        choose(selector, data, **(EXAMPLES[selector] | {"within": within}))


@pytest.mark.parametrize("size", [{"count": 20}, {"share": 0.1}])
def test_the_hardest_rows(data: SelectorData, size: dict[str, float]) -> None:
    mask = choose("highest-loss", data, **size)
    assert mask.sum() == 20
    assert data.columns["loss"][mask].min() > data.columns["loss"][~mask].max()


def test_the_hardest_rows_of_a_class(data: SelectorData) -> None:
    mask = choose("highest-loss", data, count=3, within="class == 1")
    of_class = data.columns["class"] == 1
    assert not (mask & ~of_class).any()
    assert data.columns["loss"][mask].min() > data.columns["loss"][of_class & ~mask].max()


def test_equal_losses_are_taken_in_row_order() -> None:
    data = SelectorData(rows=np.arange(4), columns={"loss": np.array([1.0, 2.0, 1.0, 1.0])})
    assert choose("highest-loss", data, count=2).tolist() == [True, True, False, False]


@pytest.mark.parametrize("params", [{}, {"count": 3, "share": 0.1}])
def test_the_hardest_rows_need_one_size(data: SelectorData, params: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="give either 'count' or 'share'"):
        choose("highest-loss", data, **params)


def test_more_rows_than_there_are(data: SelectorData) -> None:
    with pytest.raises(UsageError, match="count is 500, but there are only 200 rows"):
        choose("highest-loss", data, count=500)


def test_the_hardest_rows_need_losses(data: SelectorData) -> None:
    columns = {name: values for name, values in data.columns.items() if name != "loss"}
    with pytest.raises(UsageError, match="needs the loss of each row"):
        choose("highest-loss", SelectorData(data.rows, columns), count=3)
