"""Settings of selective synaptic dampening, with or without a loss."""

from typing import Literal

from pydantic import Field

from workbench.plugin_api import Params


class DampeningParams(Params):
    """Defaults: the authors' setting for ResNet-18 on CIFAR."""

    alpha: float = Field(
        10.0,
        gt=0,
        description="a weight is selected if its forget importance exceeds alpha times the "
        "reference importance; smaller dampens more weights",
    )
    dampening: float = Field(
        1.0,
        gt=0,
        description="lambda: a selected weight is multiplied by lambda times reference over "
        "forget importance, at most by 1",
    )
    reference: Literal["train", "retain"] = Field(
        "train",
        description="rows of the reference importance: the whole training set as published, or "
        "the retain set, for forget sets too large for that",
    )
    batch_size: int = Field(
        64,
        ge=1,
        le=65_536,
        description="rows whose mean gradient counts as one sample of the importance; it changes "
        "the result",
    )
