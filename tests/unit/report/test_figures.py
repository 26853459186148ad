from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import parsed

from workbench.core import palette
from workbench.core.vocabulary import Outcome, RunRole
from workbench.report import figures, icons, margins, pictures, svg
from workbench.report.reductions import thin_roc, thin_series

VALUES = st.floats(-1e6, 1e6, allow_nan=False)


def positions(drawing: str, name: str) -> list[float]:
    """Every number of the attribute `name`."""
    return [float(v) for v in re.findall(rf' {name}="(-?[\d.]+)"', drawing)]


@given(VALUES, VALUES)
def test_ticks_are_round_inside_and_not_crowded(first: float, second: float) -> None:
    low, high = sorted((first, second))
    scale = svg.Scale(*svg.padded([low, high]), 0, 100)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 11
    room = 1e-6 * (scale.high - scale.low) + 1e-9
    assert all(scale.low - room <= tick <= scale.high + room for tick in ticks)


def test_logarithmic_scale_spaces_decades_evenly() -> None:
    scale = svg.Scale(0.001, 1, 0, 300, log=True)
    assert [scale(v) for v in (0.001, 0.01, 0.1, 1)] == pytest.approx([0, 100, 200, 300])
    assert scale.ticks() == pytest.approx([0.001, 0.01, 0.1, 1])
    assert scale(0) == 0


def test_dots_lie_where_their_values_are() -> None:
    dots = tuple(figures.Dot(value, value - 0.05, value + 0.05, "") for value in (0.2, 0.4, 0.8))
    rows = [figures.Row("a", RunRole.CANDIDATE, dots)]
    drawing = figures.dot_plot(rows, (0.3, 0.5), "share", figures.plain_tick, "told")
    at = positions(drawing, "cx")
    assert (at[1] - at[0]) / (at[2] - at[0]) == pytest.approx(1 / 3, abs=0.01)
    (band,) = re.findall(r'<rect x="([\d.]+)" y="4" width="([\d.]+)"', drawing)
    assert at[0] < float(band[0]) < at[1] < float(band[0]) + float(band[1]) < at[2]


def test_a_straw_man_far_away_does_not_squeeze_the_rest() -> None:
    near = figures.Row("near", RunRole.CANDIDATE, (figures.Dot(0.5, None, None, "near"),))
    far = figures.Row("far", RunRole.STRAW_MAN, (figures.Dot(40.0, None, None, "far"),))
    drawing = figures.dot_plot([near, far], (0.4, 0.6), "share", figures.plain_tick, "")
    assert ">40</text>" in drawing
    (width,) = re.findall(r'y="4" width="([\d.]+)"', drawing)
    assert float(width) > 100


def test_one_value_everywhere_still_draws() -> None:
    row = figures.Row("same", RunRole.REFERENCE, (figures.Dot(0.0, None, None, ""),) * 3)
    parsed(figures.dot_plot([row], (0.0, 0.0), "x", figures.plain_tick, ""))


@pytest.mark.parametrize(
    ("low", "high", "arrows"), [(-0.5, 0.5, 0), (-90.0, 0.0, 1), (-90.0, 90.0, 2), (None, 0.5, 1)]
)
def test_an_interval_beyond_the_drawing_ends_in_an_arrow(
    low: float | None, high: float | None, arrows: int
) -> None:
    zone = margins.Zone.around(-1, 1, [0.0, 90.0, -90.0])
    drawing = margins.margin_plot(0.0, low, high, zone, Outcome.PASS, "")
    assert drawing.count("<polygon") == arrows
    assert drawing.count("<circle") == 1


def test_a_missing_estimate_draws_only_the_zone() -> None:
    zone = margins.Zone.around(None, 0.4, [])
    drawing = margins.margin_plot(None, None, None, zone, Outcome.INCONCLUSIVE, "")
    assert "<circle" not in drawing
    assert 'class="interval"' not in drawing
    assert 'class="passing"' in drawing


