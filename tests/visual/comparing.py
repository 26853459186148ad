"""Compare a picture of the window with the one that was accepted before."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

REFERENCES = Path(__file__).parent / "references"
_BLOCK = 4  # pixels whose mean is compared, so that a shift by a hair does not count
_DIFFERENT = 16  # of 255, in any channel of such a mean
_MAY_DIFFER = 0.004  # share of blocks


def accepting() -> bool:
    """Whether pictures are to be accepted as they are: WORKBENCH_ACCEPT=1."""
    return os.environ.get("WORKBENCH_ACCEPT") == "1"


def differing_share(picture: np.ndarray, reference: np.ndarray) -> float:
    """Share of blocks that look different; 1 if the sizes are not the same."""
    if picture.shape != reference.shape:
        return 1.0
    return float(_differing(picture, reference).mean())


def check(picture: np.ndarray, name: str, failures: Path) -> None:
    """Fail if the picture is not the accepted one; leave both and their difference to look at."""
    file = REFERENCES / f"{name}.png"
    if accepting():
        Image.fromarray(picture).save(file, optimize=True)
        return
    assert file.exists(), f"no picture {file.name} was accepted yet; run with WORKBENCH_ACCEPT=1"
    reference = np.asarray(Image.open(file).convert("RGB"))
    share = differing_share(picture, reference)
    if share > _MAY_DIFFER:
        beside = [reference, picture]
        if picture.shape == reference.shape:
            marked = _differing(picture, reference).repeat(_BLOCK, 0).repeat(_BLOCK, 1)
            red = np.zeros_like(picture)
            red[: marked.shape[0], : marked.shape[1], 0] = 255 * marked
            beside.append(red)
        height = max(one.shape[0] for one in beside)
        padded = [np.pad(one, ((0, height - one.shape[0]), (0, 0), (0, 0))) for one in beside]
        shown = failures / f"{name}-accepted-now-difference.png"
        Image.fromarray(np.concatenate(padded, axis=1)).save(shown)
        raise AssertionError(f"{share:.2%} of {name} looks different; look at {shown}")


def _differing(picture: np.ndarray, reference: np.ndarray) -> np.ndarray:
    change = np.abs(_means(picture) - _means(reference)).max(axis=2)
    return change > _DIFFERENT


def _means(picture: np.ndarray) -> np.ndarray:
    height, width = (side // _BLOCK * _BLOCK for side in picture.shape[:2])
    cut = picture[:height, :width].astype(np.float64)
    return cut.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK, 3).mean(axis=(1, 3))
