from __future__ import annotations

from typing import Annotated

from pydantic import Field

from workbench.plugin_api import Params

Width = Annotated[int, Field(ge=1, le=4096)]


class SmallCnnParams(Params):
    channels: tuple[Width, Width] = Field(
        (16, 32), description="channels after the first and the second convolution"
    )
    hidden: Width = Field(64, description="units of the hidden layer")


class MlpParams(Params):
    hidden: tuple[Width, ...] = Field((128,), description="units of each hidden layer")
