from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from tiny_models import CPU, blobs, mlp, trained
from torch import nn

from workbench.compute.tensors import DatasetTensors
from workbench.core.dataset import Dataset


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def dataset() -> Dataset:
    return blobs()


@pytest.fixture
def data(dataset: Dataset) -> DatasetTensors:
    return DatasetTensors(dataset, CPU)


@pytest.fixture
def original(dataset: Dataset) -> nn.Module:
    return trained(mlp(), dataset)
