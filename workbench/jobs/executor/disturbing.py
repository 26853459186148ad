"""The tests that train nothing: the path to the original, noise on inputs, and class inversion."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from workbench.audit.measured import LEVEL, measured
from workbench.audit.recovery_tests import MOST_INVERTED, NOISE_DRAWS, NOISE_LEVELS
from workbench.audit.standard import Measurement
from workbench.compute.input_range import InputRange, input_range
from workbench.compute.recovery import class_inversions, noisy_accuracy, path_losses
from workbench.compute.recovery.connectivity import POSITIONS, Losses
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Split
from workbench.jobs.executor.recovery_bench import RecoveryBench, Rows, unless_impossible
from workbench.metrics import Undefined
from workbench.metrics.connectivity import loss_barrier
from workbench.metrics.inversion import nearness_gains
from workbench.metrics.statistics import t_interval, wilson

_MOST_COMPARED = 1000  # rows of each class and side that an inversion is held against


def connectivity(bench: RecoveryBench) -> list[MetricValue]:
    """The path is walked once for both kinds of rows."""
    rows = {Split.RETAIN: bench.retain, Split.FORGET: bench.forget}
    walked: list[Losses] = []

    def barrier(split: Split) -> Measurement:
        if not walked:
            walk = partial(path_losses, bench.original_model, bench.model, bench.data, rows)
            walked.append(
                unless_impossible(
                    partial(walk, seed=bench.seed, events=bench.events, cancel=bench.cancel)
                )
            )
        return loss_barrier(walked[0][split], POSITIONS).height, None, len(rows[split])

    return [
        measured("loss_barrier", split, partial(barrier, split), reference="original")
        for split in rows
    ]


def noise(bench: RecoveryBench) -> list[MetricValue]:
    rows = {Split.FORGET: bench.forget, Split.TEST: bench.data.dataset.rows_of(Split.TEST)}
    within = input_range(bench.data)
    found = []
    for done, (group, level) in enumerate(NOISE_LEVELS.items(), start=1):
        for split, of_split in rows.items():
            compute = partial(_noisy, bench, of_split, level, within)
            found.append(measured("noisy_accuracy", split, compute, group_key=group))
        bench.events.progress(done / len(NOISE_LEVELS), f"noise on the inputs, {group}")
    return found


def _noisy(bench: RecoveryBench, rows: Rows, level: float, within: InputRange) -> Measurement:
    share = unless_impossible(
        partial(
            noisy_accuracy,
            bench.model,
            bench.data,
            rows,
            level=level,
            within=within,
            draws=NOISE_DRAWS,
            seed=bench.seed,
            events=bench.events,
            cancel=bench.cancel,
        )
    )
    return share, wilson(round(share * len(rows)), len(rows), LEVEL), len(rows)


def inversion(bench: RecoveryBench) -> list[MetricValue]:
    """Mean over classes and starts, with the interval over starts. What was made up is let go."""

    def gain() -> Measurement:
        within = input_range(bench.data)
        by_class = [_gains(bench, label, within) for label in _inverted_classes(bench)]
        if not by_class:
            raise Undefined(
                "No class of the forget set has non-member rows to hold an inversion against."
            )
        of_starts = np.mean(by_class, axis=0)
        n = len(by_class) * len(of_starts)
        return float(of_starts.mean()), t_interval(of_starts, LEVEL), n

    return [measured("inversion_gain", Split.FORGET, gain, reference=str(Split.NON_MEMBER))]


def _inverted_classes(bench: RecoveryBench) -> list[int]:
    """Those of most forget rows, of equal ones the first, if there are rows to compare with."""
    labels, counts = np.unique(bench.targets[bench.forget], return_counts=True)
    largest_first = labels[np.argsort(-counts, kind="stable")]
    comparable = np.isin(largest_first, bench.targets[bench.non_members])
    return [int(label) for label in largest_first[comparable][:MOST_INVERTED]]


def _gains(bench: RecoveryBench, label: int, within: InputRange) -> NDArray[np.float64]:
    choice = bench.choice
    made = class_inversions(
        bench.model,
        bench.data,
        label,
        within=within,
        restarts=choice.inversion_restarts,
        steps=choice.inversion_steps,
        seed=bench.seed,
        events=bench.events,
        cancel=bench.cancel,
    )
    forget, others = (_inputs_of(bench, rows, label) for rows in (bench.forget, bench.non_members))
    return nearness_gains(made.numpy(), forget.numpy(), others.numpy())


def _inputs_of(bench: RecoveryBench, rows: Rows, label: int) -> Tensor:
    """Preprocessed inputs of a class, of at most 1000 rows, on the CPU."""
    of_class = rows[bench.targets[rows] == label]
    if len(of_class) > _MOST_COMPARED:
        draw = np.random.Generator(np.random.PCG64(bench.seed))
        of_class = np.sort(draw.choice(of_class, _MOST_COMPARED, replace=False))
    return bench.data.inputs(bench.data.row_ids(of_class)).cpu()
