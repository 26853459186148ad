"""How much an attribution map changed. Maps of one row from two models, equal shapes.

Reduce a signed map to magnitudes with `magnitude` before comparing. A change means nothing beside
the change between two retrained models. A map that is all zero, or constant where a ranking is
needed, raises Undefined: the explainer said nothing, which is not a similarity of 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from workbench.metrics.arrays import (
    Floats,
    as_rows,
    count_below,
    require_fraction,
    require_same_shape,
)
from workbench.metrics.errors import Undefined

_SSIM_SIGMA = 1.5
_SSIM_RADIUS = 5  # 11 x 11 window
_SSIM_K1, _SSIM_K2 = 0.01, 0.03


def magnitude(attribution: ArrayLike) -> Floats:
    """|a| summed over channels: (C, H, W) -> (H, W); other shapes keep theirs."""
    a = np.abs(as_rows(attribution, "map"))
    return a.sum(axis=0) if a.ndim == 3 else a


def unit_scaled(attribution: ArrayLike) -> Floats:
    """|a| divided by its 99th percentile and clipped to [0, 1], the scale for SSIM and pictures.

    Undefined when 99 % of the map is zero.
    """
    a = np.abs(as_rows(attribution, "map"))
    top = float(np.quantile(a, 0.99))
    if top == 0:
        raise Undefined("The attribution map is zero almost everywhere.")
    return np.minimum(a, top) / top


def pearson(a: ArrayLike, b: ArrayLike) -> float:
    """Linear correlation over all pixels, -1 to 1."""
    return _correlation(*_varying_pair(a, b))


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Rank correlation over all pixels with average ranks for ties, -1 to 1 (Spearman 1904)."""
    x, y = _varying_pair(a, b)
    return _correlation(count_below(x, x), count_below(y, y))


def cosine(a: ArrayLike, b: ArrayLike) -> float:
    """Cosine of the angle between the maps as vectors, -1 to 1."""
    x, y = _pair(a, b)
    return _cosine(x.ravel(), y.ravel())


def top_k_iou(a: ArrayLike, b: ArrayLike, share: float = 0.1) -> float:
    """Overlap (intersection over union) of the `share` largest pixels of each map, at least one.

    Equal values are taken in index order.
    """
    require_fraction(share, "share")
    x, y = _varying_pair(a, b)
    k = max(1, round(share * x.size))
    common = len(np.intersect1d(_largest(x, k), _largest(y, k), assume_unique=True))
    return common / (2 * k - common)


def total_variation_of_maps(a: ArrayLike, b: ArrayLike) -> float:
    """Half the L1 distance of the two maps, each |a| scaled to sum 1; 0 to 1."""
    x, y = _pair(a, b)
    return float(0.5 * np.abs(_mass(x) - _mass(y)).sum())


def ssim(a: ArrayLike, b: ArrayLike, data_range: float = 1.0) -> float:
    """Structural similarity of two (H, W) maps (Wang et al. 2004), at most 1.

    11 x 11 Gaussian window of sigma 1.5, K1 = 0.01, K2 = 0.03, population covariance, symmetric
    padding, mean over the whole map, so that maps smaller than the window have a value too.
    """
    x, y = _image_pair(a, b)

    def local_mean(image: Floats) -> Floats:
        smooth = ndimage.gaussian_filter(image, _SSIM_SIGMA, mode="reflect", radius=_SSIM_RADIUS)
        return np.asarray(smooth)

    mean_x, mean_y = local_mean(x), local_mean(y)
    var_x = local_mean(x * x) - mean_x**2
    var_y = local_mean(y * y) - mean_y**2
    covariance = local_mean(x * y) - mean_x * mean_y
    return float(_ssim(mean_x, mean_y, var_x, var_y, covariance, data_range).mean())


def ssim_one_window(a: ArrayLike, b: ArrayLike, data_range: float = 1.0) -> float:
    """Structural similarity with the whole map as one unweighted window, at most 1."""
    x, y = _pair(a, b)
    covariance = ((x - x.mean()) * (y - y.mean())).mean()
    return float(_ssim(x.mean(), y.mean(), x.var(), y.var(), covariance, data_range))


def centre_of_mass_shift(a: ArrayLike, b: ArrayLike) -> float:
    """Distance between the centres of mass of |a| and |b|, (H, W), as a share of the diagonal.

    Pixel centres are the coordinates and the diagonal joins two opposite corner pixels.
    """
    x, y = _image_pair(a, b)
    diagonal = math.hypot(x.shape[0] - 1, x.shape[1] - 1)
    if diagonal == 0:
        raise Undefined("A map of one pixel has no centre of mass that could move.")
    return float(np.linalg.norm(_centre(_mass(x)) - _centre(_mass(y)))) / diagonal


def map_entropy(attribution: ArrayLike) -> float:
    """Entropy in nats of |a| scaled to sum 1: 0 for one pixel, ln(pixels) for a flat map."""
    mass = _mass(_not_all_zero(attribution))
    mass = mass[mass > 0]
    return abs(float((mass * np.log(mass)).sum()))


def _not_all_zero(attribution: ArrayLike) -> Floats:
    a = as_rows(attribution, "map")
    if not a.any():
        raise Undefined("The attribution map is zero everywhere.")
    return a


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    x, y = _not_all_zero(a), _not_all_zero(b)
    require_same_shape(x, y)
    return x, y


def _image_pair(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    x, y = _pair(a, b)
    if x.ndim != 2:
        raise ValueError(f"this needs maps of shape (height, width), got {x.shape}")
    return x, y


def _varying_pair(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    x, y = _pair(a, b)
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        raise Undefined("The attribution map is constant, so its pixels have no order.")
    return x.ravel(), y.ravel()


def _correlation(x: Floats, y: Floats) -> float:
    return _cosine(x - x.mean(), y - y.mean())


def _cosine(x: Floats, y: Floats) -> float:
    # scaled to 1 first, because squares of tiny gradients would underflow
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    value = float(x @ y) / math.sqrt(float(x @ x) * float(y @ y))
    return min(1.0, max(-1.0, value))


def _largest(x: Floats, k: int) -> NDArray[np.intp]:
    return np.argsort(-x, kind="stable")[:k]


def _mass(x: Floats) -> Floats:
    a = np.abs(x)
    return np.asarray(a / a.sum())


def _centre(mass: Floats) -> Floats:
    rows, columns = np.indices(mass.shape)
    return np.array([(mass * rows).sum(), (mass * columns).sum()])


def _ssim(
    mean_x: Floats, mean_y: Floats, var_x: Floats, var_y: Floats, covariance: Floats, span: float
) -> Floats:
    if span <= 0:
        raise ValueError(f"the data range must be positive, got {span}")
    c1, c2 = (_SSIM_K1 * span) ** 2, (_SSIM_K2 * span) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance * (2 * covariance + c2) / (var_x + var_y + c2)
