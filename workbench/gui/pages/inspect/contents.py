"""What the models of a plan answer to single rows, and which rows are worth a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.artifact_names import EXPLAINED_ROWS
from workbench.audit.explainers import failed_trials
from workbench.audit.guards import Rows
from workbench.audit.stored_plan import StoredPlan, StoredRun
from workbench.core.dataset import Dataset
from workbench.core.vocabulary import Split
from workbench.gui.pages.compared_runs import ComparedRuns
from workbench.gui.pages.inspect.maps import MapShelf
from workbench.metrics.scores import confidence, log_probabilities, predictions
from workbench.store import Project

if TYPE_CHECKING:
    from workbench.gui.session.choice import PlanOption, RunOption

Values = NDArray[np.float64]

LARGEST_CHANGES = 200
"""Rows in the list of the largest changes."""


class Scope(StrEnum):
    """Which rows are offered. The value is what the user reads."""

    EXPLAINED_FORGET = "Explained forget rows"
    EXPLAINED_RETAIN = "Explained retain rows"
    FORGET = "All forget rows"
    SELECTED = "Selected rows"
    DISAGREE = "A and B disagree"
    CHANGED = "Largest change in confidence"


@dataclass(frozen=True, eq=False)
class Outputs:
    """One model over the whole dataset: logits (n, C), loss (n,), scores (n,) by attack."""

    logits: NDArray[Any]
    loss: NDArray[Any]
    scores: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Compared:
    """The models that are compared, over the plan's dataset. `explained`: rows with stored maps."""

    runs: ComparedRuns
    dataset: Dataset
    dataset_id: int
    forget_rows: Rows
    explained: Rows
    attacks: tuple[str, ...]
    explainers: tuple[str, ...]
    trial_faults: Mapping[str, str]
    """Why maps are no evidence, by explainer, for those that failed their trial."""
    outputs: Mapping[int, Outputs]
    """By run id."""
    maps: MapShelf

    def of(self, run: RunOption | None) -> Outputs | None:
        return self.outputs[run.id] if run is not None else None


def read_compared(
    project: Project, plan: PlanOption, forget_set_id: int, runs: ComparedRuns
) -> Compared:
    """Everything but the maps, so that going from row to row reads nothing more."""
    stored = StoredPlan(project, plan.id)
    forget_set = next(one for one in stored.forget_sets if one.id == forget_set_id)
    finished = {run.id: run for run in stored.finished_runs(forget_set)}
    wanted = {run.id: finished[run.id] for run in runs.all if run.id in finished}
    return Compared(
        runs=runs,
        dataset=stored.dataset,
        dataset_id=plan.dataset_id,
        forget_rows=forget_set.rows,
        explained=_explained(project, wanted),
        attacks=stored.plan.attacks,
        explainers=stored.plan.attributions,
        trial_faults=failed_trials(stored, forget_set),
        outputs={
            run.id: Outputs(
                stored.output(run.model_id, "logits"),
                stored.output(run.model_id, "loss"),
                stored.scores(run),
            )
            for run in wanted.values()
        },
        maps=MapShelf(stored, tuple(wanted.values())),
    )


def _explained(project: Project, runs: Mapping[int, StoredRun]) -> Rows:
    """The same rows are explained in every run on a forget set."""
    digests = (run.artifacts.get(EXPLAINED_ROWS) for run in runs.values())
    digest = next(filter(None, digests), None)
    if digest is None:
        return np.empty(0, dtype=np.int64)
    return project.array(digest).astype(np.int64)


@dataclass(frozen=True, eq=False)
class RowList:
    """Row ids (k,) in the order to go through them; `empty_because` is "" if there are any."""

    rows: Rows
    empty_because: str = ""


