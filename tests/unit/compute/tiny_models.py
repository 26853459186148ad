"""Data and networks small enough to train in milliseconds, made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.compute.context import HostMethodContext
from workbench.compute.seeding import isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import train
from workbench.core.dataset import Dataset, Preprocessing
from workbench.core.recipe import Recipe
from workbench.plugin_api import Need

CPU = torch.device("cpu")
N_ROWS, N_TRAIN = 96, 72
FORGET = np.arange(0, N_TRAIN, 6)
RETAIN = np.setdiff1d(np.arange(N_TRAIN), FORGET)
RECIPE = Recipe(learning_rate=0.01, epochs=15, batch_size=16)


def blobs(seed: int = 0, **changes: Any) -> Dataset:
    """Three classes of 1x4x4 images with pixel values 0..255, easy to tell apart."""
    draw = np.random.default_rng(seed)
    targets = draw.permutation(np.arange(N_ROWS) % 3)
    centres = draw.uniform(60, 200, size=(3, 1, 4, 4))
    inputs = np.clip(centres[targets] + draw.normal(0, 25, (N_ROWS, 1, 4, 4)), 0, 255)
    split = np.array(["train"] * N_TRAIN + ["test"] * (N_ROWS - N_TRAIN))
    content: dict[str, Any] = {
        "name": "blobs",
        "inputs": inputs.astype(np.uint8),
        "targets": targets.astype(np.int64),
        "split": split,
        "class_names": ("a", "b", "c"),
        "preprocessing": Preprocessing(divide_by=255, mean=(0.5,), std=(0.25,)),
    }
    return Dataset(**(content | changes))


def mlp(seed: int = 0, *, dropout: float = 0.0) -> nn.Module:
    with isolated_rng(seed):
        return nn.Sequential(
            nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Dropout(dropout), nn.Linear(12, 3)
        ).eval()


def batch_norm_net(seed: int = 0) -> nn.Module:
    with isolated_rng(seed):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(64, 8),
            nn.BatchNorm1d(8),
            nn.ReLU(),
            nn.Linear(8, 3),
        ).eval()


def trained(model: nn.Module, dataset: Dataset, seed: int = 0) -> nn.Module:
    data = DatasetTensors(dataset, CPU)
    train(model, data, torch.arange(N_TRAIN), RECIPE, torch.Generator().manual_seed(seed))
    return model


def state(model: nn.Module) -> dict[str, NDArray[Any]]:
    return {name: tensor.detach().numpy().copy() for name, tensor in model.state_dict().items()}


def same_state(one: nn.Module | dict[str, Any], other: nn.Module | dict[str, Any]) -> bool:
    a, b = (state(m) if isinstance(m, nn.Module) else m for m in (one, other))
    return list(a) == list(b) and all(np.array_equal(a[name], b[name]) for name in a)


class RecordingEvents:
    def __init__(self) -> None:
        self.shares: list[tuple[float, str]] = []
        self.lines: list[str] = []
        self.curves: dict[str, list[float]] = {}

    def progress(self, share: float, step: str) -> None:
        self.shares.append((share, step))

    def log(self, text: str) -> None:
        self.lines.append(text)

    def series(self, name: str, value: float) -> None:
        self.curves.setdefault(name, []).append(value)


def context(dataset: Dataset | None = None, **changes: Any) -> HostMethodContext:
    content: dict[str, Any] = {
        "method": "tested",
        "needs": tuple(Need),
        "data": DatasetTensors(dataset or blobs(), CPU),
        "forget_rows": FORGET,
        "retain_rows": RETAIN,
        "recipe": RECIPE,
        "new_model": mlp,
        "seed": 5,
    }
    return HostMethodContext(**(content | changes))


class MemoryFor:
    """A device with room for `rows` rows at a time."""

    def __init__(self, rows: int, fault: Exception | None = None) -> None:
        self.rows = rows
        self.fault = fault or RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self.tried: list[int] = []

    def ask(self, rows: int) -> None:
        self.tried.append(rows)
        if rows > self.rows:
            raise self.fault

    def limit(self, model: nn.Module) -> nn.Module:
        """`model`, whose forward pass and that of its copies now needs this memory."""
        model.register_forward_pre_hook(lambda _, inputs: self.ask(len(inputs[0])))
        return model


def mean_loss(ctx: HostMethodContext, model: nn.Module) -> Callable[[Any], Tensor]:
    return lambda batch: ctx.loss(model(batch.inputs), batch.targets).mean()
