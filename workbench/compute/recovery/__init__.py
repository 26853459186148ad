"""Recovery tests: can a copy of the model be brought to know the forget rows again?

Each works on a copy, with random numbers of its own, and leaves the audited model as it was.
"""

from workbench.compute.recovery.compression import pruned, quantised
from workbench.compute.recovery.connectivity import path_losses
from workbench.compute.recovery.inversion import class_inversions
from workbench.compute.recovery.noise import noisy_accuracy
from workbench.compute.recovery.prototypes import prototype_hits
from workbench.compute.recovery.relearning import (
    Relearning,
    relearn_steps,
    relearn_transfer_accuracy,
)
from workbench.compute.recovery.tuning import recovered_accuracy

__all__ = [
    "Relearning",
    "class_inversions",
    "noisy_accuracy",
    "path_losses",
    "prototype_hits",
    "pruned",
    "quantised",
    "recovered_accuracy",
    "relearn_steps",
    "relearn_transfer_accuracy",
]
