from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics import Undefined
from workbench.metrics.connectivity import loss_barrier

paths = st.lists(st.floats(0, 50), min_size=3, max_size=20)


def test_known_barriers():
    hill = loss_barrier([1.0, 2.5, 3.0])
    assert (hill.height, hill.position) == pytest.approx((0.5, 0.5))
    # against the line 2, 1.8, 1 the middle point is 1.2 too high
    uneven = loss_barrier([2.0, 3.0, 1.0], [0.0, 0.2, 1.0])
    assert (uneven.height, uneven.position) == pytest.approx((1.2, 0.2))


@given(paths)
def test_barrier_matches_a_loop(losses):
    k = len(losses) - 1
    excess = [
        loss - ((1 - i / k) * losses[0] + i / k * losses[-1]) for i, loss in enumerate(losses)
    ]
    barrier = loss_barrier(losses)
    assert barrier.height == pytest.approx(max(0.0, *excess[1:-1]), abs=1e-12)
    assert barrier.height >= 0
    assert loss_barrier(losses[::-1]).height == pytest.approx(barrier.height, abs=1e-12)


@given(paths, st.floats(-20, 20), st.floats(-20, 20))
def test_a_slope_changes_no_barrier(losses, offset, slope):
    tilted = np.array(losses) + offset + slope * np.linspace(0, 1, len(losses))
    assert loss_barrier(tilted).height == pytest.approx(loss_barrier(losses).height, abs=1e-9)


def test_a_valley_or_a_line_is_no_barrier():
    assert loss_barrier([1.0, 0.2, 1.0]).height == 0
    assert loss_barrier([0.1] * 7).height == 0
    # three points of a straight line whose middle is not exact in binary
    assert loss_barrier([0.1, 0.2, 0.3]).height == pytest.approx(0, abs=1e-15)


def test_undefined_and_refused_paths():
    for losses in ([], [1.0], [1.0, 2.0], [1.0, np.nan, 2.0]):
        with pytest.raises(Undefined):
            loss_barrier(losses)
    for positions in ([0, 0.5], [0.1, 0.5, 1], [0, 0.5, 0.9], [0, 0, 1], [0, 1.2, 1]):
        with pytest.raises(ValueError) as caught:
            loss_barrier([1.0, 2.0, 3.0], positions)
        assert not isinstance(caught.value, Undefined)


def test_equal_losses_have_no_hill_at_all():
    for loss in (0.1, 1 / 3, 2.7e-3):
        assert loss_barrier([loss] * 11).height == 0
