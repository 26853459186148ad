"""Settings shared by every method that takes optimiser steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from workbench.core.params import Params
from workbench.plugin_api.method_context import MethodContext

if TYPE_CHECKING:
    import torch
    from torch import nn


class TuningParams(Params):
    """Optimiser, step size and length. Subclasses repeat a field to give it their own default."""

    optimiser: Literal["sgd", "adam", "adamw"] = Field("sgd", description="optimiser")
    learning_rate: float = Field(0.01, gt=0, le=10, description="step size")
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum, used by sgd only")
    weight_decay: float = Field(5e-4, ge=0, le=1, description="weight decay")
    epochs: int = Field(10, ge=0, le=10_000, description="passes; 0 leaves the model as it is")
    batch_size: int | None = Field(
        None, ge=1, le=65_536, description="rows per step; the recipe's if not given"
    )

    def make_optimiser(self, ctx: MethodContext, model: nn.Module) -> torch.optim.Optimizer:
        """The optimiser these settings describe, over the parameters of `model`."""
        return ctx.optimiser(
            model,
            self.optimiser,
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
        )
