"""The protocol of each kind of contribution. Objects are made without arguments, once per use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from workbench.core.dataset import Dataset
from workbench.core.params import Params
from workbench.plugin_api.method_context import MethodContext

if TYPE_CHECKING:
    from torch import Tensor, nn

P_contra = TypeVar("P_contra", bound=Params, contravariant=True)


class Method(Protocol[P_contra]):
    """An unlearning method."""

    def unlearn(self, ctx: MethodContext, model: nn.Module, params: P_contra) -> nn.Module:
        """Return the unlearned model. `model` is a private copy: change it in place or not."""
        ...


@dataclass(frozen=True)
class RowOutputs:
    """Stored outputs of one model over some rows: all a score-based attack may look at.

    rows: (n,) row ids; logits: (n, C) float64; targets: (n,) int64; loss: (n,) nats.
    """

    rows: NDArray[np.int64]
    logits: NDArray[np.float64]
    targets: NDArray[np.int64]
    loss: NDArray[np.float64]


class Attack(Protocol[P_contra]):
    """A membership attack on stored outputs."""

    def scores(self, outputs: RowOutputs, params: P_contra) -> NDArray[np.float64]:
        """Per-row score (n,); larger means more member-like. No row may depend on another."""
        ...


class Attribution(Protocol[P_contra]):
    """An input-attribution explainer. The host owns batching."""

    def attribute(
        self, model: nn.Module, inputs: Tensor, targets: Tensor, params: P_contra
    ) -> Tensor:
        """Attribution of the target logit to each input value; same shape as `inputs`."""
        ...


@dataclass(frozen=True)
class SelectorData:
    """What a selector may look at: training rows only.

    rows: (n,) ids; columns: "class", metadata and, where `outputs` is declared, "loss" and
    "confidence" under the original model, each (n,).
    """

    rows: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]


class Selector(Protocol[P_contra]):
    """Proposes a forget set."""

    def select(self, data: SelectorData, params: P_contra) -> NDArray[np.bool_]:
        """Mask (n,) over `data.rows`."""
        ...


class Architecture(Protocol[P_contra]):
    """Builds an untrained network."""

    def build(self, input_shape: tuple[int, ...], n_outputs: int, params: P_contra) -> nn.Module:
        """A module mapping (b, *input_shape) float32 to (b, n_outputs)."""
        ...


class DatasetSource(Protocol[P_contra]):
    """Reads a dataset. `path` is what the user pointed at, None for bundled data."""

    def load(self, path: Path | None, params: P_contra) -> Dataset: ...
