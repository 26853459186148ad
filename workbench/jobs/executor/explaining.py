"""Attribution maps of a run, and the trial of their explainers on the original."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from workbench.audit.artifact_names import EXPLAINED_ROWS, maps_of
from workbench.compute.attribution import attribution_maps
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import PluginKind, RunRole
from workbench.jobs.executor.explainer_trial import MOST_ROWS, ExplainerTrial, trial_metrics
from workbench.jobs.executor.run_inputs import RunInputs
from workbench.jobs.executor.workspace import RunEvents, Workspace

Arrays = dict[str, NDArray[Any]]


def explained(
    workspace: Workspace, inputs: RunInputs, model: nn.Module, events: RunEvents
) -> tuple[list[MetricValue], Arrays]:
    """The maps of every explainer; with the original, once a forget set, also its trial."""
    plan = inputs.plan
    if not plan.attributions:
        return [], {}
    rows = explained_rows(inputs.forget, inputs.retain, plan.attribution_rows, plan.evaluation_seed)
    architecture = workspace.row("model", inputs.row["original_model_id"])["architecture"]
    tried = np.flatnonzero(np.isin(rows, inputs.forget))[:MOST_ROWS]
    metrics: list[MetricValue] = []
    arrays: Arrays = {EXPLAINED_ROWS: rows}
    for explainer in plan.attributions:
        contributed = workspace.registry.get(PluginKind.ATTRIBUTION, explainer)
        loaded, params = contributed.load(), contributed.parse_params({})
        maps = attribution_maps(
            loaded,
            model,
            inputs.data,
            rows,
            params,
            name=explainer,
            seed=plan.evaluation_seed,
            events=events,
            cancel=events.channel.cancel_token,
        )
        arrays[maps_of(explainer)] = maps
        if inputs.row["role"] == RunRole.ORIGINAL:
            trial = ExplainerTrial(
                name=explainer,
                explainer=loaded,
                params=params,
                model=model,
                new_model=lambda seed: workspace.new_model(architecture, seed),
                data=inputs.data,
                rows=rows[tried],
                maps=maps[tried],
                seed=plan.evaluation_seed,
                events=events,
                cancel=events.channel.cancel_token,
            )
            metrics += trial_metrics(trial)
    return metrics, arrays


def explained_rows(
    forget: NDArray[np.int64], retain: NDArray[np.int64], count: int, seed: int = 0
) -> NDArray[np.int64]:
    """`count` forget rows, then `count` retain rows; the same for every model of a forget set."""
    draw = np.random.Generator(np.random.PCG64(seed))
    chosen = [
        np.sort(draw.choice(rows, size=min(count, len(rows)), replace=False))
        for rows in (forget, retain)
    ]
    return np.concatenate(chosen)