def test_roc_curves_are_steps() -> None:
    trace = figures.Trace("a", RunRole.CANDIDATE, ((0, 0), (0.1, 0.6), (1, 1)), "1")
    drawing = figures.roc_plot([trace], [trace], 0.01, "told")
    (path,) = re.findall(r'points="([^"]+)" class="trace candidate"', drawing)
    points = [tuple(map(float, pair.split(","))) for pair in path.split()]
    for (x0, y0), (x1, y1) in pairwise(points):
        assert x0 == x1 or y0 == y1


def test_roc_band_spans_its_curves() -> None:
    low = figures.Trace("low", RunRole.REFERENCE, ((0, 0), (0.2, 0.2), (1, 1)))
    high = figures.Trace("high", RunRole.REFERENCE, ((0, 0), (0.2, 0.7), (1, 1)))
    drawing = figures.roc_plot([], [low, high], 0.01, "")
    assert drawing.count('class="band roc"') == 1
    assert 'class="band roc"' not in figures.roc_plot([], [], 0.01, "")


@given(st.integers(0, 2**32 - 1), st.integers(5, 3000))
def test_thinned_roc_keeps_true_points_and_both_ends(seed: int, n: int) -> None:
    draw = np.random.Generator(np.random.PCG64(seed))
    members, others = draw.normal(1, 1, n), draw.normal(0, 1, n)
    fpr, tpr = thin_roc(members, others)
    assert len(fpr) <= 170
    assert (fpr[0], tpr[0]) == (0, 0)
    assert (fpr[-1], tpr[-1]) == (1, 1)
    assert list(fpr) == sorted(fpr)
    counts = np.array(tpr) * n
    assert np.allclose(counts, counts.round(), atol=0.02)


def test_thinned_series_keep_both_ends() -> None:
    points = np.stack([np.arange(5000.0), np.arange(5000.0) ** 2], axis=1)
    seconds, values = thin_series(points)
    assert len(seconds) <= 160
    assert (seconds[0], seconds[-1]) == (0, 4999)
    assert values[-1] == pytest.approx(4999**2, rel=1e-5)
    assert thin_series(np.empty((0, 2))) == ((), ())


def test_heat_maps_show_sign_and_strength() -> None:
    import base64
    import io

    from PIL import Image

    uri = pictures.heat_map(((-1.0, 0.0, 1.0),))
    file = io.BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,")))
    pixels = [Image.open(file).getpixel((x, 0)) for x in range(3)]
    assert tuple(pixels) == palette.DIVERGING


def luminance(colour: str) -> float:
    """WCAG 2 relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


TEXT = (palette.INK, palette.MUTED, palette.ACCENT, *palette.OUTCOMES.values())
MARKS = (*palette.ROLES.values(), *palette.SPLITS.values())


@pytest.mark.parametrize("ground", [palette.PAGE, palette.CARD])
def test_text_and_marks_can_be_told_from_the_page(ground: palette.Tone) -> None:
    for mode in ("light", "dark"):
        behind = getattr(ground, mode)
        for tone in TEXT:
            assert contrast(getattr(tone, mode), behind) >= 4.5, (tone.name, mode)
        for tone in MARKS:
            assert contrast(getattr(tone, mode), behind) >= 3, (tone.name, mode)


def test_every_meaning_has_its_own_sign() -> None:
    icons_drawn = {re.sub(r"var\(.*?\)", "", icons.outcome_icon(one)) for one in Outcome}
    assert len(icons_drawn) == len(Outcome)
    assert len(set(palette.MARKERS.values())) == len(RunRole) == len(palette.MARKERS)
    roles = {palette.ROLES[role].name for role in RunRole if role is not RunRole.CONTROL}
    splits = {tone.name for tone in palette.SPLITS.values()}
    assert len(roles) == 4
    assert len(splits) == 4
