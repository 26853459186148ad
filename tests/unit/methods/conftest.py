from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from method_workshop import Workshop
from sklearn.datasets import load_digits
from torch import nn

from workbench.compute.models import build_model, load_tensors_into, read_weights
from workbench.core.dataset import Dataset
from workbench.core.recipe import Recipe
from workbench.registry import Registry
from workbench.testing import MethodBench, small_bench

ROOT = Path(__file__).resolve().parents[3]
TEST_DATA = Path(os.environ.get("WORKBENCH_TEST_DATA", ROOT.parent / "shared" / "data"))
WEIGHTS = TEST_DATA.parent / "fixtures" / "digits_cnn.safetensors"
FORGOTTEN_CLASS = 3
ARCHITECTURE = {
    "id": "small-cnn",
    "params": {"channels": [16, 32], "hidden": 64},
    "input_shape": [1, 8, 8],
    "n_outputs": 10,
}

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def registry() -> Registry:
    return Registry.discover()


@pytest.fixture(scope="session")
def blobs(registry: Registry) -> Workshop:
    return Workshop(small_bench(), registry)


@pytest.fixture(scope="session")
def digits(registry: Registry) -> Workshop:
    """A CNN with known weights on scikit-learn's digits; the forget set is one whole class."""
    if not WEIGHTS.is_file():
        pytest.skip(f"the reference weights {WEIGHTS.name} are not here")
    data = load_digits()
    inputs = (data.images / 16).astype(np.float32)[:, None]
    split = np.where(np.arange(len(inputs)) < 1400, "train", "test")
    names = tuple(str(digit) for digit in range(10))
    dataset = Dataset("digits", inputs, data.target.astype(np.int64), split, names)

    def new_model(seed: int) -> nn.Module:
        return build_model(registry, ARCHITECTURE, seed)

    original = new_model(0)
    load_tensors_into(original, read_weights(WEIGHTS))
    forget = np.flatnonzero((split == "train") & (dataset.targets == FORGOTTEN_CLASS))
    return Workshop(MethodBench(dataset, forget, Recipe(), new_model, original), registry)
