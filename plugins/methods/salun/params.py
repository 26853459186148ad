"""Settings of SalUn."""

from pydantic import Field

from workbench.plugin_api import TuningParams


class SaliencyUnlearningParams(TuningParams):
    """The authors' recommended setting for random relabelling under a saliency mask."""

    learning_rate: float = Field(0.013, gt=0, le=10, description="step size")
    share: float = Field(
        0.5, gt=0, le=1, description="share of all weights that may change, the most salient first"
    )
