"""How much an attribution map changed. Maps of one row from two models, equal shapes.

Reduce a signed map to magnitudes with `magnitude` before comparing. A change means nothing beside
the change between two retrained models. A map that is all zero, or constant where a ranking is
needed, raises Undefined: the explainer said nothing, which is not a similarity of 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from workbench.metrics.arrays import (
    Floats,
    as_rows,
    as_vector,
    count_below,
    require_fraction,
    require_same_shape,
)
from workbench.metrics.errors import Undefined

FEWEST_MAPS = 30  # on each side of a comparison with controls
_SSIM_SIGMA = 1.5
_SSIM_RADIUS = 5  # 11 x 11 window
_SSIM_K1, _SSIM_K2 = 0.01, 0.03


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Median and interquartile range of n values."""

    low: float
    median: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class AgainstControls:
    """One measure of change on forget rows and on matched control rows.

    `share_above` is the chance that a forget row has the larger value, ties counted half; the
    two-sided p-value is that of Mann and Whitney 1947.
    """

    forget: Quartiles
    control: Quartiles
    share_above: float
    p_value: float


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


def mass_inside(attribution: ArrayLike, mask: ArrayLike) -> float:
    """Share of the sum of |a| inside a true-or-false mask of the same shape, 0 to 1.

    Over the object of the label this is the energy-based pointing game of Wang et al. 2020
    (arXiv:1910.01279). Chance level is the share of pixels inside.
    """
    a, inside = _not_all_zero(attribution), as_mask(mask)
    require_same_shape(a, inside)
    return min(1.0, float(_mass(a)[inside].sum()))


def as_mask(mask: ArrayLike) -> NDArray[np.bool_]:
    """A mask with at least one true pixel."""
    inside = np.asarray(mask)
    if inside.dtype != np.bool_:
        raise ValueError(f"a mask is true or false, got {inside.dtype}")
    if not inside.any():
        raise Undefined("The mask is empty.")
    return inside


def quartiles(values: ArrayLike) -> Quartiles:
    """Median and quartiles of (n,) values, interpolated linearly."""
    x = as_vector(values)
    low, median, high = np.quantile(x, [0.25, 0.5, 0.75])
    return Quartiles(float(low), float(median), float(high), len(x))


def change_against_controls(forget: ArrayLike, control: ArrayLike) -> AgainstControls:
    """Compare a measure of change over forget maps (n,) and retain maps (m,) like them.

    Controls share class and confidence with the forget rows. Needs 30 maps on each side.
    """
    from scipy import stats  # slow to import, and seldom needed

    x, y = as_vector(forget, "forget values"), as_vector(control, "control values")
    if min(len(x), len(y)) < FEWEST_MAPS:
        raise Undefined(
            f"Comparing maps needs {FEWEST_MAPS} on each side, and there are {len(x)} and {len(y)}."
        )
    share_above = float(count_below(y, x).sum()) / (len(x) * len(y))
    varies = max(x.max(), y.max()) > min(x.min(), y.min())
    p_value = float(stats.mannwhitneyu(x, y, method="asymptotic").pvalue) if varies else 1.0
    return AgainstControls(quartiles(x), quartiles(y), share_above, p_value)


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
