"""Stored inputs as pictures a person can look at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def is_image(shape: tuple[int, ...]) -> bool:
    """(h, w), (1, h, w) or (3, h, w)."""
    return len(shape) == 2 or (len(shape) == 3 and shape[0] in (1, 3))


def as_pixels(values: NDArray[Any], white: float, largest: int) -> Pixels:
    """One image in 0..255: (h, w) and (1, h, w) become (h, w), (3, h, w) becomes (h, w, 3).

    Whole numbers are brightest at `white`, what preprocessing divides by (255 if it does not);
    anything else is stretched over its own range. Neither side exceeds `largest`.
    """
    bright = values.astype(np.float64)
    if values.dtype == np.uint8:
        bright = np.clip(bright * 255 / (white if white > 1 else 255), 0, 255)
    else:
        low, high = float(bright.min()), float(bright.max())
        bright = (bright - low) / ((high - low) or 1.0) * 255
    if bright.ndim == 2:
        return shrunk(bright, largest).round().astype(np.uint8)
    channels = [shrunk(channel, largest).round().astype(np.uint8) for channel in bright]
    return channels[0] if len(channels) == 1 else np.stack(channels, axis=-1)


def shrunk(values: NDArray[np.float64], largest: int) -> NDArray[np.float64]:
    """(h, w) as means over square blocks until neither side exceeds `largest`.

    Edges that do not fill a block are cut.
    """
    block = -(-max(values.shape) // largest)
    if block == 1:
        return values
    height, width = (max(side // block, 1) for side in values.shape)
    blocks = values[: height * block, : width * block].reshape(height, -1, width, block)
    return np.asarray(blocks.mean(axis=(1, 3)))
