"""A world small enough to run any unlearning method in a fraction of a second."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.compute.context import HostMethodContext
from workbench.compute.seeding import generator, isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import train
from workbench.compute.unlearning import run_method
from workbench.core.cancellation import CancelToken
from workbench.core.dataset import Dataset
from workbench.core.params import Params
from workbench.core.recipe import Recipe
from workbench.core.vocabulary import Split
from workbench.plugin_api import Need
from workbench.registry import Contributed

_CPU = torch.device("cpu")
_CLASSES, _WIDTH = 3, 6


@dataclass
class MethodRun:
    """What one run of a method showed. `batches` counts those handed out."""

    model: nn.Module | None = None
    logs: list[str] = field(default_factory=list)
    curves: dict[str, list[float]] = field(default_factory=dict)
    batches: int = 0

    def progress(self, share: float, step: str) -> None:
        pass

    def log(self, text: str) -> None:
        self.logs.append(text)

    def series(self, name: str, value: float) -> None:
        self.curves.setdefault(name, []).append(value)


@dataclass(frozen=True)
class MethodBench:
    """A dataset, an original trained on it, a forget set, and a way to run methods on them.

    forget_rows: ascending ids of training rows; new_model: builds an untrained model from a seed.
    """

    dataset: Dataset
    forget_rows: NDArray[np.int64]
    recipe: Recipe
    new_model: Callable[[int], nn.Module]
    original: nn.Module

    @property
    def retain_rows(self) -> NDArray[np.int64]:
        return np.setdiff1d(self.dataset.rows_of(Split.TRAIN), self.forget_rows)

    def context(
        self,
        method: Contributed,
        run: MethodRun,
        *,
        seed: int = 0,
        needs: Collection[Need] | None = None,
        dataset: Dataset | None = None,
        cancel_at: int | None = None,
    ) -> HostMethodContext:
        """The context of one run of `method`, which reports to `run`.

        needs: given instead of the declared ones; dataset: read instead of the bench's own;
        cancel_at: the batch, counted from 1, during which the user cancels.
        """
        cancel = CancelToken()
        return HostMethodContext(
            method=method.id,
            needs=method.declared.needs if needs is None else needs,
            data=_Watched(dataset or self.dataset, run, cancel, cancel_at),
            forget_rows=self.forget_rows,
            retain_rows=self.retain_rows,
            recipe=self.recipe,
            new_model=self.new_model,
            seed=seed,
            events=run,
            cancel=cancel,
        )

    def run(
        self,
        method: Contributed,
        params: Params,
        *,
        run: MethodRun | None = None,
        seed: int = 0,
        needs: Collection[Need] | None = None,
        dataset: Dataset | None = None,
        cancel_at: int | None = None,
    ) -> MethodRun:
        """Run `method` on the original as the host does; see `context` for the other arguments.

        Give `run` to see what a run showed that raises.
        """
        run = run or MethodRun()
        ctx = self.context(
            method, run, seed=seed, needs=needs, dataset=dataset, cancel_at=cancel_at
        )
        run.model = run_method(method.load(), ctx, self.original, params)
        return run

    def with_noise(self, rows: NDArray[np.int64], *, targets_only: bool = False) -> Dataset:
        """The dataset with other labels, and unless `targets_only` other inputs, in `rows`."""
        inputs, targets = self.dataset.inputs.copy(), self.dataset.targets.copy()
        targets[rows] = (targets[rows] + 1) % self.dataset.n_classes
        if not targets_only:
            inputs[rows] = inputs[rows] * -3 + 1
        return replace(self.dataset, inputs=inputs, targets=targets)

    def with_nan(self) -> Dataset:
        """The dataset with NaN in the last forget row and the last retain row."""
        inputs = self.dataset.inputs.astype(np.float32)
        inputs[[self.forget_rows[-1], self.retain_rows[-1]]] = np.nan
        return replace(self.dataset, inputs=inputs)


def small_bench() -> MethodBench:
    """Overlapping blobs, and a network with batch norm and dropout.

    These two layers make runs depend on the mode of the model and on global random state.
    """
    dataset = blobs()
    recipe = Recipe(epochs=3, batch_size=16, learning_rate=0.01)
    members = dataset.rows_of(Split.TRAIN)
    original = new_blob_model(1)
    data = DatasetTensors(dataset, _CPU)
    train(original, data, data.row_ids(members), recipe, generator(1))
    return MethodBench(dataset, members[::5], recipe, new_blob_model, original)


class _Watched(DatasetTensors):
    """Counts the batches that are read, and plays the user who cancels at one of them."""

    def __init__(
        self, dataset: Dataset, run: MethodRun, cancel: CancelToken, cancel_at: int | None
    ) -> None:
        super().__init__(dataset, _CPU)
        self._run = run
        self._cancel = cancel
        self._cancel_at = cancel_at

    def inputs(self, rows: Tensor | slice) -> Tensor:
        self._run.batches += 1
        if self._run.batches == self._cancel_at:
            self._cancel.cancel()
        return super().inputs(rows)


def blobs() -> Dataset:
    """150 rows of three Gaussian blobs: 90 train, then 30 test, then 30 non-members."""
    draw = np.random.default_rng(0)
    targets = np.arange(150, dtype=np.int64) % _CLASSES
    centres = draw.normal(size=(_CLASSES, _WIDTH))
    inputs = (centres[targets] + draw.normal(size=(150, _WIDTH))).astype(np.float32)
    split = np.repeat([str(Split.TRAIN), str(Split.TEST), str(Split.NON_MEMBER)], [90, 30, 30])
    return Dataset("blobs", inputs, targets, split, ("left", "middle", "right"))


def new_blob_model(seed: int) -> nn.Module:
    """A network for `blobs` with batch norm and dropout, untrained, in eval mode."""
    with isolated_rng(seed):
        return nn.Sequential(
            nn.Linear(_WIDTH, 24),
            nn.BatchNorm1d(24),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(24, _CLASSES),
        ).eval()
