"""A network that learned wrong labels by heart, one that hides them, and one that never saw them.

Every fourth training row has a wrong label. Nothing about such a row but having seen it tells its
label, so what a test brings back of it is memory.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tiny_models import CPU
from torch import nn

from workbench.compute.outputs import outputs_pass
from workbench.compute.seeding import generator, isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import train
from workbench.core.dataset import Dataset
from workbench.core.recipe import Recipe
from workbench.core.vocabulary import Split

N_TRAIN, N_TEST, N_OTHER, WIDTH = 160, 40, 40, 16
RECIPE = Recipe(learning_rate=0.01, epochs=60, batch_size=32)


@dataclass(frozen=True, repr=False)
class Memorised:
    data: DatasetTensors
    forget: NDArray[np.int64]
    retain: NDArray[np.int64]
    non_members: NDArray[np.int64]
    original: nn.Module
    hidden: nn.Module
    retrained: nn.Module

    def accuracy(self, model: nn.Module, rows: NDArray[np.int64] | None = None) -> float:
        logits = outputs_pass(model, self.data)["logits"]
        rows = self.forget if rows is None else rows
        return float((logits.argmax(axis=1) == self.data.dataset.targets)[rows].mean())


def memorised() -> Memorised:
    """`hidden` is the original whose last layer answers with the next class."""
    data = DatasetTensors(_mislabelled(), CPU)
    everything = np.arange(N_TRAIN)
    forget = everything[::4]
    retain = np.setdiff1d(everything, forget)
    original = _trained(data, everything, 0)
    hidden = copy.deepcopy(original)
    with torch.no_grad():
        for values in (hidden[4].weight, hidden[4].bias):
            values.copy_(values.roll(1, 0))
    return Memorised(
        data=data,
        forget=forget,
        retain=retain,
        non_members=data.dataset.rows_of(Split.NON_MEMBER),
        original=original,
        hidden=hidden,
        retrained=_trained(data, retain, 1),
    )


def _mislabelled() -> Dataset:
    draw = np.random.default_rng(2)
    n = N_TRAIN + N_TEST + N_OTHER
    truth = draw.integers(0, 3, n)
    inputs = draw.normal(0, 1, (3, WIDTH))[truth] + draw.normal(0, 1, (n, WIDTH))
    split = np.array(["train"] * N_TRAIN + ["test"] * N_TEST + ["non_member"] * N_OTHER)
    wrong = (split == "non_member") | ((split == "train") & (np.arange(n) % 4 == 0))
    targets = np.where(wrong, (truth + draw.integers(1, 3, n)) % 3, truth)
    return Dataset("m", inputs.astype(np.float32), targets, split, ("a", "b", "c"))


def _trained(data: DatasetTensors, rows: NDArray[np.int64], seed: int) -> nn.Module:
    with isolated_rng(seed):
        layers = [nn.Linear(WIDTH, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)]
    model = nn.Sequential(*layers)
    train(model, data, torch.as_tensor(rows), RECIPE, generator(seed))
    return model.eval()
