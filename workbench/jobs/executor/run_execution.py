"""One run: unlearn, then measure everything that needs only this model. Written in one piece."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from workbench.audit.guards import matched_non_members
from workbench.audit.plan import Plan
from workbench.audit.standard import StoredOutputs, attack_metrics, standard_metrics
from workbench.compute.attribution import attribution_maps
from workbench.compute.context import HostMethodContext
from workbench.compute.devices import environment
from workbench.compute.measuring import PeakMemory, synchronise
from workbench.compute.models import tensors_of
from workbench.compute.recovery import recovered_accuracy, relearn_steps
from workbench.compute.tensors import DatasetTensors
from workbench.compute.unlearning import run_method
from workbench.core.errors import WorkbenchError
from workbench.core.hashing import hash_arrays
from workbench.core.metric_value import MetricValue, not_computed
from workbench.core.vocabulary import Direction, PluginKind, RunRole, RunStatus, Split, Unit
from workbench.jobs.execution import Channel
from workbench.jobs.executor.preparation import stored_outputs
from workbench.jobs.executor.workspace import RunEvents, Workspace
from workbench.metrics.catalogue import CATALOGUE
from workbench.plugin_api import Cancelled, RowOutputs
from workbench.store import now, save_environment, save_metrics, save_model, worker_identity

Maps = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class RunInputs:
    """Everything a run starts from, read from the project."""

    row: dict[str, Any]
    plan: Plan
    data: DatasetTensors
    dataset_id: int
    original: nn.Module
    forget: NDArray[np.int64]
    retain: NDArray[np.int64]
    non_members: NDArray[np.int64]


@dataclass(frozen=True)
class Unlearned:
    """The model a method gave, and what it took."""

    model: nn.Module
    seconds: float | None
    peak_memory: int | None


def execute_run(workspace: Workspace, run_id: int, channel: Channel) -> dict[str, Any]:
    """Execute one queued run and leave it done, in error or cancelled in the project."""
    start = time.perf_counter()
    events = RunEvents(channel, lambda: time.perf_counter() - start)
    _mark_running(workspace, run_id)
    try:
        inputs = _inputs(workspace, run_id)
        unlearned = _unlearn(workspace, inputs, events)
        model_id = _save_model(workspace, inputs, unlearned)
        metrics, arrays = _measure(workspace, inputs, unlearned, model_id, events)
        _save_done(workspace, run_id, model_id, unlearned, metrics, arrays, events)
    except Cancelled:
        _mark_ended(workspace, run_id, RunStatus.CANCELLED, events, error=None)
        raise
    except WorkbenchError as fault:
        error = {"message": fault.message, "remedy": fault.remedy}
        _mark_ended(workspace, run_id, RunStatus.ERROR, events, error)
        raise
    except Exception as fault:
        error = {"message": f"{type(fault).__name__}: {fault}", "remedy": ""}
        _mark_ended(workspace, run_id, RunStatus.ERROR, events, error)
        raise
    channel.committed({"run": run_id})
    return {"run": run_id, "model": model_id, "metrics": len(metrics)}


def _inputs(workspace: Workspace, run_id: int) -> RunInputs:
    row = workspace.row("run", run_id)
    plan_row = workspace.row("plan", row["plan_id"])
    forget_set = workspace.row("forget_set", row["forget_set_id"])
    data = workspace.data(forget_set["dataset_id"])
    forget = workspace.project.array(forget_set["rows_artifact"])
    return RunInputs(
        row=row,
        plan=Plan.model_validate(plan_row["content"]),
        data=data,
        dataset_id=int(forget_set["dataset_id"]),
        original=workspace.model(row["original_model_id"]),
        forget=forget,
        retain=np.setdiff1d(data.dataset.rows_of(Split.TRAIN), forget),
        non_members=matched_non_members(
            data.dataset, forget, forget_set["definition"].get("non_members", "")
        ),
    )


def _unlearn(workspace: Workspace, inputs: RunInputs, events: RunEvents) -> Unlearned:
    if inputs.row["role"] == RunRole.ORIGINAL:
        return Unlearned(inputs.original, seconds=None, peak_memory=None)
    contributed = workspace.registry.get(PluginKind.METHOD, inputs.row["method"])
    architecture = workspace.row("model", inputs.row["original_model_id"])["architecture"]
    context = HostMethodContext(
        method=contributed.id,
        needs=contributed.declared.needs,
        data=inputs.data,
        forget_rows=inputs.forget,
        retain_rows=inputs.retain,
        recipe=inputs.plan.recipe,
        new_model=lambda seed: workspace.new_model(architecture, seed),
        seed=inputs.row["seed"],
        events=events,
        cancel=events.channel.cancel_token,
    )
    method, params = contributed.load(), contributed.parse_params(inputs.row["params"])
    with PeakMemory(workspace.device) as memory:
        synchronise(workspace.device)
        start = time.perf_counter()
        model = run_method(method, context, inputs.original, params)
        synchronise(workspace.device)
        seconds = time.perf_counter() - start
    return Unlearned(model, seconds, memory.peak)


def _save_model(workspace: Workspace, inputs: RunInputs, unlearned: Unlearned) -> int:
    row = inputs.row
    if row["role"] == RunRole.ORIGINAL:
        return int(row["original_model_id"])
    tensors = tensors_of(unlearned.model)
    original = workspace.row("model", row["original_model_id"])
    with workspace.project.transaction(
        "model.unlearned", subject=f"run:{row['id']}", payload={"weights": hash_arrays(tensors)}
    ) as tx:
        return save_model(
            tx,
            f"{row['label']}, seed {row['seed']}",
            original["architecture"],
            tensors,
            parent_id=original["id"],
            dataset_id=inputs.dataset_id,
            recipe=inputs.plan.recipe.model_dump(mode="json"),
            source={"run": row["id"]},
        )


def _measure(
    workspace: Workspace,
    inputs: RunInputs,
    unlearned: Unlearned,
    model_id: int,
    events: RunEvents,
) -> tuple[list[MetricValue], Maps]:
    """All numbers of this model alone. One forward pass; the rest is arithmetic on its outputs."""
    dataset = inputs.data.dataset
    arrays = stored_outputs(workspace, model_id, unlearned.model, inputs.dataset_id, events.channel)
    outputs = StoredOutputs(**arrays)
    metrics = standard_metrics(outputs, dataset, inputs.forget)
    scores = _attack_scores(workspace, inputs.plan, outputs, dataset.targets)
    metrics += attack_metrics(scores, dataset, inputs.forget, inputs.non_members)
    metrics += _costs(unlearned)
    saved: Maps = {f"scores/{attack}": values for attack, values in scores.items()}
    metrics += _recovery(workspace, inputs, unlearned.model, events)
    saved |= _attributions(workspace, inputs, unlearned.model, events)
    return metrics, saved


def _attack_scores(
    workspace: Workspace, plan: Plan, outputs: StoredOutputs, targets: NDArray[np.int64]
) -> dict[str, NDArray[np.float64]]:
    rows = RowOutputs(
        rows=np.arange(len(targets)),
        logits=np.asarray(outputs.logits, dtype=np.float64),
        targets=targets,
        loss=np.asarray(outputs.loss, dtype=np.float64),
    )
    scores = {}
    for attack in plan.attacks:
        contributed = workspace.registry.get(PluginKind.ATTACK, attack)
        scores[attack] = contributed.load().scores(rows, contributed.parse_params({}))
    return scores


def _costs(unlearned: Unlearned) -> list[MetricValue]:
    if unlearned.seconds is None:
        return []
    seconds = _metric("unlearning_seconds", unlearned.seconds, Unit.SECONDS, Direction.LOWER)
    if unlearned.peak_memory is None:
        reason = "this platform does not tell the peak memory of a part of a process"
        peak = not_computed("peak_memory", 1, reason, unit=Unit.BYTES, direction=Direction.LOWER)
    else:
        peak = _metric("peak_memory", unlearned.peak_memory, Unit.BYTES, Direction.LOWER)
    return [seconds, peak]


def _recovery(
    workspace: Workspace, inputs: RunInputs, model: nn.Module, events: RunEvents
) -> Iterable[MetricValue]:
    """Relearning and retain-only tuning, each on copies, once per evaluation seed."""
    chosen = inputs.plan.recovery
    if chosen is None:
        return
    original = stored_outputs(
        workspace,
        inputs.row["original_model_id"],
        inputs.original,
        inputs.dataset_id,
        events.channel,
    )
    correct = (
        original["logits"][inputs.forget].argmax(axis=1)
        == (inputs.data.dataset.targets[inputs.forget])
    )
    target = chosen.relearn_share * float(correct.mean())
    trials = [
        relearn_steps(
            model,
            inputs.data.dataset,
            workspace.device,
            inputs.forget,
            target_accuracy=target,
            learning_rate=chosen.relearn_learning_rate,
            cap=chosen.relearn_cap,
            batch_size=inputs.plan.recipe.batch_size,
            seed=seed,
            cancel=events.channel.cancel_token,
        )
        for seed in chosen.relearn_seeds
    ]
    median = float(np.median([trial.steps for trial in trials]))
    reached = sum(trial.reached for trial in trials)
    yield _metric(
        "relearn_steps",
        median,
        Unit.STEPS,
        Direction.REFERENCE,
        split=Split.FORGET,
        n=len(trials),
        ci_method="censored at cap" if 2 * reached < len(trials) else "",
    )
    recovered = [
        recovered_accuracy(
            model,
            inputs.data.dataset,
            workspace.device,
            inputs.forget,
            inputs.retain,
            recipe=inputs.plan.recipe,
            epochs=chosen.retain_epochs,
            seed=seed,
            cancel=events.channel.cancel_token,
        )
        for seed in chosen.relearn_seeds
    ]
    yield _metric(
        "recovered_accuracy",
        float(np.mean(recovered)),
        Unit.FRACTION,
        Direction.REFERENCE,
        split=Split.FORGET,
        n=len(inputs.forget),
    )


def _attributions(
    workspace: Workspace, inputs: RunInputs, model: nn.Module, events: RunEvents
) -> Maps:
    if not inputs.plan.attributions:
        return {}
    rows = explained_rows(inputs.forget, inputs.retain, inputs.plan.attribution_rows)
    maps: Maps = {"attribution/rows": rows}
    for explainer in inputs.plan.attributions:
        contributed = workspace.registry.get(PluginKind.ATTRIBUTION, explainer)
        maps[f"attribution/{explainer}"] = attribution_maps(
            contributed.load(),
            model,
            inputs.data.dataset,
            rows,
            contributed.parse_params({}),
            workspace.device,
            name=explainer,
            cancel=events.channel.cancel_token,
        )
    return maps


def explained_rows(
    forget: NDArray[np.int64], retain: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """`count` forget rows, then `count` retain rows; the same for every model of a forget set."""
    draw = np.random.Generator(np.random.PCG64(0))
    chosen = [
        np.sort(draw.choice(rows, size=min(count, len(rows)), replace=False))
        for rows in (forget, retain)
    ]
    return np.concatenate(chosen)


def _metric(name: str, value: float, unit: Unit, direction: Direction, **more: Any) -> MetricValue:
    return MetricValue(
        name=name,
        version=CATALOGUE[name].version,
        value=float(value),
        unit=unit,
        direction=direction,
        **{"split": None, **more},
    )


def _mark_running(workspace: Workspace, run_id: int) -> None:
    with workspace.project.transaction("run.started", subject=f"run:{run_id}") as tx:
        tx.update(
            "run",
            {"id": run_id},
            status=str(RunStatus.RUNNING),
            worker=worker_identity(),
            started=now(),
            finished=None,
            error=None,
            device=str(workspace.device),
            environment_id=save_environment(tx, environment(workspace.device)),
        )


def _save_done(
    workspace: Workspace,
    run_id: int,
    model_id: int,
    unlearned: Unlearned,
    metrics: list[MetricValue],
    arrays: Maps,
    events: RunEvents,
) -> None:
    with workspace.project.transaction("run.done", subject=f"run:{run_id}") as tx:
        save_metrics(tx, run_id, model_id, metrics)
        for name, array in arrays.items():
            tx.insert("run_artifact", run_id=run_id, name=name, hash=tx.put_array(array))
        for name, points in events.curves.items():
            curve = np.asarray(points, dtype=np.float64)
            tx.insert("series", run_id=run_id, name=name, hash=tx.put_array(curve))
        tx.update(
            "run",
            {"id": run_id},
            status=str(RunStatus.DONE),
            model_id=model_id,
            worker=None,
            seconds=unlearned.seconds,
            peak_memory=unlearned.peak_memory,
            finished=now(),
            log="\n".join(events.lines),
        )


def _mark_ended(
    workspace: Workspace,
    run_id: int,
    status: RunStatus,
    events: RunEvents,
    error: dict[str, str] | None,
) -> None:
    with workspace.project.transaction(f"run.{status}", subject=f"run:{run_id}") as tx:
        tx.update(
            "run",
            {"id": run_id},
            status=str(status),
            worker=None,
            finished=now(),
            error=error,
            log="\n".join(events.lines),
        )
