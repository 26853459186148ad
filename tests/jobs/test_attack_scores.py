"""Attack plugins under the executor: what they may touch, and what they must give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from workbench.audit.standard import StoredOutputs
from workbench.core.errors import PluginError
from workbench.jobs.executor.attacks import attack_scores
from workbench.plugin_api import NoParams, RowOutputs

N = 7
TARGETS = np.arange(N) % 3


class Made:
    def __init__(self, scores: Any) -> None:
        self._scores = scores

    def scores(self, outputs: RowOutputs, _: NoParams) -> Any:
        return self._scores(outputs)


def outputs() -> StoredOutputs:
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(N, 3)).astype(np.float32)
    return StoredOutputs(logits, np.arange(N, dtype=np.float64), np.zeros((N, 1), np.float32))


def scored(scores: Any) -> NDArray[np.float64]:
    return attack_scores(Made(scores), outputs(), TARGETS, NoParams(), name="made")


def test_an_attack_sees_every_row_in_float64() -> None:
    def check(rows: RowOutputs) -> NDArray[np.float32]:
        assert rows.rows.tolist() == list(range(N))
        assert rows.logits.dtype == rows.loss.dtype == np.float64
        np.testing.assert_array_equal(rows.logits, outputs().logits)
        np.testing.assert_array_equal(rows.targets, TARGETS)
        return (-rows.loss).astype(np.float32)

    found = scored(check)
    assert found.dtype == np.float64
    assert found.tolist() == [-float(row) for row in range(N)]


def test_an_attack_that_writes_in_place_changes_nothing_but_its_copies() -> None:
    def vandal(rows: RowOutputs) -> NDArray[np.float64]:
        for array in (rows.rows, rows.logits, rows.targets, rows.loss):
            array[...] = 0
        return rows.loss

    mine, targets = outputs(), TARGETS.copy()
    found = attack_scores(Made(vandal), mine, targets, NoParams())
    assert not found.any()
    np.testing.assert_array_equal(targets, TARGETS)
    np.testing.assert_array_equal(mine.logits, outputs().logits)
    np.testing.assert_array_equal(mine.loss, outputs().loss)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda _: None, "'made' gives NoneType for 7 rows"),
        (lambda rows: rows.loss.tolist(), "'made' gives list for 7 rows"),
        (lambda rows: rows.logits, r"'made' gives float64 of shape \(7, 3\) for 7 rows"),
        (lambda rows: rows.loss[:-1], r"'made' gives float64 of shape \(6,\) for 7 rows"),
        (lambda rows: rows.targets, r"'made' gives int64 of shape \(7,\) for 7 rows"),
        (lambda rows: rows.loss > 1, r"'made' gives bool of shape \(7,\) for 7 rows"),
        (
            lambda rows: np.where(rows.rows > 4, np.inf, 0.0),
            "'made' gives scores that are not finite for 2 rows, first row 5",
        ),
        (lambda _: {}["absent"], r"'made' failed \(KeyError: 'absent'\)"),
    ],
)
def test_what_an_attack_does_wrong_is_said_with_its_name(wrong: Any, sentence: str) -> None:
    with pytest.raises(PluginError, match=sentence) as fault:
        scored(wrong)
    assert fault.value.remedy


def test_an_error_that_is_already_plain_is_passed_on() -> None:
    def refuse(_: RowOutputs) -> Any:
        raise PluginError("This attack needs two classes.", remedy="Leave it out.")

    with pytest.raises(PluginError, match=r"^This attack needs two classes\. Leave it out\.$"):
        scored(refuse)
