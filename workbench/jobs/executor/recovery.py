"""The recovery tests of one run, by their id in the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from torch import nn

from workbench.audit.lookup import CENSORED
from workbench.audit.measured import LEVEL, measured
from workbench.audit.recovery_tests import PRECISIONS, PRUNED_SHARES, learning_rate_group
from workbench.audit.standard import Measurement
from workbench.compute.batching import MicroBatcher
from workbench.compute.outputs import accuracy_on
from workbench.compute.recovery import (
    prototype_hits,
    pruned,
    quantised,
    recovered_accuracy,
    relearn_steps,
    relearn_transfer_accuracy,
)
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Split
from workbench.jobs.executor.disturbing import connectivity, inversion, noise
from workbench.jobs.executor.recovery_bench import RecoveryBench, Rows, unless_impossible
from workbench.metrics.probe import probe_auc
from workbench.metrics.statistics import wilson


def recovery_metrics(bench: RecoveryBench) -> list[MetricValue]:
    """The numbers of every chosen test, in the order of the plan."""
    found = []
    for id_ in bench.choice.tests:
        bench.cancel.check()
        found += _TESTS[id_](bench)
    return found


def _relearning(bench: RecoveryBench) -> list[MetricValue]:
    choice = bench.choice
    first = _relearning_at(bench, choice.relearn_learning_rate, group_key="")
    others = choice.relearn_learning_rates
    return [first, *(_relearning_at(bench, rate, learning_rate_group(rate)) for rate in others)]


def _relearning_at(bench: RecoveryBench, learning_rate: float, group_key: str) -> MetricValue:
    """Median over seeds; marked where most trials only say that it takes more than the cap."""
    reached: list[bool] = []

    def median_steps() -> Measurement:
        trials = [
            unless_impossible(
                partial(relearn_steps, **_relearn_settings(bench, learning_rate, seed)),
            )
            for seed in bench.choice.relearn_seeds
        ]
        reached.extend(trial.reached for trial in trials)
        return float(np.median([trial.steps for trial in trials])), None, len(trials)

    steps = measured("relearn_steps", Split.FORGET, median_steps, group_key=group_key)
    is_censored = bool(reached) and 2 * sum(reached) < len(reached)
    return replace(steps, ci_method=CENSORED) if is_censored else steps


def _relearning_transfer(bench: RecoveryBench) -> list[MetricValue]:
    """Mean over seeds, each with halves of its own."""

    def mean_accuracy() -> Measurement:
        rate = bench.choice.relearn_learning_rate
        trials = [
            unless_impossible(
                partial(relearn_transfer_accuracy, **_relearn_settings(bench, rate, seed))
            )
            for seed in bench.choice.relearn_seeds
        ]
        return float(np.mean([accuracy for accuracy, _ in trials])), None, trials[0][1]

    return [measured("relearn_transfer_accuracy", Split.FORGET, mean_accuracy)]


def _relearn_settings(bench: RecoveryBench, learning_rate: float, seed: int) -> dict[str, Any]:
    return {
        "model": bench.model,
        "data": bench.data,
        "forget_rows": bench.forget,
        "target_accuracy": bench.relearn_target,
        "learning_rate": learning_rate,
        "cap": bench.choice.relearn_cap,
        "batch_size": bench.recipe.batch_size,
        "seed": seed,
        "events": bench.events,
        "cancel": bench.cancel,
    }


def _tuning(bench: RecoveryBench) -> list[MetricValue]:
    """Mean over seeds."""

    def mean_accuracy() -> Measurement:
        trials = [
            unless_impossible(
                partial(
                    recovered_accuracy,
                    bench.model,
                    bench.data,
                    bench.forget,
                    bench.retain,
                    recipe=bench.recipe,
                    epochs=bench.choice.retain_epochs,
                    seed=seed,
                    events=bench.events,
                    cancel=bench.cancel,
                )
            )
            for seed in bench.choice.retain_seeds
        ]
        return float(np.mean(trials)), None, len(bench.forget)

    return [measured("recovered_accuracy", Split.FORGET, mean_accuracy)]


def _quantisation(bench: RecoveryBench) -> list[MetricValue]:
    copies = {group: partial(quantised, bits=bits) for group, bits in PRECISIONS.items()}
    return _changed_weights(bench, "quantised_accuracy", "rounding the weights to", copies)


def _pruning(bench: RecoveryBench) -> list[MetricValue]:
    copies = {group: partial(pruned, share=share) for group, share in PRUNED_SHARES.items()}
    return _changed_weights(bench, "pruned_accuracy", "removing of the weights", copies)


def _changed_weights(
    bench: RecoveryBench,
    metric: str,
    step: str,
    copies: Mapping[str, Callable[[nn.Module], nn.Module]],
) -> list[MetricValue]:
    """Accuracy of changed copies by group, on forget and on test rows."""
    rows = {Split.FORGET: bench.forget, Split.TEST: bench.data.dataset.rows_of(Split.TEST)}
    found = []
    for done, (group, changed) in enumerate(copies.items(), start=1):
        for split, of_split in rows.items():
            bench.cancel.check()
            compute = partial(_accuracy_of, bench, changed, of_split)
            found.append(measured(metric, split, compute, group_key=group))
        bench.events.progress(done / len(copies), f"{step} {group}")
    return found


def _accuracy_of(
    bench: RecoveryBench, changed: Callable[[nn.Module], nn.Module], rows: Rows
) -> Measurement:
    batcher = MicroBatcher(bench.data.device, bench.events.log)
    share = accuracy_on(changed(bench.model), bench.data, bench.data.row_ids(rows), batcher)
    return share, wilson(round(share * len(rows)), len(rows), LEVEL), len(rows)


def _prototypes(bench: RecoveryBench) -> list[MetricValue]:
    def accuracy() -> Measurement:
        hits, n = prototype_hits(
            bench.model,
            bench.outputs,
            bench.targets,
            bench.forget,
            rows_per_class=bench.choice.prototype_rows,
            seed=0,
        )
        return hits / n, wilson(hits, n, LEVEL), n

    return [measured("prototype_accuracy", Split.FORGET, accuracy)]


def _probe(bench: RecoveryBench) -> list[MetricValue]:
    """Forget rows against retain rows if whole classes are forgotten, else against non-members."""
    of_forgotten_class = np.isin(bench.targets[bench.retain], bench.targets[bench.forget])
    is_whole_class = not of_forgotten_class.any()
    others = bench.retain if is_whole_class else bench.non_members
    embedding = bench.outputs["embedding"]
    return [
        measured(
            "probe_auc",
            Split.FORGET,
            lambda: probe_auc(embedding[bench.forget], embedding[others], level=LEVEL),
            reference=str(Split.RETAIN if is_whole_class else Split.NON_MEMBER),
        )
    ]


_TESTS: Mapping[str, Callable[[RecoveryBench], list[MetricValue]]] = {
    "relearn": _relearning,
    "relearn-transfer": _relearning_transfer,
    "retain-tuning": _tuning,
    "quantisation": _quantisation,
    "pruning": _pruning,
    "prototype": _prototypes,
    "probe": _probe,
    "connectivity": connectivity,
    "noise": noise,
    "inversion": inversion,
}
