"""Axes of score histograms: every score has its place, and crowded ends are spread out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.report.reductions import shares
from workbench.report.score_axis import ScoreAxis

DRAW = np.random.Generator(np.random.PCG64(0))
SAMPLES = {
    "minus a loss": -DRAW.lognormal(-5, 3, 500),
    "a probability": 1 / (1 + np.exp(-DRAW.normal(6, 4, 500))),
    "log-odds": DRAW.normal(6, 4, 500),
    "heavy tails": DRAW.standard_cauchy(500),
    "all equal": np.full(5, 3.0),
    "all zero": np.zeros(5),
    "losses of nothing": -np.array([0.0, 0.0, 0.0, 2.0]),
    "much the same losses": -DRAW.uniform(0.0011, 0.0016, 50),
    "certain": np.array([0.0, 1.0, 1.0, 1.0]),
}


@pytest.mark.parametrize("scores", SAMPLES.values(), ids=SAMPLES)
def test_every_row_is_counted_between_edges_that_grow(scores) -> None:
    axis = ScoreAxis.around([scores])
    assert len(axis.edges) == 31
    assert (np.diff(axis.edges) > 0).all()
    assert sum(shares(scores, axis.edges)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("scores", SAMPLES.values(), ids=SAMPLES)
def test_ticks_are_labelled_with_the_score_of_their_place(scores) -> None:
    axis = ScoreAxis.around([scores])
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 6
    for place, label in ticks:
        assert 0 <= place <= axis.end
        assert float(label.replace("\N{MINUS SIGN}", "-")) == pytest.approx(
            axis.score(place), rel=1e-3, abs=1e-9
        )


@given(st.floats(0, 30))
def test_places_and_scores_undo_each_other(place: float) -> None:
    axis = ScoreAxis.around([SAMPLES["minus a loss"]])
    assert float(axis.place(axis.score(place))) == pytest.approx(place, abs=1e-6)


def test_scores_that_crowd_against_a_bound_are_spread_over_the_axis() -> None:
    for name in ("minus a loss", "a probability"):
        scores = SAMPLES[name]
        bars = shares(scores, ScoreAxis.around([scores]).edges)
        linear, _ = np.histogram(scores, bins=30)
        assert max(bars) < 0.2 < linear.max() / len(scores)


def test_unbounded_scores_keep_an_even_axis() -> None:
    steps = np.diff(ScoreAxis.around([SAMPLES["log-odds"]]).edges)
    assert steps == pytest.approx(np.full(30, steps[0]))
