"""What the Forget set page reads: choices, saved sets, and what is to be said of a selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.duplicates import find_duplicates, twins_in_words
from workbench.audit.guards import (
    check_forget_rows,
    matched_non_members,
    non_member_shortage,
)
from workbench.core.dataset import Dataset
from workbench.core.errors import UsageError
from workbench.core.rule_words import in_words
from workbench.core.selection import RULE, AllOf, AnyOf, Compare, Inside, Not, OneOf, Rule
from workbench.gui.session.rows import MAP_X, MAP_Y, RowTable
from workbench.store import Project, load_outputs

Rows = NDArray[np.int64]
Definition = dict[str, Any]

_OF_THE_MODEL = frozenset({"loss", "confidence", MAP_X, MAP_Y})


@dataclass(frozen=True)
class ModelOption:
    id: int
    name: str
    is_measured: bool


@dataclass(frozen=True)
class DatasetOption:
    """A dataset to select from, and the models, newest first, that may describe its rows."""

    id: int
    name: str
    models: tuple[ModelOption, ...]

    @property
    def first_model(self) -> int | None:
        """The id of the newest model with outputs, else of the newest one."""
        measured = [model for model in self.models if model.is_measured]
        return next((model.id for model in [*measured, *self.models]), None)

    def model(self, model_id: int | None) -> ModelOption | None:
        return next((one for one in self.models if one.id == model_id), None)


@dataclass(frozen=True)
class Options:
    """Newest dataset first; `dataset` and `model` are the ids to begin with."""

    datasets: tuple[DatasetOption, ...] = ()
    dataset: int | None = None
    model: int | None = None

    def find(self, dataset_id: int | None) -> DatasetOption | None:
        return next((one for one in self.datasets if one.id == dataset_id), None)


@dataclass(frozen=True)
class SavedForgetSet:
    id: int
    name: str
    version: int
    n_rows: int
    words: str
    plans: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """What is selected of a table, as counts of each class (n_classes,) and in words.

    mask: (n,) over the rows of the table; of_dataset: the same over all rows of the dataset.
    """

    mask: NDArray[np.bool_]
    of_dataset: NDArray[np.bool_]
    selected: NDArray[np.int64]
    available: NDArray[np.int64]
    words: str

    @property
    def count(self) -> int:
        return int(self.selected.sum())

    @property
    def share(self) -> float:
        return self.count / max(1, int(self.available.sum()))


def read_options(project: Project) -> Options:
    """To begin with: what the newest plan audits, else the newest dataset and measured model."""
    datasets = tuple(
        DatasetOption(row["id"], row["name"], _models_of(project, row["id"]))
        for row in project.rows("SELECT id, name FROM dataset ORDER BY id DESC")
    )
    if not datasets:
        return Options()
    plan = project.row(
        "SELECT dataset_id, original_model_id FROM plan "
        "WHERE locked IS NOT NULL AND forget_sets IS NOT NULL ORDER BY id DESC LIMIT 1"
    )
    if plan:
        return Options(datasets, plan["dataset_id"], plan["original_model_id"])
    return Options(datasets, datasets[0].id, datasets[0].first_model)


def read_saved(project: Project, dataset_id: int) -> tuple[SavedForgetSet, ...]:
    """The saved forget sets of a dataset, newest first."""
    from workbench.report.wording import describe_forget_set

    plans = project.rows("SELECT name, forget_sets FROM plan WHERE forget_sets IS NOT NULL")
    found = project.rows(
        "SELECT * FROM forget_set WHERE dataset_id = ? ORDER BY id DESC", dataset_id
    )
    return tuple(
        SavedForgetSet(
            id=row["id"],
            name=row["name"],
            version=row["version"],
            n_rows=row["n_rows"],
            words=describe_forget_set(row["definition"]),
            plans=tuple(
                plan["name"] for plan in plans if row["id"] in plan["forget_sets"].values()
            ),
        )
        for row in found
    )


def rule_of_saved(project: Project, forget_set_id: int, table: RowTable) -> Rule:
    """The rule that a saved set was made by if it still means the same rows, else the rows."""
    row = project.row(
        "SELECT definition, rows_artifact FROM forget_set WHERE id = ?", forget_set_id
    )
    if row is None:
        raise UsageError("This forget set is no longer in the project.")
    rows = project.array(row["rows_artifact"])
    if stored := row["definition"].get("rule"):
        rule = RULE.validate_python(stored)
        known = columns_in(rule) <= table.columns.keys()
        if known and np.array_equal(table.rows_where(rule), rows):
            return rule
    return rows_rule(rows)


def summarise(table: RowTable, rule: Rule | None, rows: Rows) -> Summary:
    targets, n_classes = table.columns["class"], table.dataset.n_classes
    mask = np.zeros(len(table.rows), dtype=bool)
    mask[np.searchsorted(table.rows, rows)] = True
    of_dataset = np.zeros(len(table.dataset), dtype=bool)
    of_dataset[rows] = True
    return Summary(
        mask=mask,
        of_dataset=of_dataset,
        selected=np.bincount(targets[mask], minlength=n_classes),
        available=np.bincount(targets, minlength=n_classes),
        words=in_words(rule, table.dataset.class_names) if rule else "",
    )


def twin_warnings(dataset: Dataset, rows: Rows) -> tuple[str, ...]:
    """A sentence for each split that holds exact or near copies of these rows, by content.

    DataError if they are no forget set.
    """
    check_forget_rows(dataset, rows)
    return tuple(twins_in_words(find_duplicates(dataset, rows)))


def non_members_in_words(dataset: Dataset, rows: Rows, where: str) -> str:
    """How many non-members attacks would compare with. UsageError for an unreadable rule."""
    non_members = matched_non_members(dataset, rows, where)
    shortage = non_member_shortage(non_members)
    return shortage or f"Attacks would compare with {len(non_members):,} non-members."


def definition_of(rule: Rule, table: RowTable, model_name: str, non_members: str) -> Definition:
    """How a selection is described in the project: its rule, and what its columns mean."""
    definition: Definition = {
        "rule": RULE.dump_python(rule, mode="json"),
        "in_words": in_words(rule, table.dataset.class_names),
    }
    used = columns_in(rule)
    if used & _OF_THE_MODEL and model_name:
        definition["model"] = model_name
    if used & {MAP_X, MAP_Y}:
        definition["map"] = {"of": table.map_of, "x": MAP_X, "y": MAP_Y}
    return with_non_members(definition, non_members)


def with_non_members(definition: Mapping[str, Any], where: str) -> Definition:
    return {**definition, "non_members": where} if where else dict(definition)


def depends_on_model(rule: Rule | None) -> bool:
    """Whether the rule means other rows under another model."""
    return rule is not None and bool(columns_in(rule) & _OF_THE_MODEL)


def rows_rule(rows: Rows | Sequence[int]) -> Rule:
    """Exactly these rows."""
    return OneOf(column="row", values=tuple(np.asarray(rows, dtype=np.int64).tolist()))


def columns_in(rule: Rule) -> frozenset[str]:
    """The columns a rule asks about."""
    match rule:
        case Compare(column=column) | OneOf(column=column):
            return frozenset({column})
        case Inside(x=x, y=y):
            return frozenset({x, y})
        case Not(rule=inner):
            return columns_in(inner)
        case AllOf(rules=rules) | AnyOf(rules=rules):
            return frozenset().union(*map(columns_in, rules))


def _models_of(project: Project, dataset_id: int) -> tuple[ModelOption, ...]:
    found = project.rows(
        "SELECT id, name, source FROM model WHERE dataset_id = ? ORDER BY id DESC", dataset_id
    )
    return tuple(
        ModelOption(
            row["id"],
            row["name"],
            load_outputs(project, row["id"], dataset_id, names=()) is not None,
        )
        for row in found
        if "run" not in row["source"]
    )
