"""Attribution examples: what the models look at, on the same rows and on one colour scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import Rows
from workbench.audit.stored_plan import Maps
from workbench.core.dataset import Dataset
from workbench.core.pictures import as_pixels, shrunk
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


def unavailable(explainer: str, why: str, trial_fault: str = "") -> AttributionPart:
    return AttributionPart(
        explainer=explainer,
        candidate="",
        chosen_because="",
        scale=None,
        floor=None,
        examples=(),
        unavailable=why,
        trial_fault=trial_fault,
    )


def attribution_part(
    explainer: str,
    compared: Compared,
    dataset: Dataset,
    forget_rows: Rows,
    trial_fault: str = "",
) -> AttributionPart:
    """Examples of up to four forget and four retain rows."""
    maps = {row: compared.three(row) for row in _chosen(compared.unlearned.rows, forget_rows)}
    drawn = np.concatenate([flat(one).ravel() for three in maps.values() for one in three])
    scale = float(np.quantile(np.abs(drawn), 0.99))
    if scale == 0:
        return unavailable(explainer, "Every attribution of these rows is zero.", trial_fault)
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
        trial_fault=trial_fault,
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
        original=_grid(flat(original), scale),
        unlearned=_grid(flat(unlearned), scale),
        retrained=_grid(flat(retrained), scale),
        difference=_grid(flat(unlearned - original), scale),
        unlearned_similarity=similarity(original, unlearned),
        retrained_similarity=similarity(original, retrained),
    )


def flat(attribution: Map) -> Map:
    """(h, w) for drawing: signed attributions summed over channels."""
    return np.asarray(attribution.sum(axis=0) if attribution.ndim == 3 else attribution)


def similarity(first: Map, second: Map) -> float | None:
    """As the metric `attribution_similarity` has it, for one row."""
    try:
        return spearman(magnitude(first), magnitude(second))
    except Undefined:
        return None


def _floor(retrained: tuple[Maps, ...], forget_rows: Rows) -> float | None:
    """Median similarity, on forget rows, of the first retrained model to every other."""
    rows = [int(row) for row in retrained[0].rows if np.isin(row, forget_rows)]
    found = [
        value
        for other in retrained[1:]
        for row in rows
        if (value := similarity(_of(retrained[0], row), _of(other, row))) is not None
    ]
    return float(np.median(found)) if found else None


def _grid(values: Map, scale: float) -> Grid:
    shown = np.clip(shrunk(values, _LARGEST) / scale, -1, 1)
    return tuple(tuple(round(float(v), 3) for v in line) for line in shown)


def _image(values: NDArray[Any], white: float) -> Pixels:
    lines = as_pixels(values, white, _LARGEST).tolist()
    if values.ndim == 3 and len(values) == 3:
        return tuple(tuple(tuple(pixel) for pixel in line) for line in lines)
    return tuple(tuple(line) for line in lines)