def rows_in(scope: Scope, compared: Compared, selected: Rows) -> RowList:
    """The rows of a scope. `selected`: ids of the rows that are selected elsewhere."""
    in_forget = np.isin(compared.explained, compared.forget_rows)
    match scope:
        case Scope.EXPLAINED_FORGET:
            return _listed(compared.explained[in_forget], "The runs explained no forget rows")
        case Scope.EXPLAINED_RETAIN:
            return _listed(compared.explained[~in_forget], "The runs explained no retain rows")
        case Scope.FORGET:
            return _listed(np.sort(compared.forget_rows), "The forget set is empty")
        case Scope.SELECTED:
            return _listed(selected, "No rows are selected on the Forget set page")
        case Scope.DISAGREE | Scope.CHANGED:
            a, b = compared.of(compared.runs.a), compared.of(compared.runs.b)
            if a is None or b is None:
                return _listed(_NO_ROWS, "Choose models A and B first")
            if scope is Scope.DISAGREE:
                apart = predictions(a.logits) != predictions(b.logits)
                return _listed(np.flatnonzero(apart), "A and B predict the same for every row")
            return RowList(_largest_changes(a, b, compared.dataset.targets))


_NO_ROWS = np.empty(0, dtype=np.int64)


def _listed(rows: Rows, empty_because: str) -> RowList:
    return RowList(rows, "" if len(rows) else empty_because)


def _largest_changes(a: Outputs, b: Outputs, targets: NDArray[np.int64]) -> Rows:
    """Rows whose own class gained or lost most probability from A to B, largest first."""
    change = np.abs(confidence(b.logits, targets) - confidence(a.logits, targets))
    return np.argsort(-change, kind="stable")[:LARGEST_CHANGES]


@dataclass(frozen=True, eq=False)
class Answer:
    """One model on one row: probabilities (C,), and confidence, loss and attack scores by name."""

    run: RunOption
    probabilities: Values
    numbers: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class RowView:
    """One row under every model. `original` is None where A or B is the original.

    `order`: class ids (C,), most probable under any model first.
    """

    row: int
    inputs: NDArray[Any]
    white: float
    target: int
    class_names: tuple[str, ...]
    split: Split
    metadata: Mapping[str, str]
    order: NDArray[np.int64]
    original: Answer | None
    a: Answer | None
    b: Answer | None
    references: tuple[Answer, ...]

    @property
    def label(self) -> str:
        return self.class_names[self.target]

    def leading(self, count: int) -> list[int]:
        """The most probable classes; the label is among them, last if it is improbable."""
        shown: list[int] = self.order[:count].tolist()
        if self.target not in shown:
            shown[-1] = self.target
        return shown

    @property
    def named(self) -> tuple[tuple[str, Answer], ...]:
        """Original, A and B, those that there are, with these names."""
        pairs = (("Original", self.original), ("A", self.a), ("B", self.b))
        return tuple((name, answer) for name, answer in pairs if answer is not None)


def view_row(compared: Compared, row: int) -> RowView:
    """`row` is an id of the dataset."""
    runs, dataset = compared.runs, compared.dataset
    answers = {run: _answer(compared, run, row) for run in runs.all}
    target = int(dataset.targets[row])
    apart = runs.original not in (runs.a, runs.b)
    return RowView(
        row=row,
        inputs=dataset.inputs[row],
        white=dataset.preprocessing.divide_by,
        target=target,
        class_names=dataset.class_names,
        split=_split(compared, row),
        metadata={name: _plain(values[row]) for name, values in dataset.columns.items()},
        order=_by_probability([one.probabilities for one in answers.values()]),
        original=answers[runs.original] if runs.original and apart else None,
        a=answers[runs.a] if runs.a else None,
        b=answers[runs.b] if runs.b else None,
        references=tuple(answers[run] for run in runs.references),
    )


def _answer(compared: Compared, run: RunOption, row: int) -> Answer:
    outputs = compared.outputs[run.id]
    probabilities = np.exp(log_probabilities(outputs.logits[row : row + 1])[0])
    target = compared.dataset.targets[row : row + 1]
    numbers = {
        "Confidence": float(confidence(outputs.logits[row : row + 1], target)[0]),
        "Loss": float(outputs.loss[row]),
    }
    numbers |= {
        f"Attack {attack}": float(outputs.scores[attack][row])
        for attack in compared.attacks
        if attack in outputs.scores
    }
    return Answer(run, probabilities, numbers)


def _split(compared: Compared, row: int) -> Split:
    if row in compared.forget_rows:
        return Split.FORGET
    split = Split(str(compared.dataset.split[row]))
    return Split.RETAIN if split is Split.TRAIN else split


def _plain(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)


def _by_probability(probabilities: list[Values]) -> NDArray[np.int64]:
    return np.argsort(-np.max(probabilities, axis=0), kind="stable")
