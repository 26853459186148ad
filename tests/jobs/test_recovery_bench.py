"""The recovery tests of one run, on a network and data small enough for milliseconds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import nn

from workbench.audit.lookup import CENSORED
from workbench.audit.plan import RecoveryChoice, RecoveryTestId
from workbench.compute.events import Unheard
from workbench.compute.models import tensors_of
from workbench.compute.outputs import outputs_pass
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import Cancelled, CancelToken
from workbench.core.dataset import Dataset
from workbench.core.hashing import hash_arrays
from workbench.core.metric_value import MetricValue
from workbench.core.recipe import Recipe
from workbench.core.vocabulary import MetricStatus
from workbench.jobs.executor.recovery import recovery_metrics
from workbench.jobs.executor.recovery_bench import RecoveryBench
from workbench.testing.forward_counter import ForwardCounter

EVERY_TEST = get_args(RecoveryTestId)


def a_dataset() -> Dataset:
    draw = np.random.default_rng(0)
    split = np.array(["train"] * 60 + ["test"] * 30 + ["non_member"] * 30)
    inputs = draw.normal(size=(120, 6)).astype(np.float32)
    return Dataset("d", inputs, draw.integers(0, 3, 120), split, ("a", "b", "c"))


def a_network(*, normalised: bool = False) -> nn.Module:
    torch.manual_seed(3)
    middle = nn.BatchNorm1d(8) if normalised else nn.ReLU()
    return nn.Sequential(nn.Linear(6, 8), middle, nn.Linear(8, 3)).eval()


def a_bench(
    *tests: Any,
    model: nn.Module | None = None,
    forget: Any = range(0, 60, 3),
    cancel: CancelToken | None = None,
    **settings: Any,
) -> RecoveryBench:
    data = DatasetTensors(a_dataset(), torch.device("cpu"))
    network = model or a_network()
    rows = np.array(forget, dtype=np.int64)
    # The original knows every row, so there is something to relearn.
    known = np.eye(3, dtype=np.float32)[data.dataset.targets]
    given: dict[str, Any] = {"relearn_cap": 4, "relearn_seeds": (0,), "retain_epochs": 1}
    given["inversion_steps"] = 10
    return RecoveryBench(
        model=network,
        original_model=network,
        data=data,
        outputs=outputs_pass(network, data),
        original={"logits": known},
        forget=rows,
        retain=np.setdiff1d(np.arange(60), rows),
        non_members=np.arange(90, 120),
        recipe=Recipe(batch_size=8),
        choice=RecoveryChoice(tests=tests or EVERY_TEST, **(given | settings)),
        seed=0,
        events=Unheard(),
        cancel=cancel or CancelToken(),
    )


def by_key(found: list[MetricValue]) -> dict[tuple[str, str | None, str], MetricValue]:
    keyed = {(one.name, one.split, one.group_key): one for one in found}
    assert len(keyed) == len(found)
    return keyed


def test_no_test_changes_the_model_or_its_outputs() -> None:
    bench = a_bench()
    before = hash_arrays(tensors_of(bench.model)), hash_arrays(bench.outputs)
    randomness = torch.get_rng_state()
    recovery_metrics(bench)
    assert (hash_arrays(tensors_of(bench.model)), hash_arrays(bench.outputs)) == before
    assert torch.equal(torch.get_rng_state(), randomness)


def test_every_test_repeats_exactly() -> None:
    first = recovery_metrics(a_bench())
    torch.manual_seed(99)
    np.random.default_rng().normal()
    assert recovery_metrics(a_bench()) == first
    assert all(one.status is MetricStatus.OK for one in first)


@pytest.mark.parametrize("test", EVERY_TEST)
def test_every_test_hears_a_cancel(test: Any) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        recovery_metrics(a_bench(test, cancel=cancel))


def test_a_cancel_is_heard_between_two_copies() -> None:
    class CancelsAt(Unheard):
        def progress(self, *_: Any) -> None:
            cancel.cancel()

    cancel = CancelToken()
    bench = replace(a_bench("quantisation", cancel=cancel), events=CancelsAt())
    with ForwardCounter() as counted, pytest.raises(Cancelled):
        recovery_metrics(bench)
    assert counted.rows == len(bench.forget) + 30  # int8, and no int4 after it


def test_what_costs_no_pass_makes_none() -> None:
    bench = a_bench("prototype", "probe")
    with ForwardCounter() as counted:
        recovery_metrics(bench)
    assert counted.calls == 0


def test_rounding_and_pruning_cost_what_they_say() -> None:
    for test in ("quantisation", "pruning"):
        bench = a_bench(test)
        with ForwardCounter() as counted:
            recovery_metrics(bench)
        assert counted.rows == 2 * (len(bench.forget) + 30)


def test_noise_path_and_inversion_cost_no_more_than_they_say() -> None:
    bench = a_bench("noise")
    with ForwardCounter() as counted:
        recovery_metrics(bench)
    assert counted.rows == 6 * (len(bench.forget) + 30)
    for normalised, rows in ((False, 11 * 60), (True, 11 * (60 + 40))):
        bench = a_bench("connectivity", model=a_network(normalised=normalised))
        with ForwardCounter() as counted:
            recovery_metrics(bench)
        assert counted.rows == rows
    bench = a_bench("inversion", inversion_restarts=3, inversion_steps=7)
    with ForwardCounter() as counted:
        (found,) = recovery_metrics(bench)
    assert counted.rows == 3 * 3 * 7  # classes, starts, steps
    assert found.n == 9
    assert found.ci_method == "student-t"
    assert found.reference == "non_member"


def test_no_hill_lies_between_the_original_and_itself() -> None:
    found = by_key(recovery_metrics(a_bench("connectivity")))
    assert [one.value for one in found.values()] == [0.0, 0.0]
    assert {one.reference for one in found.values()} == {"original"}
    other = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).eval()
    apart = by_key(recovery_metrics(replace(a_bench("connectivity"), original_model=other)))
    assert all(one.value is not None and one.value >= 0 for one in apart.values())


def test_inversion_without_comparable_rows_says_so() -> None:
    (found,) = recovery_metrics(replace(a_bench("inversion"), non_members=np.arange(0)))
    assert found.status is MetricStatus.NOT_COMPUTED
    assert "hold an inversion against" in found.reason


def test_a_model_that_broke_loses_these_numbers_and_not_its_run() -> None:
    model = a_network()
    with torch.no_grad():
        model[2].weight.fill_(float("nan"))
    bench = replace(a_bench("connectivity", "inversion"), model=model)
    for one in recovery_metrics(bench):
        assert one.status is MetricStatus.NOT_COMPUTED
        assert "not finite" in one.reason or "NaN" in one.reason


def test_relearning_costs_no_more_than_it_says() -> None:
    bench = a_bench("relearn", relearn_share=1.0)
    with ForwardCounter() as counted:
        recovery_metrics(bench)
    # Forward passes only: a step of training is told as three, one forward and one backward.
    assert counted.rows <= (4 * 2 + 1) * len(bench.forget)


def test_more_learning_rates_are_groups_beside_the_first() -> None:
    only = recovery_metrics(a_bench("relearn"))
    found = recovery_metrics(a_bench("relearn", relearn_learning_rates=(0.1, 1e-9)))
    assert found[0] == only[0]
    assert [one.group_key for one in found] == ["", "lr:0.1", "lr:1e-09"]
    assert found[2].ci_method == CENSORED
    assert found[2].value == 4


def test_a_model_that_diverges_loses_its_number_and_not_its_run() -> None:
    model = a_network()
    with torch.no_grad():
        model[2].weight.fill_(3e38)
    bench = replace(a_bench("relearn", "relearn-transfer", "retain-tuning"), model=model)
    for one in recovery_metrics(bench):
        assert one.status is MetricStatus.NOT_COMPUTED
        assert "Training diverged" in one.reason


def test_half_of_two_rows_is_too_little_for_batch_normalisation() -> None:
    bench = a_bench("relearn-transfer", model=a_network(normalised=True), forget=[0, 1])
    (one,) = recovery_metrics(bench)
    assert one.status is MetricStatus.NOT_COMPUTED
    assert "batch of 1 rows" in one.reason


def test_a_network_without_weights_of_that_kind_says_so() -> None:
    class Biased(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(3))

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            return inputs[:, :3] + self.bias

    bench = replace(a_bench("quantisation", "pruning", "prototype"), model=Biased())
    found = by_key(recovery_metrics(bench))
    assert len(found) == 9
    for (name, _, _), one in found.items():
        reason = "linear layer" if name == "prototype_accuracy" else "no weight matrices"
        assert reason in one.reason


def test_the_probe_compares_like_with_like() -> None:
    targets = a_dataset().targets[:60]
    (spread,) = recovery_metrics(a_bench("probe"))
    (whole,) = recovery_metrics(a_bench("probe", forget=np.flatnonzero(targets == 1)))
    assert (spread.reference, spread.n) == ("non_member", 20 + 30)
    assert (whole.reference, whole.n) == ("retain", 60)
