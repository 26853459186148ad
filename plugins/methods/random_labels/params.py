"""Settings of random relabelling."""

from pydantic import Field

from workbench.plugin_api import TuningParams


class RandomLabelsParams(TuningParams):
    """The setting that the authors of SalUn recommend for their relabelling step."""

    learning_rate: float = Field(0.013, gt=0, le=10, description="step size")
