from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.polygon import points_inside

# Few distinct places, so that corners, sides and points often meet; quarters are exact in binary.
places = st.integers(-12, 12).map(lambda quarter: quarter / 4)
corners = st.lists(st.tuples(places, places), min_size=3, max_size=9)
SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]


def side_by_side(x, y, polygon):
    """The crossing test as the textbook has it: every point against every side."""
    inside = np.zeros(len(x), dtype=bool)
    for (x1, y1), (x2, y2) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if y1 > y2:
            x1, y1, x2, y2 = x2, y2, x1, y1
        beside = (y1 <= y) & (y < y2)
        inside ^= beside & ((x - x1) * (y2 - y1) < (y - y1) * (x2 - x1))
    return inside


def with_fractions(x, y, polygon):
    """The even-odd rule in exact arithmetic, for one point."""
    inside = False
    for start, end in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        (x1, y1), (x2, y2) = (tuple(map(Fraction, corner)) for corner in (start, end))
        if (y1 <= y) != (y2 <= y):
            inside ^= x < x1 + (x2 - x1) * (Fraction(y) - y1) / (y2 - y1)
    return inside


@given(polygon=corners, points=st.lists(st.tuples(places, places), max_size=30))
def test_every_point_is_where_exact_arithmetic_has_it(polygon, points):
    x, y = np.array(points).reshape(-1, 2).T
    exact = [with_fractions(*point, polygon) for point in points]
    assert points_inside(x, y, polygon).tolist() == exact


@given(
    polygon=st.lists(
        st.tuples(st.floats(-1e6, 1e6, width=32), st.floats(-1e6, 1e6, width=32)),
        min_size=3,
        max_size=40,
    ),
    seed=st.integers(0, 99),
)
def test_the_grid_changes_no_answer(polygon, seed):
    vertices = np.array(polygon)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    points = np.random.default_rng(seed).uniform(low, high, (3000, 2))
    points = np.concatenate([points, vertices, (vertices + np.roll(vertices, 1, axis=0)) / 2])
    found = points_inside(*points.T, polygon)
    assert np.array_equal(found, side_by_side(*points.T, polygon))


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_a_lasso_over_many_points_equals_the_textbook(offset):
    rng = np.random.default_rng(5)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 300))
    radius = rng.uniform(0.2, 1.0, 300)
    lasso = [
        (float(x), float(y))
        for x, y in zip(radius * np.cos(angles) + offset, radius * np.sin(angles), strict=True)
    ]
    x, y = rng.normal(0, 0.6, (2, 50_000))
    assert np.array_equal(points_inside(x + offset, y, lasso), side_by_side(x + offset, y, lasso))


def test_a_figure_of_eight_has_both_halves_and_a_doubled_turn_none():
    eight = [(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0)]
    assert points_inside([0.5, 1.5, 1.0], [1.0, 1.0, 0.5], eight).tolist() == [True, True, False]
    assert not points_inside([0.5], [0.5], SQUARE + SQUARE).any()


def test_neighbours_share_no_point_and_leave_none_between_them():
    x, y = (side.ravel() for side in np.meshgrid(np.linspace(0, 2, 9), np.linspace(0, 1, 5)))
    right = [(x + 1, y) for x, y in SQUARE]
    both = np.stack([points_inside(x, y, SQUARE), points_inside(x, y, right)])
    assert np.array_equal(both.sum(axis=0), (x < 2) & (y < 1))


@pytest.mark.parametrize("polygon", [[(1.0, 1.0)] * 3, [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)]])
def test_a_polygon_without_area_holds_nothing(polygon):
    assert not points_inside([0.0, 0.5, 1.0], [1.0, 1.0, 1.0], polygon).any()


def test_what_has_no_place_is_outside():
    nan, inf = np.nan, np.inf
    x, y = [nan, 0.5, inf, 0.5, 0.5], [0.5, nan, 0.5, -inf, 0.5]
    assert points_inside(x, y, SQUARE).tolist() == [False, False, False, False, True]
    assert points_inside([], [], SQUARE).shape == (0,)
