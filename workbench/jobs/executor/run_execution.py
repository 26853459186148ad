"""One run: unlearn, then measure everything that needs only this model. Written in one piece."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from workbench.audit.artifact_names import scores_of
from workbench.audit.comparison import weight_metrics
from workbench.audit.from_arrays import metrics_from_arrays
from workbench.audit.measured import measured
from workbench.audit.standard import (
    Measurement,
    StoredOutputs,
)
from workbench.compute.context import HostMethodContext
from workbench.compute.devices import environment
from workbench.compute.measuring import PeakMemory, synchronise
from workbench.compute.models import tensors_of
from workbench.compute.unlearning import run_method
from workbench.core.errors import ProjectError
from workbench.core.hashing import hash_arrays
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import PluginKind, RunRole, RunStatus, Split
from workbench.jobs.execution import Channel, explain
from workbench.jobs.executor.attacks import attack_scores
from workbench.jobs.executor.explaining import explained
from workbench.jobs.executor.models import live_events, stored_outputs
from workbench.jobs.executor.planted import removal_metrics
from workbench.jobs.executor.recovery import recovery_metrics
from workbench.jobs.executor.recovery_bench import RecoveryBench
from workbench.jobs.executor.run_inputs import RunInputs, read_inputs
from workbench.jobs.executor.workspace import RunEvents, Workspace
from workbench.jobs.protocol import Job
from workbench.metrics import Undefined
from workbench.metrics.distances import zero_retrain_forgetting_over
from workbench.plugin_api import Cancelled
from workbench.store import now, save_environment, save_metrics, save_model, worker_identity

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Unlearned:
    """The model a method gave, and what it took."""

    model: nn.Module
    seconds: float | None
    peak_memory: int | None


def execute_run(workspace: Workspace, job: Job, channel: Channel) -> dict[str, Any]:
    """Execute the queued run of `job`; leave it done, in error or cancelled in the project."""
    run_id = int(job.payload["run"])
    events = live_events(channel)
    _mark_running(workspace, run_id)
    try:
        inputs = read_inputs(workspace, run_id)
        unlearned = _unlearn(workspace, inputs, events)
        model_id = _save_model(workspace, inputs, unlearned)
        # What is measured is what is stored: hooks and other extras of a method's object are gone.
        model = workspace.model(model_id)
        metrics, arrays = _measure(workspace, inputs, unlearned, model, model_id, events)
        seed = inputs.plan.evaluation_seed
        _save_done(workspace, run_id, model_id, unlearned, metrics, arrays, events, seed)
    except BaseException as fault:
        _save_failed(workspace, run_id, job, fault, events)
        raise
    channel.committed({"run": run_id})
    return {"run": run_id, "model": model_id, "metrics": len(metrics)}


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
    model: nn.Module,
    model_id: int,
    events: RunEvents,
) -> tuple[list[MetricValue], Arrays]:
    """All numbers of this model alone. One forward pass; the rest is arithmetic on its outputs."""
    dataset = inputs.data.dataset
    stored = stored_outputs(workspace, model_id, model, inputs.dataset_id, events)
    outputs = StoredOutputs(
        **stored, fingerprint=workspace.row("dataset", inputs.dataset_id)["fingerprint"]
    )
    scores = _attack_scores(workspace, inputs, outputs, events)
    metrics = metrics_from_arrays(
        outputs,
        scores,
        dataset,
        inputs.forget,
        inputs.non_members,
        twins=inputs.twins,
        seed=inputs.plan.evaluation_seed,
    )
    metrics += weight_metrics(tensors_of(model), tensors_of(inputs.original))
    metrics.append(_forgetting(workspace, inputs, outputs, events))
    metrics += _costs(unlearned)
    arrays: Arrays = {scores_of(attack): values for attack, values in scores.items()}
    metrics += removal_metrics(
        model,
        inputs.data,
        stored,
        inputs.plantings,
        events,
        events.channel.cancel_token,
    )
    metrics += _recovery(workspace, inputs, model, stored, events)
    on_trial, maps = explained(workspace, inputs, model, events)
    return metrics + on_trial, arrays | maps


def _forgetting(
    workspace: Workspace, inputs: RunInputs, outputs: StoredOutputs, events: RunEvents
) -> MetricValue:
    """Closeness to networks that never learned anything, on the forget rows."""
    forget, seed = inputs.forget, inputs.plan.evaluation_seed
    original = inputs.row["original_model_id"]
    random = workspace.random_logits(original, inputs.dataset_id, forget, seed, events)

    def mean() -> Measurement:
        found = zero_retrain_forgetting_over(outputs.logits[forget], random)
        return found.mean, None, len(forget)

    return measured("zero_retrain_forgetting", Split.FORGET, mean, reference="random weights")


def _attack_scores(
    workspace: Workspace, inputs: RunInputs, outputs: StoredOutputs, events: RunEvents
) -> dict[str, NDArray[np.float64]]:
    scores = {}
    for attack in inputs.plan.attacks:
        events.channel.cancel_token.check()
        contributed = workspace.registry.get(PluginKind.ATTACK, attack)
        scores[attack] = attack_scores(
            contributed.load(),
            outputs,
            inputs.data.dataset.targets,
            contributed.parse_params({}),
            name=attack,
        )
    return scores


def _costs(unlearned: Unlearned) -> list[MetricValue]:
    seconds = unlearned.seconds
    if seconds is None:
        return []

    def peak_memory() -> Measurement:
        if unlearned.peak_memory is None:
            raise Undefined("this platform does not tell the peak memory of a part of a process")
        return unlearned.peak_memory, None, 0

    return [
        measured("unlearning_seconds", None, lambda: (seconds, None, 0)),
        measured("peak_memory", None, peak_memory),
    ]


def _recovery(
    workspace: Workspace,
    inputs: RunInputs,
    model: nn.Module,
    outputs: Arrays,
    events: RunEvents,
) -> list[MetricValue]:
    """The recovery tests of the plan, each on copies."""
    chosen = inputs.plan.recovery
    if chosen is None:
        return []
    bench = RecoveryBench(
        model=model,
        original_model=inputs.original,
        data=inputs.data,
        outputs=outputs,
        original=stored_outputs(
            workspace, inputs.row["original_model_id"], inputs.original, inputs.dataset_id, events
        ),
        forget=inputs.forget,
        retain=inputs.retain,
        non_members=inputs.non_members,
        recipe=inputs.plan.recipe,
        choice=chosen,
        seed=inputs.plan.evaluation_seed,
        events=events,
        cancel=events.channel.cancel_token,
    )
    return recovery_metrics(bench)


def _mark_running(workspace: Workspace, run_id: int) -> None:
    with workspace.project.transaction("run.started", subject=f"run:{run_id}") as tx:
        row = tx.row("SELECT status FROM run WHERE id = ?", run_id)
        if row is None or row["status"] in (RunStatus.RUNNING, RunStatus.DONE):
            raise ProjectError(
                f"Run {run_id} is not waiting to be executed: another program has taken it.",
                remedy="Let one program at a time run a plan.",
            )
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
    arrays: Arrays,
    events: RunEvents,
    evaluation_seed: int,
) -> None:
    with workspace.project.transaction(
        "run.done", subject=f"run:{run_id}", payload={"evaluation_seed": evaluation_seed}
    ) as tx:
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


def _save_failed(
    workspace: Workspace, run_id: int, job: Job, fault: BaseException, events: RunEvents
) -> None:
    """What the run row says is what the job reports: the sentence, the remedy and the details."""
    status, error = RunStatus.CANCELLED, None
    if not isinstance(fault, Cancelled):
        status = RunStatus.ERROR
        error = explain(job, fault).model_dump(include={"message", "remedy", "traceback"})
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
