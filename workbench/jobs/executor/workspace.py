"""What the executor keeps warm between jobs: a project's dataset on the device, its plugins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from workbench.audit.duplicates import Duplicates, find_duplicates
from workbench.compute.batching import MicroBatcher
from workbench.compute.models import build_model, load_tensors_into
from workbench.compute.outputs import logits_on
from workbench.compute.tensors import DatasetTensors
from workbench.core.errors import ProjectError
from workbench.jobs.execution import Channel
from workbench.metrics.distances import FEWEST_INITIALISATIONS
from workbench.registry import Registry
from workbench.store import Project, load_dataset, load_outputs, load_tensors

Logits = NDArray[np.float32]


class Workspace:
    """One open project, its plugins, and the dataset that was used last."""

    def __init__(self, project: Project, registry: Registry, device: torch.device) -> None:
        self.project = project
        self.registry = registry
        self.device = device
        self._dataset: tuple[int, DatasetTensors] | None = None
        self._duplicates: tuple[tuple[int, int], Duplicates] | None = None
        self._random: tuple[tuple[int, bytes, int], list[Logits]] | None = None

    @classmethod
    def open(cls, path: Path, plugin_folders: list[Path], device: torch.device) -> Workspace:
        return cls(Project.open(path), Registry.discover(plugin_folders), device)

    def data(self, dataset_id: int) -> DatasetTensors:
        """The dataset on the device; read from the project unless it is already here."""
        if self._dataset is None or self._dataset[0] != dataset_id:
            loaded = load_dataset(self.project, dataset_id)
            self._dataset = (dataset_id, DatasetTensors(loaded, self.device))
        return self._dataset[1]

    def duplicates(
        self, forget_set_id: int, rows: NDArray[np.int64], original_id: int, dataset_id: int
    ) -> Duplicates:
        """Copies of the rows of a forget set; of the set used last they are still here.

        ProjectError if the original model has not made its outputs pass.
        """
        key = (forget_set_id, original_id)
        if self._duplicates is None or self._duplicates[0] != key:
            outputs = load_outputs(self.project, original_id, dataset_id, ["embedding"])
            if outputs is None:
                raise ProjectError(f"The outputs of model {original_id} are not stored.")
            found = find_duplicates(self.data(dataset_id).dataset, rows, outputs["embedding"])
            self._duplicates = (key, found)
        return self._duplicates[1]

    def random_logits(
        self,
        original_id: int,
        dataset_id: int,
        rows: NDArray[np.int64],
        seed: int,
        events: RunEvents,
    ) -> list[Logits]:
        """How freshly initialised networks like the original answer `rows` (k,): (k, C) each.

        Those of the rows used last are still here, so that all runs of a forget set share them.
        """
        key = (original_id, rows.tobytes(), seed)
        if self._random is None or self._random[0] != key:
            data = self.data(dataset_id)
            architecture = self.row("model", original_id)["architecture"]
            batcher = MicroBatcher(data.device, events.log)
            found = []
            for number in range(FEWEST_INITIALISATIONS):
                events.channel.cancel_token.check()
                model = self.new_model(architecture, seed + number)
                found.append(logits_on(model, data, data.row_ids(rows), batcher))
            self._random = (key, found)
        return self._random[1]

    def row(self, table: str, row_id: int) -> dict[str, Any]:
        """One row by id; ProjectError if it is gone."""
        found = self.project.row(f"SELECT * FROM {table} WHERE id = ?", row_id)  # fixed names
        if found is None:
            raise ProjectError(f"The project has no {table} {row_id}.")
        return found

    def new_model(self, architecture: dict[str, Any], seed: int) -> nn.Module:
        return build_model(self.registry, architecture, seed).to(self.device)

    def model(self, model_id: int) -> nn.Module:
        """A stored model with its weights, in eval mode."""
        row = self.row("model", model_id)
        model = build_model(self.registry, row["architecture"], seed=0)
        load_tensors_into(model, load_tensors(self.project, model_id))
        return model.to(self.device)


class RunEvents:
    """An EventSink that passes on to the channel and keeps what the project must hold.

    `clock` gives the seconds that have passed when a point of a curve arrives.
    """

    def __init__(self, channel: Channel, clock: Callable[[], float]) -> None:
        self.channel = channel
        self._clock = clock
        self.lines: list[str] = []
        self.curves: dict[str, list[tuple[float, float]]] = {}

    def progress(self, share: float, step: str) -> None:
        self.channel.progress(share, step)

    def log(self, text: str) -> None:
        self.lines.append(text)
        self.channel.log(text)

    def series(self, name: str, value: float) -> None:
        seconds = self._clock()
        self.curves.setdefault(name, []).append((seconds, value))
        self.channel.series(name, seconds, value)
