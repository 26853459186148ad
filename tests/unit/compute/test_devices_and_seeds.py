"""Devices, environment and random numbers."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
import torch

from workbench.compute.devices import environment, pick_device
from workbench.compute.seeding import draw_seed, generator, isolated_rng, seed_everything
from workbench.core.errors import UsageError


def test_the_processor_is_always_there_and_auto_finds_something() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    torch.zeros(1, device=pick_device("auto"))


@pytest.mark.parametrize("name", ["", "gpu", "tpu", "cuda:", "cuda:x", "cpu:3", "cuda:99"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(UsageError, match="device") as fault:
        pick_device(name)
    assert repr(name) in fault.value.message
    assert fault.value.remedy


def test_an_absent_accelerator_is_not_replaced_by_another_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for name in ("cuda", "cuda:0", "mps"):
        with pytest.raises(UsageError, match="not available"):
            pick_device(name)
    assert pick_device("auto") == torch.device("cpu")


def test_the_environment_is_plain_json() -> None:
    found = environment(torch.device("cpu"))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["device"] == "cpu"
    assert found["threads"] == torch.get_num_threads()
    assert found["packages"]["numpy"] == np.__version__
    assert found["packages"]["torch"]


def test_seeding_reaches_every_global_generator() -> None:
    deterministic = torch.are_deterministic_algorithms_enabled()
    try:
        draws = []
        for _ in range(2):
            seed_everything(3)
            draws.append((random.random(), float(np.random.rand()), float(torch.rand(()))))  # noqa: NPY002
        assert draws[0] == draws[1]
        assert torch.are_deterministic_algorithms_enabled()
    finally:
        torch.use_deterministic_algorithms(deterministic)


def test_isolated_numbers_come_from_the_seed_and_leave_no_trace() -> None:
    torch.manual_seed(0)
    expected = torch.rand(4)
    torch.manual_seed(0)
    with isolated_rng(7):
        inside = torch.rand(4)
    with pytest.raises(ZeroDivisionError), isolated_rng(8):
        torch.rand(1 // 0)
    assert torch.equal(torch.rand(4), expected)
    with isolated_rng(7):
        assert torch.equal(torch.rand(4), inside)


def test_streams_of_seeds_are_repeatable() -> None:
    assert [draw_seed(generator(1)) for _ in range(2)] == [draw_seed(generator(1))] * 2
    stream = generator(1)
    assert draw_seed(stream) != draw_seed(stream)
