"""Settings of SCRUB."""

from typing import Literal

from pydantic import Field

from workbench.plugin_api import TuningParams


class ScrubParams(TuningParams):
    """The authors' small-scale schedule, with the loss weights of later benchmarks."""

    optimiser: Literal["sgd", "adam", "adamw"] = Field("adam", description="optimiser")
    learning_rate: float = Field(5e-4, gt=0, le=10, description="step size at the start")
    batch_size: int | None = Field(
        32, ge=1, le=65_536, description="retain rows per step; the recipe's if not given"
    )
    forget_batch_size: int | None = Field(
        64, ge=1, le=65_536, description="forget rows per step; the recipe's if not given"
    )
    max_epochs: int = Field(
        3, ge=0, le=10_000, description="epochs, from the first, that start with a forget pass"
    )
    gamma: float = Field(0.99, ge=0, description="weight of the cross-entropy on the retain set")
    alpha: float = Field(
        0.001, ge=0, description="weight of the distance to the teacher on the retain set"
    )
    temperature: float = Field(
        4.0, gt=0, le=100, description="both models' logits are divided by this when compared"
    )
    decay_after: tuple[int, ...] = Field(
        (5, 8, 9), description="numbers of finished epochs after which the step size decays"
    )
    decay_factor: float = Field(
        0.1, gt=0, le=1, description="what the step size is multiplied by at each decay"
    )
