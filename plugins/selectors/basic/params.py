from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from workbench.plugin_api import Params, parse_where

Share = Annotated[float, Field(gt=0, le=1)]


class ByClassParams(Params):
    classes: tuple[int, ...] = Field(min_length=1, description="class ids")


class _WithinParams(Params):
    within: str = Field("", description='rule that rows must meet, such as "class == 3"; or none')

    @field_validator("within")
    @classmethod
    def _readable(cls, text: str) -> str:
        if text:
            parse_where(text)
        return text


class RandomShareParams(_WithinParams):
    share: Share = Field(0.1, description="share of the rows, above 0 and up to 1")
    seed: int = Field(0, ge=0, lt=2**31, description="seed of the draw")


class BySubjectParams(Params):
    column: str = Field("subject", description="column that names the subject of each row")
    subjects: tuple[int | str, ...] = Field(min_length=1, description="values of that column")


class HighestLossParams(_WithinParams):
    count: int | None = Field(None, ge=1, description="number of rows; or give share")
    share: Share | None = Field(None, description="share of the rows; or give count")

    @model_validator(mode="after")
    def _one_size(self) -> HighestLossParams:
        if (self.count is None) == (self.share is None):
            raise ValueError("give either 'count' or 'share'")
        return self
