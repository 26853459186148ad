"""The host's side of one run of an unlearning method."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from workbench.compute.batching import HostBatch, MicroBatcher, batches_of
from workbench.compute.events import EventSink, Unheard
from workbench.compute.gradients import Loss, NotFiniteError, batch_gradient
from workbench.compute.modes import eval_mode, frozen_copy, why_indivisible
from workbench.compute.progress import Progress
from workbench.compute.seeding import generator
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import DivergenceError, make_optimiser, train
from workbench.compute.watching import AccuracyWatch
from workbench.core.cancellation import CancelToken
from workbench.core.errors import PluginError, UsageError
from workbench.core.recipe import Recipe
from workbench.core.vocabulary import Split
from workbench.plugin_api import Batch, Need

_NEED_OF_SPLIT = {Split.FORGET: Need.FORGET, Split.RETAIN: Need.RETAIN}


class HostMethodContext:
    """Implements plugin_api.MethodContext for the method `method` with the declared `needs`.

    forget_rows, retain_rows: ascending row ids in `data`; new_model: builds a model from a seed.
    """

    def __init__(
        self,
        *,
        method: str,
        needs: Collection[Need],
        data: DatasetTensors,
        forget_rows: Sequence[int] | NDArray[np.int64],
        retain_rows: Sequence[int] | NDArray[np.int64],
        recipe: Recipe,
        new_model: Callable[[int], nn.Module],
        seed: int,
        events: EventSink | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self._method = method
        self._needs = frozenset(needs)
        self._data = data
        self._rows = {
            Split.FORGET: data.row_ids(forget_rows),
            Split.RETAIN: data.row_ids(retain_rows),
        }
        self._recipe = recipe
        self._build = new_model
        self._seed = seed
        self._generator = generator(seed)
        self._events = events or Unheard()
        self._cancel = cancel or CancelToken()
        self._batcher = MicroBatcher(data.device, self._events.log)
        self._progress = Progress(self._events)
        self._watch = AccuracyWatch(data, self._rows, self._events, self._batcher, self._cancel)
        self._watched: nn.Module | None = None
        self._optimised: list[nn.Module] = []
        self._steps = 0

    @property
    def device(self) -> torch.device:
        return self._data.device

    @property
    def seed(self) -> int:
        return self._seed

    @property
    def generator(self) -> torch.Generator:
        return self._generator

    @property
    def n_classes(self) -> int:
        return self._data.dataset.n_classes

    @property
    def recipe(self) -> Recipe:
        self._require(Need.RECIPE, "reads the training recipe")
        return self._recipe

    def watch(self, model: nn.Module) -> nn.Module:
        """Report the accuracy of `model` after every epoch from now on."""
        self._watched = model
        return model

    def count(self, *splits: Split | str) -> int:
        return sum(len(rows) for rows in self._rows_of(splits))

    def batches(
        self, *splits: Split | str, batch_size: int | None = None, shuffle: bool = False
    ) -> Iterator[HostBatch]:
        rows = torch.cat(self._rows_of(splits)).sort().values
        if shuffle:
            order = torch.randperm(len(rows), generator=self._generator)
            rows = rows[order.to(rows.device)]
        return self._pass_over(batches_of(rows, batch_size or self._recipe.batch_size), splits)

    def epochs(self, count: int) -> Iterator[int]:
        for epoch in self._progress.epochs(count):
            self._cancel.check()
            yield epoch
            if self._watched is not None:
                self._watch.look_at(self._watched)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self._data.task.row_loss(outputs, targets)

    def backward(self, batch: Batch, loss: Loss) -> float:
        self._cancel.check()
        if not isinstance(batch, HostBatch):
            raise PluginError(
                f"{self.who} passes a {type(batch).__name__} to backward().",
                remedy="Pass a batch of ctx.batches(), or its with_targets().",
            )
        self._steps += 1
        indivisible = next(filter(None, map(why_indivisible, self._optimised)), "")
        try:
            gradient = batch_gradient(batch, loss, self._batcher, indivisible=indivisible)
        except NotFiniteError as fault:
            raise self._diverged(fault.what, self._steps) from fault
        gradient.accumulate()
        return gradient.loss

    def optimiser(
        self,
        model: nn.Module,
        name: str,
        *,
        learning_rate: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> torch.optim.Optimizer:
        self._optimised.append(model)
        try:
            return make_optimiser(
                model,
                name,
                learning_rate=learning_rate,
                momentum=momentum,
                weight_decay=weight_decay,
            )
        except UsageError as fault:
            raise PluginError(f"{self.who}: {fault.message}", remedy=fault.remedy) from fault

    def train(self, model: nn.Module, recipe: Recipe, *splits: Split | str) -> nn.Module:
        self._require(Need.LABELS, "trains on labels")
        rows = torch.cat(self._rows_of(splits)).sort().values
        try:
            train(
                model,
                self._data,
                rows,
                recipe,
                self._generator,
                events=self._events,
                cancel=self._cancel,
                batcher=self._batcher,
                after_epoch=self._watch.look_at,
            )
        except DivergenceError as fault:
            raise self._diverged(fault.what, fault.step) from fault
        return model

    def new_model(self) -> nn.Module:
        self._require(Need.ARCHITECTURE, "builds a new model")
        return self.watch(self._build(self._seed).to(self.device))

    def copy_of(self, model: nn.Module) -> nn.Module:
        return frozen_copy(model)

    def squared_gradients(
        self,
        model: nn.Module,
        splits: Sequence[Split | str],
        loss: Loss,
        *,
        batch_size: int,
        power: int = 2,
    ) -> dict[str, Tensor]:
        """As the protocol says; batches run on across the end of a split, as in the reference
        code of selective synaptic dampening, and a short last batch counts like any other.
        """
        if power not in (1, 2):
            raise PluginError(f"{self.who} asks for power {power!r}.", remedy="Use 1 or 2.")
        weights = {n: p for n, p in model.named_parameters() if p.requires_grad}
        sums = {name: torch.zeros_like(weight) for name, weight in weights.items()}
        rows = torch.cat(self._rows_of(splits))
        batches = torch.split(rows, batch_size) if len(rows) else ()
        n_batches = 0
        with eval_mode(model):
            for batch in self._pass_over(batches, splits):
                n_batches += 1
                try:
                    gradient = batch_gradient(
                        batch, loss, self._batcher, leaves=list(weights.values())
                    )
                except NotFiniteError as fault:
                    raise self._diverged(fault.what, n_batches) from fault
                for name, weight in weights.items():
                    if weight in gradient.gradients:
                        sums[name] += gradient.gradients[weight].abs() ** power
        return {name: total / max(n_batches, 1) for name, total in sums.items()}

    def log(self, text: str) -> None:
        self._events.log(text)

    def series(self, name: str, value: float) -> None:
        self._events.series(name, float(value))

    @property
    def who(self) -> str:
        """How messages name the method."""
        return f"Method {self._method!r}"

    def _pass_over(
        self, batches: Sequence[Tensor], splits: Sequence[Split | str]
    ) -> Iterator[HostBatch]:
        labelled = Need.LABELS in self._needs
        step = f"pass over {' and '.join(splits)} rows"
        for some in self._progress.pass_over(batches, step):
            self._cancel.check()
            targets = self._data.targets(some) if labelled else None
            yield HostBatch(self._data.inputs(some), some, targets, self.who)
        self._cancel.check()

    def _rows_of(self, splits: Sequence[Split | str]) -> list[Tensor]:
        """Rows of each split, once, after checking that the method may read it."""
        chosen: dict[Split, Tensor] = {}
        for name in splits:
            if name not in _NEED_OF_SPLIT:
                raise PluginError(
                    f"{self.who} asks for {str(name)!r} rows.",
                    remedy="Methods can read 'forget' and 'retain' rows.",
                )
            split = Split(name)
            self._require(_NEED_OF_SPLIT[split], f"reads {split} rows")
            chosen[split] = self._rows[split]
        if not chosen:
            raise PluginError(
                f"{self.who} asks for rows of no split.", remedy="Name 'forget' or 'retain'."
            )
        return list(chosen.values())

    def _require(self, need: Need, action: str) -> None:
        if need not in self._needs:
            raise PluginError(
                f"{self.who} {action}, which its manifest does not declare.",
                remedy=f"Add {str(need)!r} to the needs of the method in plugin.toml.",
            )

    def _diverged(self, what: str, step: int) -> PluginError:
        return PluginError(
            f"{self.who} diverged: the {what} became not finite at step {step}.",
            remedy="Lower its learning rate; the original model is unchanged.",
        )
