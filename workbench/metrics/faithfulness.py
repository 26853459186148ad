"""Whether an attribution map tells what the model really uses. Checked before a map is read.

`score` maps inputs (m, ...) to the output being explained, (m,); `explain` maps inputs (m, ...)
to attributions (m, ...). Both see one model and one fixed target. A map is that of one row; it
has the shape of the row, or that shape without the leading channels.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

from workbench.metrics.arrays import Floats, as_rows, as_vector, require_same_shape
from workbench.metrics.attribution import Quartiles, as_mask, quartiles
from workbench.metrics.errors import Undefined

Score = Callable[[Floats], ArrayLike]
Explain = Callable[[Floats], ArrayLike]

POINTING_TOLERANCE = 15.0  # pixels
LARGEST_RANDOMISED_SIMILARITY = 0.5  # our choice: above it a map ignores what the model learned
_BATCH = 64  # inputs scored at once


@dataclass(frozen=True, slots=True)
class Randomisation:
    """Similarity to the original maps as layers are randomised one after another, from the top."""

    layers: tuple[str, ...]
    similarity: tuple[Quartiles, ...]

    @property
    def final(self) -> float:
        """Median similarity once every layer is random."""
        return self.similarity[-1].median

    @property
    def depends_on_model(self) -> bool:
        """False for maps that stay as they are in a random model, which explain nothing."""
        return self.final <= LARGEST_RANDOMISED_SIMILARITY


def deletion_curve(
    score: Score,
    row: ArrayLike,
    attribution: ArrayLike,
    replacement: ArrayLike,
    *,
    steps: int | None = None,
) -> Floats:
    """Score while pixels are replaced, the most important first: (steps + 1,), from row to blank.

    RISE (Petsiuk et al. 2018, arXiv:1806.07421). A small area under the curve is better. By
    default one step replaces a column's worth of pixels (H of an H x W map), or one feature of a
    map of one dimension. Ties are taken in index order.
    """
    x, blank = _row_and_blank(row, replacement)
    return _morph(score, x, blank, attribution, steps)


def insertion_curve(
    score: Score,
    row: ArrayLike,
    attribution: ArrayLike,
    start: ArrayLike,
    *,
    steps: int | None = None,
) -> Floats:
    """Score while the pixels of the row enter `start` (a blurred row, say): (steps + 1,).

    As `deletion_curve`, but a large area is better.
    """
    x, blank = _row_and_blank(row, start)
    return _morph(score, blank, x, attribution, steps)


def area_under_curve(values: ArrayLike) -> float:
    """Trapezoid area under (k,) values at equal steps over 0 to 1."""
    y = as_vector(values)
    if len(y) < 2:
        raise Undefined("A curve needs at least two points.")
    return float((y[:-1] + y[1:]).mean() / 2)


def infidelity(
    score: Score,
    row: ArrayLike,
    attribution: ArrayLike,
    perturbations: ArrayLike,
    *,
    scaled: bool = False,
) -> float:
    """Mean of (I . a - (f(x) - f(x - I)))^2 over perturbations I (m, ...); 0 is best.

    Yeh et al. 2019 (arXiv:1901.09392). The map has one value per value of the row. `scaled` first
    multiplies the map by the factor that fits best, so that only its direction counts.
    """
    x, a, moves = as_rows(row, "row"), as_rows(attribution, "map"), as_rows(perturbations)
    require_same_shape(x, a)
    if moves.shape[1:] != x.shape:
        raise ValueError(f"perturbations of shape {moves.shape[1:]} do not fit a row {x.shape}")
    predicted = moves.reshape(len(moves), -1) @ a.ravel()
    change = _scores(score, x[None])[0] - _scores(score, x - moves)
    if scaled:
        power = float(predicted @ predicted)
        if power == 0:
            raise Undefined("The map predicts no change for any perturbation, so no factor fits.")
        predicted = predicted * (float(predicted @ change) / power)
    return float(np.square(predicted - change).mean())


def gaussian_perturbations(
    shape: tuple[int, ...], n: int = 10, deviation: float = 0.2, seed: int = 0
) -> Floats:
    """Independent normal perturbations (n, *shape) for `infidelity`."""
    generator = np.random.Generator(np.random.PCG64(seed))
    return generator.normal(0.0, deviation, (n, *shape))


def square_perturbations(
    row: ArrayLike, replacement: ArrayLike, side: int, n: int = 10, seed: int = 0
) -> Floats:
    """Perturbations (n, ...) whose removal replaces one random square of a row (..., H, W)."""
    x, blank = _row_and_blank(row, replacement)
    if x.ndim < 2 or not 1 <= side <= min(x.shape[-2:]):
        raise ValueError(f"no square of side {side} fits a row of shape {x.shape}")
    generator = np.random.Generator(np.random.PCG64(seed))
    height, width = x.shape[-2:]
    moves = np.zeros((n, *x.shape))
    tops = generator.integers(0, height - side + 1, n)
    lefts = generator.integers(0, width - side + 1, n)
    for move, top, left in zip(moves, tops, lefts, strict=True):
        square = (..., slice(top, top + side), slice(left, left + side))
        move[square] = (x - blank)[square]
    return moves


def sensitivity_max(
    explain: Explain, row: ArrayLike, *, radius: float = 0.02, samples: int = 10, seed: int = 0
) -> float:
    """Largest relative change of the map under uniform noise up to `radius`; 0 is best.

    Yeh et al. 2019 (arXiv:1901.09392), estimated from `samples` draws, so a lower bound of it.
    """
    x = as_rows(row, "row")
    generator = np.random.Generator(np.random.PCG64(seed))
    noisy = x + generator.uniform(-radius, radius, (samples, *x.shape))
    original, *others = as_rows(explain(np.concatenate([x[None], noisy])), "maps")
    if len(others) != samples:
        raise ValueError(f"{samples + 1} inputs gave {len(others) + 1} maps")
    size = float(np.linalg.norm(original))
    if size == 0:
        raise Undefined("The attribution map is zero everywhere.")
    return max(float(np.linalg.norm(other - original)) for other in others) / size


def pointing_hit(
    attribution: ArrayLike, mask: ArrayLike, tolerance: float = POINTING_TOLERANCE
) -> bool:
    """Whether the largest value of an (H, W) map is in the mask or at most so many pixels off.

    Pointing game of Zhang et al. 2018 (arXiv:1608.00507); its accuracy is the share of hits.
    """
    a, inside = as_rows(attribution, "map"), as_mask(mask)
    require_same_shape(a, inside)
    _require_order(a)
    # distance to the nearest pixel inside
    distance = ndimage.distance_transform_edt(~inside)
    return bool(distance[np.unravel_index(a.argmax(), a.shape)] <= tolerance)


def completeness_gap(attribution: ArrayLike, difference: float) -> float:
    """|sum of a - difference| / |difference| for the difference f(row) - f(baseline); 0 is best.

    Integrated gradients (Sundararajan et al. 2017, arXiv:1703.01365) should stay below 0.05: more
    steps otherwise.
    """
    a = as_rows(attribution, "map")
    if difference == 0:
        raise Undefined("The baseline scores like the row, so there is nothing to attribute.")
    return abs(float(a.sum()) - difference) / abs(difference)


def randomisation_summary(similarities: Mapping[str, ArrayLike]) -> Randomisation:
    """Summarise similarities (n,) of maps to the original ones after each randomised layer.

    Model parameter randomisation of Adebayo et al. 2018 (arXiv:1810.03292): layers in the order
    in which they were randomised, each together with those before it.
    """
    if not similarities:
        raise Undefined("No layer was randomised.")
    return Randomisation(
        tuple(similarities), tuple(quartiles(values) for values in similarities.values())
    )


def _row_and_blank(row: ArrayLike, replacement: ArrayLike) -> tuple[Floats, Floats]:
    x = as_rows(row, "row")
    blank = as_rows(np.broadcast_to(np.asarray(replacement, dtype=np.float64), x.shape), "baseline")
    return x, blank


def _morph(
    score: Score, start: Floats, end: Floats, attribution: ArrayLike, steps: int | None
) -> Floats:
    """Score of inputs that turn from `start` to `end` in the order of the map."""
    a = as_rows(attribution, "map")
    if a.shape not in (start.shape, start.shape[1:]):
        raise ValueError(f"a map of shape {a.shape} does not fit a row of shape {start.shape}")
    _require_order(a)
    steps = a.shape[-1] if steps is None else steps
    if not 1 <= steps <= a.size:
        raise ValueError(f"{a.size} pixels cannot be replaced in {steps} steps")
    place = np.empty(a.size, dtype=np.int64)
    place[np.argsort(-a.ravel(), kind="stable")] = np.arange(a.size)
    rank = place.reshape(a.shape)
    turned = np.arange(steps + 1) * a.size // steps
    batches = (turned[i : i + _BATCH] for i in range(0, steps + 1, _BATCH))
    return np.concatenate(
        [_scores(score, np.stack([np.where(rank < k, end, start) for k in b])) for b in batches]
    )


def _scores(score: Score, inputs: Floats) -> Floats:
    values = as_vector(score(inputs), "scores")
    if len(values) != len(inputs):
        raise ValueError(f"{len(inputs)} inputs gave {len(values)} scores")
    return values


def _require_order(a: Floats) -> None:
    if np.ptp(a) == 0:
        raise Undefined("The attribution map is constant, so its pixels have no order.")
