"""One number per row, from the stored outputs of one model; a threshold on it is the attack."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.metrics import scores
from workbench.plugin_api import NoParams, RowOutputs


class Loss:
    def scores(self, outputs: RowOutputs, params: NoParams) -> NDArray[np.float64]:
        """Minus the loss of the task, in nats."""
        del params
        return -outputs.loss


class Confidence:
    def scores(self, outputs: RowOutputs, params: NoParams) -> NDArray[np.float64]:
        """Probability of the row's own class."""
        del params
        return scores.confidence(outputs.logits, outputs.targets)


class Entropy:
    def scores(self, outputs: RowOutputs, params: NoParams) -> NDArray[np.float64]:
        """Minus the Shannon entropy of the predicted probabilities, in nats."""
        del params
        return -scores.entropy(outputs.logits)


class ModifiedEntropy:
    def scores(self, outputs: RowOutputs, params: NoParams) -> NDArray[np.float64]:
        """Minus the label-aware entropy of Song and Mittal, in nats."""
        del params
        return -scores.modified_entropy(outputs.logits, outputs.targets)


class Margin:
    def scores(self, outputs: RowOutputs, params: NoParams) -> NDArray[np.float64]:
        """Log-odds of the row's own class: its logit minus the log-sum-exp of all others."""
        del params
        return scores.margin(outputs.logits, outputs.targets)
