"""Attribution maps of one row: before, after, retrained, and the difference forgetting left."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.pictures import is_image
from workbench.gui.pages.inspect.contents import Compared
from workbench.report.examples import flat, similarity

Map = NDArray[Any]
ByModel = Mapping[int, Map]
"""Maps of one row, of the shape of an input, by model id."""

MEAN = None
"""In place of a seed: the mean over all retrained models."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One map as it is drawn, (h, w) or (d,), and what it is like: name -> rank correlation.

    A correlation is None where a map is constant, so that its pixels have no order.
    """

    title: str
    values: NDArray[np.float64]
    like: Mapping[str, float | None]


@dataclass(frozen=True, eq=False)
class MapsView:
    """The four maps on one scale: the largest magnitude among the three models.

    `missing` are the models without a map of this row; there are no panels while any is.
    `is_stored` tells whether all maps come from the project.
    """

    panels: tuple[Panel, ...]
    scale: float
    missing: tuple[int, ...]
    is_stored: bool
    unavailable: str = ""


def view_maps(
    compared: Compared, row: int, explainer: str, seed: int | None, made: ByModel
) -> MapsView:
    """`made`: maps of this row that are not stored; `seed`: of the retrained model, or MEAN."""
    runs = compared.runs
    if runs.original is None or runs.b is None:
        return _unavailable("Maps need a finished run of the original and a model B.")
    if not runs.references:
        return _unavailable("No retrained model has finished, so there is nothing to compare with.")
    stored = stored_maps(compared, row, explainer)
    maps = {**made, **stored}
    models = [runs.original.model_id, runs.b.model_id, *(run.model_id for run in runs.references)]
    missing = tuple(model for model in dict.fromkeys(models) if model not in maps)
    if missing:
        return MapsView((), 0.0, missing, is_stored=False)
    chosen = [run for run in runs.references if seed in (MEAN, run.seed)] or list(runs.references)
    before, after = _floats(maps[models[0]]), _floats(maps[models[1]])
    retrained = np.mean([_floats(maps[run.model_id]) for run in chosen], axis=0)
    panels = _panels(before, after, retrained, _retrained_title(seed, len(chosen)))
    scale = max(float(np.abs(panel.values).max()) for panel in panels[:3])
    return MapsView(panels, scale, (), is_stored=all(model in stored for model in models))


def stored_maps(compared: Compared, row: int, explainer: str) -> dict[int, Map]:
    """Maps of a row that runs left in the project, by model id."""
    found = {}
    if row not in compared.explained:
        return found
    for run in compared.stored_runs.values():
        maps = compared.stored.maps(run, explainer)
        if maps is not None and row in maps.rows:
            found[run.model_id] = maps.maps[int(np.flatnonzero(maps.rows == row)[0])]
    return found


def made_maps(result: Mapping[str, Any]) -> dict[int, Map]:
    """Maps of the one row that a job explained, by model id."""
    shape = tuple(result["shape"])
    return {
        int(model): np.frombuffer(base64.b64decode(text), dtype=result["dtype"]).reshape(shape)[0]
        for model, text in result["maps"].items()
    }


def _panels(before: Map, after: Map, retrained: Map, title: str) -> tuple[Panel, ...]:
    with_original = "with the original's"
    with_retrained = "with the retrained"
    return (
        Panel("Before (original)", _drawn(before), {with_retrained: similarity(before, retrained)}),
        Panel(
            "After (B)",
            _drawn(after),
            {
                with_original: similarity(after, before),
                with_retrained: similarity(after, retrained),
            },
        ),
        Panel(title, _drawn(retrained), {with_original: similarity(retrained, before)}),
        Panel("After minus retrained", _drawn(after - retrained), {}),
    )


def _drawn(attribution: Map) -> NDArray[np.float64]:
    """(h, w) for images, whose channels are summed; (d,) for anything else."""
    shown = flat(attribution) if is_image(attribution.shape) else attribution.ravel()
    return np.asarray(shown, dtype=np.float64)


def _retrained_title(seed: int | None, count: int) -> str:
    return f"Retrained (mean of {count})" if seed is MEAN else f"Retrained (seed {seed})"


def _floats(attribution: Map) -> NDArray[np.float64]:
    return np.asarray(attribution, dtype=np.float64)


def _unavailable(why: str) -> MapsView:
    return MapsView((), 0.0, (), is_stored=False, unavailable=why)
