"""Find the attribution maps stored with the runs, and choose the models whose maps are shown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.core.dataset import Dataset
from workbench.core.vocabulary import RunRole
from workbench.report.attacks import artifacts_of
from workbench.report.document import AttributionPart, Candidate, RunPart
from workbench.report.examples import MapSet, attribution_part, is_image, unavailable
from workbench.report.runs import finished
from workbench.report.verdicts import best_candidate, criteria_met
from workbench.store import Project

_PREFIX = "attribution/"
_ROWS = "rows"


def attribution_parts(
    project: Project,
    dataset: Dataset,
    forget_rows: NDArray[np.int64],
    runs: Sequence[RunPart],
    candidates: Sequence[Candidate],
    explainers: Sequence[str],
) -> tuple[AttributionPart, ...]:
    """One part per explainer of the plan, with examples or the reason why there are none."""
    if not is_image(dataset.input_shape):
        shape = " by ".join(map(str, dataset.input_shape))
        why = f"Inputs of shape {shape} are not images, so no maps are drawn."
        return tuple(unavailable(explainer, why) for explainer in explainers)
    best = best_candidate(candidates)
    return tuple(
        _part(project, dataset, forget_rows, runs, best, explainer) for explainer in explainers
    )


def _part(
    project: Project,
    dataset: Dataset,
    forget_rows: NDArray[np.int64],
    runs: Sequence[RunPart],
    best: Candidate | None,
    explainer: str,
) -> AttributionPart:
    originals = _maps(project, finished(runs, RunRole.ORIGINAL), explainer)
    retrained = _maps(project, finished(runs, RunRole.REFERENCE), explainer)
    of_best = [run for run in finished(runs, RunRole.CANDIDATE) if best and run.label == best.label]
    unlearned = _maps(project, of_best, explainer)
    for what, found in (
        ("original model", originals),
        ("retrained models", retrained),
        (f"candidate {best.label}" if best else "candidates", unlearned),
    ):
        if not found:
            return unavailable(explainer, f"No maps of the {what} were stored.")
    assert best is not None  # noqa: S101 - without a candidate there are no maps of one
    return attribution_part(
        explainer,
        best.label,
        f"the candidate with the best verdict, "
        f"{criteria_met(best)} of {len(best.criteria)} criteria met",
        dataset,
        forget_rows,
        originals[0],
        unlearned[0],
        retrained,
    )


def _maps(project: Project, runs: Sequence[RunPart], explainer: str) -> tuple[MapSet, ...]:
    found = []
    for run in runs:
        stored = artifacts_of(project, run.id, _PREFIX)
        if explainer in stored and _ROWS in stored:
            rows = project.array(stored[_ROWS]).astype(np.int64)
            found.append(MapSet(rows, project.array(stored[explainer])))
    return tuple(found)
