"""Whether a straight path of weights joins two models without a hill of loss.

Informative only: no hill means that the models probably share a basin, and that what one of them
knows is easily relearned by the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.metrics.arrays import as_vector, require_same_shape
from workbench.metrics.errors import Undefined


@dataclass(frozen=True, slots=True)
class Barrier:
    """Height of the hill in the unit of the loss, 0 for none, and its place on the path, 0 to 1."""

    height: float
    position: float


def loss_barrier(losses: ArrayLike, positions: ArrayLike | None = None) -> Barrier:
    """Largest excess of the losses (k,) over the line between the two ends of the path.

    max L(t) - ((1 - t) L(0) + t L(1)) of Entezari et al. 2022 (arXiv:2110.06296). `positions` (k,)
    rise from 0 to 1, equal steps by default. Undefined without a point between the ends.
    """
    loss = as_vector(losses, "losses")
    if len(loss) < 3:
        raise Undefined("A loss path needs at least one point between its ends.")
    if positions is None:
        t = np.linspace(0.0, 1.0, len(loss))
    else:
        t = as_vector(positions, "positions")
        require_same_shape(loss, t)
        if t[0] != 0 or t[-1] != 1 or (np.diff(t) <= 0).any():
            raise ValueError("positions must rise from 0 to 1")
    excess = loss - (loss[0] + t * (loss[-1] - loss[0]))  # exactly 0 for equal losses
    excess[[0, -1]] = 0.0  # by definition, which rounding may miss
    highest = int(excess.argmax())
    return Barrier(float(excess[highest]), float(t[highest]))
