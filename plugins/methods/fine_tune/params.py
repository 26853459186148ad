"""Settings of fine-tuning."""

from workbench.plugin_api import TuningParams


class FineTuneParams(TuningParams):
    """SGD at 0.01 for 10 epochs, the usual baseline setting of the literature."""
