"""What the host gives an unlearning method.

The host owns batching, device, seed, progress, cancellation and out-of-memory back-off, so that a
plain `for batch in ctx.batches("forget")` is already cancellable and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from workbench.core.recipe import Recipe
from workbench.core.vocabulary import Split

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


class Batch(Protocol):
    """Rows on the device: inputs (b, ...) preprocessed float32, targets (b,) int64, rows (b,)."""

    inputs: Tensor
    rows: Tensor

    @property
    def targets(self) -> Tensor:
        """Labels; PluginError for a method whose manifest does not declare `labels`."""
        ...

    def __len__(self) -> int: ...

    def with_targets(self, targets: Tensor) -> Batch:
        """The same rows under other labels (relabelling methods)."""
        ...


class MethodContext(Protocol):
    """The host's side of one run of a method. Everything random must come from `generator`."""

    @property
    def device(self) -> torch.device: ...

    @property
    def seed(self) -> int: ...

    @property
    def generator(self) -> torch.Generator:
        """CPU generator seeded with the run's seed; draw all random numbers from it."""
        ...

    @property
    def n_classes(self) -> int: ...

    @property
    def recipe(self) -> Recipe:
        """How the original was trained; needs `recipe` in the manifest."""
        ...

    def count(self, *splits: Split | str) -> int:
        """Rows in the union of these splits."""
        ...

    def batches(
        self, *splits: Split | str, batch_size: int | None = None, shuffle: bool = False
    ) -> Iterator[Batch]:
        """One pass over the union of `splits` (forget, retain), in ascending row order.

        `batch_size` defaults to the recipe's. With `shuffle` the order is drawn from
        `generator`. A last batch of a single row joins the one before, because batch
        normalisation cannot train on it. Every batch is a point where the run can be cancelled,
        and counts as progress. PluginError for a split the manifest does not declare.
        """
        ...

    def epochs(self, count: int) -> Iterator[int]:
        """Yield 0..count-1 and report the share done.

        After each epoch the host reports the accuracy of the model on a sample of both sides.
        """
        ...

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The task's per-row loss (b,), cross-entropy in nats for classification."""
        ...

    def backward(self, batch: Batch, loss: Callable[[Batch], Tensor]) -> float:
        """Add the gradient of `loss(batch)`, a mean over rows, to `.grad`; return its value.

        The host may split the batch into smaller pieces, and does after running out of memory;
        pieces are weighted by their rows, so the gradient is that of the whole batch. A loss or
        gradient that is not finite aborts the run and rolls the model back (PluginError).
        """
        ...

    def optimiser(
        self,
        model: nn.Module,
        name: str,
        *,
        learning_rate: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
    ) -> torch.optim.Optimizer:
        """`sgd`, `adam` or `adamw` over the parameters of `model`."""
        ...

    def train(self, model: nn.Module, recipe: Recipe, *splits: Split | str) -> nn.Module:
        """Train `model` in place on the union of `splits` with `recipe`, seeded by this run."""
        ...

    def new_model(self) -> nn.Module:
        """A freshly initialised model of the same architecture, seeded by this run."""
        ...

    def copy_of(self, model: nn.Module) -> nn.Module:
        """An independent frozen copy in eval mode (a teacher)."""
        ...

    def squared_gradients(
        self,
        model: nn.Module,
        splits: Sequence[Split | str],
        loss: Callable[[Batch], Tensor],
        *,
        batch_size: int,
        power: int = 2,
    ) -> dict[str, Tensor]:
        """Mean over batches of |gradient of `loss`| ** `power`, per named parameter, eval mode.

        `power` is 1 or 2. Order: the splits one after the other, rows ascending.
        """
        ...

    def log(self, text: str) -> None:
        """A line in the run's log, shown live."""
        ...

    def series(self, name: str, value: float) -> None:
        """Append a point to a live curve ("loss", "forget accuracy")."""
        ...
