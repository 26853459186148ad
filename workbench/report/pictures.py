"""Small arrays as PNG data URIs: inputs, and attribution maps on a diverging colour scale."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from workbench.core.palette import DIVERGING
from workbench.report.document import Grid, Pixels


def photograph(pixels: Pixels) -> str:
    """(h, w) or (h, w, 3) in 0..255."""
    return _data_uri(np.asarray(pixels, dtype=np.uint8))


def heat_map(grid: Grid) -> str:
    """(h, w) in [-1, 1]: blue below zero, near-white at zero, orange above."""
    return _data_uri(_coloured(np.asarray(grid, dtype=np.float64)))


def colour_bar() -> str:
    """The scale itself, from -1 on the left to 1 on the right."""
    return _data_uri(_coloured(np.linspace(-1, 1, 129)[None, :]))


def _coloured(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    ends = np.asarray(DIVERGING, dtype=np.float64)
    channels = [np.interp(values, [-1, 0, 1], ends[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def _data_uri(pixels: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
