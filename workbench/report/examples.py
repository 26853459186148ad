"""Attribution examples: what the models look at, on the same rows and on one colour scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import Rows
from workbench.audit.stored_plan import Maps
from workbench.core.dataset import Dataset
from workbench.core.vocabulary import Split
from workbench.metrics import Undefined
from workbench.metrics.attribution import magnitude, spearman
from workbench.report.document import AttributionExample, AttributionPart, Grid, Pixels

Map = NDArray[np.float64]

_EACH = 4
_LARGEST = 64


@dataclass(frozen=True)
class Compared:
    """The models whose maps are shown side by side; `retrained` has at least one member."""

    candidate: str
    chosen_because: str
    original: Maps
    unlearned: Maps
    retrained: tuple[Maps, ...]

    def three(self, row: int) -> tuple[Map, Map, Map]:
        """Attributions of one row, of the shape of an input: original, unlearned, retrained."""
        return _of(self.original, row), _of(self.unlearned, row), _of(self.retrained[0], row)


def is_image(shape: tuple[int, ...]) -> bool:
    """(h, w), (1, h, w) or (3, h, w)."""
    return len(shape) == 2 or (len(shape) == 3 and shape[0] in (1, 3))


def unavailable(explainer: str, why: str) -> AttributionPart:
    return AttributionPart(
        explainer=explainer,
        candidate="",
        chosen_because="",
        scale=None,
        floor=None,
        examples=(),
        unavailable=why,
    )


def attribution_part(
    explainer: str, compared: Compared, dataset: Dataset, forget_rows: Rows
) -> AttributionPart:
    """Examples of up to four forget and four retain rows."""
    maps = {row: compared.three(row) for row in _chosen(compared.unlearned.rows, forget_rows)}
    drawn = np.concatenate([_flat(one).ravel() for three in maps.values() for one in three])
    scale = float(np.quantile(np.abs(drawn), 0.99))
    if scale == 0:
        return unavailable(explainer, "Every attribution of these rows is zero.")
    return AttributionPart(
        explainer=explainer,
        candidate=compared.candidate,
        chosen_because=compared.chosen_because,
        scale=scale,
        floor=_floor(compared.retrained, forget_rows),
        examples=tuple(
            _example(dataset, row, bool(np.isin(row, forget_rows)), three, scale)
            for row, three in maps.items()
        ),
        unavailable="",
    )


def _of(maps: Maps, row: int) -> Map:
    return np.asarray(maps.maps[int(np.flatnonzero(maps.rows == row)[0])], dtype=np.float64)


def _chosen(rows: Rows, forget_rows: Rows) -> list[int]:
    """The first rows of each kind: the order was fixed before any map was made."""
    in_forget = np.isin(rows, forget_rows)
    return [*rows[in_forget][:_EACH].tolist(), *rows[~in_forget][:_EACH].tolist()]


def _example(
    dataset: Dataset, row: int, forgotten: bool, maps: tuple[Map, Map, Map], scale: float
) -> AttributionExample:
    original, unlearned, retrained = maps
    return AttributionExample(
        row=row,
        split=Split.FORGET if forgotten else Split.RETAIN,
        class_name=dataset.class_names[int(dataset.targets[row])],
        image=_image(dataset.inputs[row], dataset.preprocessing.divide_by),
        original=_grid(_flat(original), scale),
        unlearned=_grid(_flat(unlearned), scale),
        retrained=_grid(_flat(retrained), scale),
        difference=_grid(_flat(unlearned - original), scale),
        unlearned_similarity=_similarity(original, unlearned),
        retrained_similarity=_similarity(original, retrained),
    )


def _flat(attribution: Map) -> Map:
    """(h, w) for drawing: signed attributions summed over channels."""
    return np.asarray(attribution.sum(axis=0) if attribution.ndim == 3 else attribution)


def _similarity(first: Map, second: Map) -> float | None:
    """As the metric `attribution_similarity` has it, for one row."""
    try:
        return spearman(magnitude(first), magnitude(second))
    except Undefined:
        return None


def _floor(retrained: tuple[Maps, ...], forget_rows: Rows) -> float | None:
    """Median similarity, on forget rows, of the first retrained model to every other."""
    rows = [int(row) for row in retrained[0].rows if np.isin(row, forget_rows)]
    found = [
        similarity
        for other in retrained[1:]
        for row in rows
        if (similarity := _similarity(_of(retrained[0], row), _of(other, row))) is not None
    ]
    return float(np.median(found)) if found else None


def _grid(values: Map, scale: float) -> Grid:
    shown = np.clip(_shrunk(values) / scale, -1, 1)
    return tuple(tuple(round(float(v), 3) for v in line) for line in shown)


def _image(pixels: NDArray[Any], white: float) -> Pixels:
    """Stored input to 0..255: (h, w) and (1, h, w) become (h, w), (3, h, w) becomes (h, w, 3).

    Whole numbers are brightest at `white`, what preprocessing divides by (255 if it does not);
    anything else is stretched over its own range.
    """
    values = pixels.astype(np.float64)
    if pixels.dtype == np.uint8:
        values = np.clip(values * 255 / (white if white > 1 else 255), 0, 255)
    else:
        low, high = float(values.min()), float(values.max())
        values = (values - low) / ((high - low) or 1.0) * 255
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim == 2:
        return tuple(tuple(int(v) for v in line) for line in _shrunk(values).round())
    red, green, blue = (_shrunk(channel).round().astype(int).tolist() for channel in values)
    return tuple(tuple(zip(*lines, strict=True)) for lines in zip(red, green, blue, strict=True))


def _shrunk(values: Map) -> Map:
    """Mean over square blocks until neither side exceeds 64; edges that do not fit are cut."""
    block = -(-max(values.shape) // _LARGEST)
    if block == 1:
        return values
    height, width = (side // block for side in values.shape)
    blocks = values[: height * block, : width * block].reshape(height, block, width, block)
    return np.asarray(blocks.mean(axis=(1, 3)))
