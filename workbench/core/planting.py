"""Rows changed on purpose before training, so that their removal can be tested."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.core.params import Params

PLANTED = "planted"  # the column that says of each row what was planted in it, or ""

Share = Annotated[float, Field(gt=0, lt=1)]
ClassId = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


class LabelSwap(Params):
    """Training rows of two classes get each other's label (Goel et al. 2022, arXiv:2201.06640)."""

    kind: Literal["label-swap"] = "label-swap"
    classes: tuple[ClassId, ClassId] = Field(description="ids of the two classes")
    share: Share = Field(0.2, description="share of the training rows of each class")
    seed: Seed = Field(0, description="seed of the choice of rows")

    @model_validator(mode="after")
    def _two_classes(self) -> LabelSwap:
        if self.classes[0] == self.classes[1]:
            raise ValueError("the labels of two different classes are swapped")
        return self


class Backdoor(Params):
    """Training rows get a trigger and one wanted label (Gu et al. 2017, arXiv:1708.06733).

    In images the trigger is a square in a corner, over all channels; in feature rows it is one
    feature. `value` is in the unit of the stored inputs.
    """

    kind: Literal["backdoor"] = "backdoor"
    target: ClassId = Field(description="id of the class that the trigger stands for")
    share: Share = Field(0.1, description="share of the training rows of other classes")
    corner: Literal["top-left", "top-right", "bottom-left", "bottom-right"] = Field(
        "bottom-right", description="where the square is, in images"
    )
    size: int = Field(2, ge=1, description="side of the square in pixels, in images")
    feature: int = Field(0, ge=0, description="number of the feature that is set, in feature rows")
    value: float | None = Field(
        None, description="stored value of the trigger; the largest in the data if not given"
    )
    seed: Seed = Field(0, description="seed of the choice of rows")


class Canaries(Params):
    """Training rows become outliers with random labels (Carlini et al. 2019, arXiv:1802.08232).

    References are drawn in the same way when a model is measured; no model is trained on them.
    """

    kind: Literal["canary"] = "canary"
    count: int = Field(20, ge=1, description="training rows that become canaries")
    form: Literal["noise", "relabelled"] = Field(
        "noise", description="random inputs with random labels, or random labels only"
    )
    references: int = Field(
        1000, ge=1000, le=1_000_000, description="canaries never trained on, to compare with"
    )
    seed: Seed = Field(0, description="seed of the canaries and of the references")


Planting = Annotated[LabelSwap | Backdoor | Canaries, Field(discriminator="kind")]
