"""What the tests of the built-in methods share."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from workbench.core.vocabulary import PluginKind
from workbench.registry import Contributed, Registry
from workbench.registry.loader import load_object
from workbench.testing import MethodBench, MethodRun


class Workshop:
    """Runs built-in methods by id on one bench."""

    def __init__(self, bench: MethodBench, registry: Registry) -> None:
        self.bench = bench
        self._registry = registry

    def method(self, method_id: str) -> Contributed:
        return self._registry.get(PluginKind.METHOD, method_id)

    def part(self, method_id: str, name: str) -> Any:
        """A function or class of the module that holds a method."""
        return load_object(self.method(method_id).plugin, f"method:{name}")

    def run(self, method_id: str, seed: int = 0, **settings: Any) -> MethodRun:
        method = self.method(method_id)
        return self.bench.run(method, method.parse_params(settings), seed=seed)

    def unlearn(self, method_id: str, seed: int = 0, **settings: Any) -> nn.Module:
        model = self.run(method_id, seed, **settings).model
        assert model is not None
        return model


def accuracy(bench: MethodBench, model: nn.Module, rows: NDArray[np.int64]) -> float:
    """Share of `rows` that `model` gets right."""
    with torch.no_grad():
        logits = model(torch.from_numpy(bench.dataset.inputs[rows]))
    return float((logits.argmax(dim=1).numpy() == bench.dataset.targets[rows]).mean())


def same(first: nn.Module, second: nn.Module) -> bool:
    """Equal in every value of every tensor."""
    other = second.state_dict()
    return all(torch.equal(value, other[name]) for name, value in first.state_dict().items())
