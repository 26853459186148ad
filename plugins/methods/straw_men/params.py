"""Settings of the straw men."""

from typing import Literal

from pydantic import Field

from workbench.plugin_api import Params, TuningParams


class DivergedAscentParams(Params):
    """Twenty steps of a tenth of the weights' length: twice as far as the weights are long."""

    epochs: int = Field(
        20, ge=0, le=1000, description="steps, each along the gradient over the whole forget set"
    )
    step: float = Field(
        0.1, gt=0, le=1, description="length of a step as a share of the L2 norm of all weights"
    )
    batch_size: int | None = Field(
        None, ge=1, le=65_536, description="rows at a time; the recipe's if not given"
    )


class LabelFlipParams(TuningParams):
    """Adam for long enough to fit the wrong labels."""

    optimiser: Literal["sgd", "adam", "adamw"] = Field("adam", description="optimiser")
    learning_rate: float = Field(1e-3, gt=0, le=10, description="step size")
    weight_decay: float = Field(0.0, ge=0, le=1, description="weight decay")
