"""Every method the workbench ships keeps every rule of the conformance kit."""

from __future__ import annotations

import pytest
import torch

from workbench.core.vocabulary import PluginKind
from workbench.registry import Contributed, Origin, Registry
from workbench.testing import (
    METHOD_CHECKS,
    CheckResult,
    MethodBench,
    Status,
    check_method,
    quick_params,
    small_bench,
)

METHODS = [
    method
    for method in Registry.discover().contributions(PluginKind.METHOD)
    if method.plugin.origin is Origin.BUILTIN
]

# At their default alpha these two select next to nothing on a forget set as large as the bench's.
SETTINGS = {"ssd": {"alpha": 1.0}, "lfssd": {"alpha": 1.0}}

# The rules that say nothing about a method; every other rule must have run.
EXEMPT = {
    "retrain": {"params_import_no_torch", "zero_epochs_change_nothing"},
    "ssd": {"zero_epochs_change_nothing"},
    "lfssd": {"zero_epochs_change_nothing"},
    "do-nothing": {
        "params_import_no_torch",
        "weights_change",
        "cancels_within_a_batch",
        "declared_needs_are_used",
        "zero_epochs_change_nothing",
        "not_a_number_aborts",
    },
    "random-weights": {
        "params_import_no_torch",
        "cancels_within_a_batch",
        "zero_epochs_change_nothing",
        "not_a_number_aborts",
    },
}


@pytest.fixture(scope="module")
def bench() -> MethodBench:
    torch.set_num_threads(1)
    return small_bench()


@pytest.fixture(scope="module", params=METHODS, ids=lambda method: method.id)
def results(request: pytest.FixtureRequest, bench: MethodBench) -> list[CheckResult]:
    method: Contributed = request.param
    settings = SETTINGS.get(method.id, {})
    return check_method(bench, method, quick_params(method, **settings))


def test_the_method_keeps_every_rule(results: list[CheckResult]) -> None:
    assert [f"{r.check}: {r.detail}" for r in results if r.status is Status.FAILED] == []


def test_every_rule_that_applies_has_run(results: list[CheckResult]) -> None:
    skipped = {r.check for r in results if r.status is Status.NOT_APPLICABLE}
    assert [r.check for r in results] == list(METHOD_CHECKS)
    assert skipped == EXEMPT.get(results[0].contribution, set())


def test_the_methods_and_rules_checked_are_the_ones_we_think() -> None:
    assert {method.id for method in METHODS} >= {
        "retrain", "fine-tune", "gradient-ascent", "random-labels", "ssd", "lfssd", "scrub",
        "salun", "do-nothing", "random-weights", "diverged-ascent", "label-flip",
    }  # fmt: skip
    assert len(METHOD_CHECKS) == 12
