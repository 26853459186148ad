from __future__ import annotations

from pydantic import Field

from workbench.plugin_api import Params


class IntegratedGradientsParams(Params):
    n_steps: int = Field(
        32, ge=1, le=1000, description="points between the all-zero input and the row"
    )
