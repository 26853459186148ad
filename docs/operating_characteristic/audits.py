"""Whole audits of toy problems: everything is trained for real, and the product's own judge rules.

Metrics, criteria, controls and verdicts are those of the workbench; only the training is stacked,
because it has to be repeated some ten thousand times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import methods
import numpy as np
import torch
from numpy.typing import NDArray
from stacked import Problems, Rows, Stack, accuracy, generators, relearn_steps, train

from workbench.audit.findings import Evidence, RunEvidence
from workbench.audit.lookup import CENSORED
from workbench.audit.measured import measured
from workbench.audit.plan import MethodChoice, Plan, RecoveryChoice
from workbench.audit.standard import StoredOutputs, attack_metrics, standard_metrics
from workbench.core.dataset import Dataset
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import PluginKind, RunRole, RunStatus, Split
from workbench.metrics.scores import cross_entropy
from workbench.registry import Registry

BAND, CONTROLS = 10, 4
LEFT_IN = {"retrained, 10 % of the rows left in": 0.1, "retrained, 30 % of the rows left in": 0.3}
EXACT = {"exact retrain, one seed": 1, "exact retrain, three seeds": 3}
STRAW_MEN: dict[str, methods.Method] = {
    "do-nothing": methods.do_nothing,
    "random-weights": methods.random_weights,
    "diverged-ascent": methods.diverged_ascent,
    "label-flip": methods.label_flip,
}
PARTIAL: dict[str, methods.Method] = {
    "mild gradient ascent": methods.mild_ascent,
    "fine-tuned on the retain rows": methods.fine_tune,
    "random labels and retain rows": methods.random_labels,
}


@dataclass(frozen=True)
class Group:
    """A stack of models of one kind: one model for each problem and seed."""

    label: str
    role: RunRole
    seeds: list[int]
    stack: Stack


@dataclass(frozen=True)
class Toys:
    """Several problems of equal size, and what is to be forgotten of each."""

    plan: Plan
    seeds: list[int]
    datasets: list[Dataset]
    problems: Problems
    forget: list[Rows]

    @classmethod
    def draw(cls, plan: Plan, seeds: Sequence[int], forget_rows: int) -> Toys:
        source = Registry.discover().get(PluginKind.DATASET, plan.data.source)
        load = source.load().load
        datasets = [
            load(None, source.parse_params({**plan.data.params, "seed": seed})) for seed in seeds
        ]
        forget = [
            np.sort(draw.choice(data.rows_of(Split.TRAIN), forget_rows, replace=False))
            for draw, data in zip(generators([*seeds]), datasets, strict=True)
        ]
        problems = Problems(
            torch.from_numpy(np.stack([data.inputs for data in datasets])),
            torch.from_numpy(np.stack([data.targets for data in datasets])),
        )
        return cls(plan, [*seeds], datasets, problems, forget)

    def retain(self, kept: float = 0.0) -> list[Rows]:
        """Training rows of each problem without its forget rows, but for the share `kept`."""
        out = []
        for data, rows in zip(self.datasets, self.forget, strict=True):
            left = rows[: round(kept * len(rows))]
            gone = np.setdiff1d(rows, left)
            out.append(np.setdiff1d(data.rows_of(Split.TRAIN), gone))
        return out

    def trained(self, label: str, role: RunRole, rows: list[Rows], seeds: list[int]) -> Group:
        """Models trained from scratch as the recipe says, `seeds` of each problem."""
        recipe = self.plan.recipe
        problem = torch.arange(len(self.datasets)).repeat_interleave(len(seeds))
        own = [1000 * audit + seed for audit in self.seeds for seed in seeds]
        (hidden,) = self.plan.model.params["hidden"]
        sizes = (self.problems.inputs.shape[2], hidden, len(self.datasets[0].class_names))
        stack = Stack(problem, own, sizes)
        train(
            stack,
            self.problems,
            [rows[int(which)] for which in problem],
            generators(own),
            learning_rate=recipe.learning_rate,
            epochs=recipe.epochs,
        )
        return Group(label, role, seeds, stack)


def audits(plan: Plan, seeds: Sequence[int], forget_rows: int) -> Iterator[Evidence]:
    """One audit for each seed, with the largest band and every method; its plan is `whole_plan`."""
    toys = Toys.draw(plan, seeds, forget_rows)
    groups = list(_groups(toys))
    original = groups[0].stack
    known = accuracy(original, toys.problems, toys.forget)
    runs: list[list[RunEvidence]] = [[] for _ in seeds]
    for group in groups:
        for model, metrics in enumerate(_measured(toys, group, known)):
            which, nth = divmod(model, len(group.seeds))
            run = RunEvidence(
                group.label,
                group.role,
                group.seeds[nth],
                RunStatus.DONE,
                tuple(metrics),
                weights=f"{group.label} {group.seeds[nth]}",
            )
            runs[which].append(run)
            if group.role is RunRole.STRAW_MAN:
                runs[which].append(replace(run, role=RunRole.CANDIDATE))
    for of_problem in runs:
        yield Evidence(plan.forget_sets[0].name, tuple(of_problem))


def whole_plan(plan: Plan) -> Plan:
    """The plan with every method of the study as a candidate."""
    labels = {label: tuple(range(301, 301 + n)) for label, n in EXACT.items()}
    labels |= dict.fromkeys((*LEFT_IN, *PARTIAL, *STRAW_MEN), (0,))
    chosen = tuple(
        MethodChoice.model_construct(id=label, label=label, params={}, seeds=seeds)
        for label, seeds in labels.items()
    )
    return plan.model_copy(update={"methods": chosen})


def without_original(evidence: Evidence) -> Evidence:
    """The same audit by somebody who has the unlearned model and the data alone."""
    gone = (RunRole.ORIGINAL, RunRole.REFERENCE, RunRole.CONTROL)
    return Evidence(evidence.forget_set, tuple(r for r in evidence.runs if r.role not in gone))


def with_band(evidence: Evidence, size: int) -> Evidence:
    """The same audit with a smaller band."""
    band = {run.seed for run in evidence.band[:size]}
    kept = [run for run in evidence.runs if run.role is not RunRole.REFERENCE or run.seed in band]
    return Evidence(evidence.forget_set, tuple(kept))


def _groups(toys: Toys) -> Iterator[Group]:
    original = toys.trained("original", RunRole.ORIGINAL, toys.retain(1.0), [0])
    yield original
    retrained = partial(toys.trained, rows=toys.retain())
    yield retrained("retrain", RunRole.REFERENCE, seeds=list(range(101, 101 + BAND)))
    yield retrained("retrain", RunRole.CONTROL, seeds=list(range(201, 201 + CONTROLS)))
    for number, (label, n) in enumerate(EXACT.items()):
        first = 301 + 10 * number
        group = retrained(label, RunRole.CANDIDATE, seeds=list(range(first, first + n)))
        yield replace(group, seeds=list(range(301, 301 + n)))
    for label, share in LEFT_IN.items():
        yield toys.trained(label, RunRole.CANDIDATE, toys.retain(share), [0])
    task = methods.Task(
        original.stack,
        toys.problems,
        toys.forget,
        toys.retain(),
        [1000 * audit for audit in toys.seeds],
        len(toys.datasets[0].class_names),
    )
    for label, method in PARTIAL.items():
        yield Group(label, RunRole.CANDIDATE, [0], method(task))
    for label, method in STRAW_MEN.items():
        yield Group(label, RunRole.STRAW_MAN, [0], method(task))


def _measured(toys: Toys, group: Group, known: NDArray[np.float64]) -> Iterator[list[MetricValue]]:
    """The metrics of each model, as a run of the workbench takes them."""
    stack, chosen = group.stack, toys.plan.recovery
    assert chosen is not None
    steps = _relearned(toys, stack, known, chosen)
    recovered = _recovered(toys, stack, chosen)
    for model in range(len(stack)):
        which = int(stack.problem[model])
        data, forget = toys.datasets[which], toys.forget[which]
        outputs = _outputs(stack.copy([model]), toys.problems)
        metrics = standard_metrics(outputs, data, forget)
        scores = {toys.plan.controls.attack: -outputs.loss}
        metrics += attack_metrics(scores, data, forget)
        metrics += [_steps(steps[:, model], chosen), _recovery(recovered[:, model], len(forget))]
        yield metrics


@torch.no_grad()
def _outputs(one: Stack, problems: Problems) -> StoredOutputs:
    which = int(one.problem[0])
    inputs, targets = problems.inputs[which][None], problems.targets[which].numpy()
    logits = one(inputs)[0].numpy()
    return StoredOutputs(logits, cross_entropy(logits, targets), one.embed(inputs)[0].numpy())


def _relearned(
    toys: Toys, stack: Stack, known: NDArray[np.float64], chosen: RecoveryChoice
) -> NDArray[np.int64]:
    """Steps to relearn, (trials, models)."""
    problem = stack.problem.numpy()
    rows = [toys.forget[which] for which in problem]
    return np.stack(
        [
            relearn_steps(
                stack,
                toys.problems,
                rows,
                chosen.relearn_share * known[problem],
                [seed] * len(stack),
                learning_rate=chosen.relearn_learning_rate,
                cap=chosen.relearn_cap,
            )
            for seed in chosen.relearn_seeds
        ]
    )


def _recovered(toys: Toys, stack: Stack, chosen: RecoveryChoice) -> NDArray[np.float64]:
    """Forget accuracy after tuning on the retain rows, (trials, models)."""
    problem, retain = stack.problem.numpy(), toys.retain()
    found = []
    for seed in chosen.retain_seeds:
        tuned = stack.copy()
        train(
            tuned,
            toys.problems,
            [retain[which] for which in problem],
            generators([seed] * len(stack)),
            learning_rate=toys.plan.recipe.learning_rate,
            epochs=chosen.retain_epochs,
        )
        found.append(accuracy(tuned, toys.problems, [toys.forget[which] for which in problem]))
    return np.stack(found)


def _steps(steps: NDArray[np.int64], chosen: RecoveryChoice) -> MetricValue:
    median = float(np.median(steps))
    value = measured("relearn_steps", Split.FORGET, lambda: (median, None, len(steps)))
    reached = int((steps < chosen.relearn_cap).sum())
    return replace(value, ci_method=CENSORED) if 2 * reached < len(steps) else value


def _recovery(recovered: NDArray[np.float64], n: int) -> MetricValue:
    mean = float(recovered.mean())
    return measured("recovered_accuracy", Split.FORGET, lambda: (mean, None, n))
