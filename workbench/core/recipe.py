"""How a model is trained: the recipe that retraining and recovery tests must repeat."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from workbench.core.params import Params


class Recipe(Params):
    """Optimiser, schedule and length of one training run. Augmentation belongs here too."""

    optimiser: Literal["sgd", "adam", "adamw"] = Field("adam", description="optimiser")
    learning_rate: float = Field(1e-3, gt=0, le=10, description="initial learning rate")
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum, used by sgd only")
    weight_decay: float = Field(0.0, ge=0, le=1, description="L2 weight decay")
    epochs: int = Field(20, ge=1, le=10_000, description="passes over the training rows")
    batch_size: int = Field(64, ge=1, le=65_536, description="rows per optimiser step")
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="learning-rate schedule over the epochs"
    )
