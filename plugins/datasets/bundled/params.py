from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from workbench.plugin_api import Params

Seed = Annotated[int, Field(ge=0, lt=2**31)]
Fraction = Annotated[float, Field(gt=0, lt=1)]


class DigitsParams(Params):
    train_rows: int = Field(900, ge=10, le=1777, description="rows to train on")
    non_member_rows: int = Field(
        500, ge=10, le=1777, description="rows kept away from all training; the rest is for testing"
    )
    label_noise: float = Field(
        0.0, ge=0, lt=1, description="share of wrong labels, in training rows and non-members alike"
    )
    seed: Seed = Field(0, description="seed of the split and of the wrong labels")


class NpzParams(Params):
    target: str = Field("y", description="name of the label array beside an array 'x'")
    layout: Literal["auto", "channels_first", "channels_last"] = Field(
        "auto", description="where the channels of images are"
    )
    test_share: Fraction = Field(
        0.4, description="share of each class held out, if the file has no split"
    )
    non_member_share: Fraction = Field(
        0.5,
        description="share of the held-out rows of each class never used for testing, "
        "if the file names no non-members",
    )
    limit: int | None = Field(None, ge=1, description="most rows of each split; all if not given")
    seed: Seed = Field(0, description="seed of the splits and of the rows kept under the limit")
    divide_by: float | None = Field(
        None, gt=0, description="what values are divided by; 255 for bytes, else 1, if not given"
    )
    mean: tuple[float, ...] = Field(
        (0.0,), min_length=1, description="subtracted after dividing: per channel, or one for all"
    )
    std: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (1.0,), min_length=1, description="divided by last: per channel, or one for all"
    )


class GaussianClassesParams(Params):
    classes: int = Field(3, ge=2, le=100, description="how many classes")
    features: int = Field(20, ge=1, le=10_000, description="dimensions of a point")
    train_rows: int = Field(600, ge=10, le=1_000_000, description="rows to train on")
    test_rows: int = Field(2000, ge=10, le=1_000_000, description="rows to test on")
    non_member_rows: int = Field(
        2000, ge=10, le=1_000_000, description="rows kept away from all training"
    )
    separation: float = Field(
        2.5, ge=0, le=100, description="distance of class means from the origin, in deviations"
    )
    label_noise: float = Field(0.2, ge=0, lt=1, description="probability of a wrong label")
    seed: Seed = Field(0, description="seed of everything that is drawn")
