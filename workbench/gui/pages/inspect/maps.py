"""Attribution maps of one row: before, after, retrained, and the difference forgetting left."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.stored_plan import Maps, StoredPlan, StoredRun
from workbench.core.pictures import is_image
from workbench.report.examples import flat, similarity

if TYPE_CHECKING:
    from workbench.gui.pages.inspect.contents import Compared

Map = NDArray[Any]
ByModel = Mapping[int, Map]
"""Maps of one row, of the shape of an input, by model id."""

MEAN = None
"""In place of a seed: the mean over all retrained models."""


class MapShelf:
    """The maps that runs left in the project; those of the explainer asked for last stay read."""

    def __init__(self, stored: StoredPlan, runs: Sequence[StoredRun]) -> None:
        self._stored = stored
        self._runs = runs
        self._read: tuple[str, dict[int, Maps]] = ("", {})

    def of_row(self, row: int, explainer: str) -> dict[int, Map]:
        """Maps of a row by model id; empty if it was not explained. Reads the project."""
        found = {}
        for model, maps in self._of(explainer).items():
            places = np.flatnonzero(maps.rows == row)
            if len(places):
                found[model] = maps.maps[int(places[0])]
        return found

    def _of(self, explainer: str) -> dict[int, Maps]:
        name, by_model = self._read
        if name != explainer:
            found = {run.model_id: self._stored.maps(run, explainer) for run in self._runs}
            by_model = {model: maps for model, maps in found.items() if maps is not None}
            self._read = (explainer, by_model)
        return by_model


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
    `is_stored` tells whether all maps come from the project; `trial_fault` why a change of maps of
    this explainer is no evidence, if it is none.
    """

    panels: tuple[Panel, ...]
    scale: float
    missing: tuple[int, ...]
    is_stored: bool
    unavailable: str = ""
    trial_fault: str = ""


def view_maps(
    compared: Compared, row: int, explainer: str, seed: int | None, made: ByModel
) -> MapsView:
    """`made`: maps of this row that are not stored; `seed`: of the retrained model, or MEAN."""
    runs = compared.runs
    if runs.original is None or runs.b is None:
        return _unavailable("Maps need a finished run of the original and a model B.")
    if not runs.references:
        return _unavailable("No retrained model has finished, so there is nothing to compare with.")
    stored = compared.maps.of_row(row, explainer)
    maps = {**made, **stored}
    models = [runs.original.model_id, runs.b.model_id, *(run.model_id for run in runs.references)]
    missing = tuple(model for model in dict.fromkeys(models) if model not in maps)
    if missing:
        return MapsView((), 0.0, missing, is_stored=False)
    chosen = [run for run in runs.references if seed in (MEAN, run.seed)] or list(runs.references)
    before, after = _floats(maps[models[0]]), _floats(maps[models[1]])
    retrained = np.mean([_floats(maps[run.model_id]) for run in chosen], axis=0)
    alike = _alike([_floats(maps[run.model_id]) for run in runs.references])
    panels = _panels(before, after, retrained, _retrained_title(seed, len(chosen)), alike)
    scale = max(float(np.abs(panel.values).max()) for panel in panels[:3])
    return MapsView(
        panels,
        scale,
        (),
        is_stored=all(model in stored for model in models),
        trial_fault=compared.trial_faults.get(explainer, ""),
    )


def made_maps(result: Mapping[str, Any]) -> dict[int, Map]:
    """Maps of the one row that a job explained, by model id."""
    shape = tuple(result["shape"])
    return {
        int(model): np.frombuffer(base64.b64decode(text), dtype=result["dtype"]).reshape(shape)[0]
        for model, text in result["maps"].items()
    }


def _panels(
    before: Map, after: Map, retrained: Map, title: str, alike: float | None
) -> tuple[Panel, ...]:
    like_after = {
        "Like original": similarity(after, before),
        "Like retrained": similarity(after, retrained),
    }
    like_retrained = {
        "Like original": similarity(retrained, before),
        "Like each other": alike,
    }
    return (
        Panel(
            "Before (original)",
            _drawn(before),
            {"Like retrained": similarity(before, retrained)},
        ),
        Panel("After (B)", _drawn(after), like_after),
        Panel(title, _drawn(retrained), like_retrained),
        Panel("After minus retrained", _drawn(after - retrained), {}),
    )


def _alike(retrained: Sequence[Map]) -> float | None:
    """Median similarity of the first retrained model to every other: what a seed alone changes."""
    found = [similarity(retrained[0], other) for other in retrained[1:]]
    known = [value for value in found if value is not None]
    return float(np.median(known)) if known else None


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
