"""Settings of gradient ascent."""

from pydantic import Field

from workbench.plugin_api import TuningParams


class GradientAscentParams(TuningParams):
    """A small rate and few epochs: the loss has no upper bound, so longer means destroyed."""

    learning_rate: float = Field(1e-4, gt=0, le=10, description="step size, uphill")
    epochs: int = Field(
        5, ge=0, le=10_000, description="most passes over the forget set; 0 changes nothing"
    )
    max_gradient_norm: float = Field(
        100.0, gt=0, description="L2 norm to which the gradient of each step is clipped"
    )
    stop_at_accuracy: float | None = Field(
        None,
        ge=0,
        le=1,
        description="stop before an epoch once the forget accuracy (a fraction) is at or below "
        "this; never if not given",
    )
