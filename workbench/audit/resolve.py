"""From a plan's choice of a forget set to the rows it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.guards import Rows, check_forget_rows, columns_of, matched_non_members
from workbench.audit.plan import ForgetSetChoice
from workbench.core.dataset import Dataset
from workbench.core.errors import PluginError, UsageError
from workbench.core.selection import RULE, select
from workbench.core.vocabulary import PluginKind, Split
from workbench.core.where import parse_where
from workbench.metrics.scores import confidence
from workbench.plugin_api import Need, SelectorData
from workbench.registry import Registry

Definition = dict[str, Any]
Columns = dict[str, NDArray[Any]]
Outputs = Mapping[str, NDArray[Any]]


def forget_set_rows(
    choice: ForgetSetChoice,
    dataset: Dataset,
    registry: Registry,
    original: Outputs | None = None,
) -> tuple[Rows, Definition]:
    """Ascending training rows and a definition (JSON data) that says how they were chosen.

    Rules and selectors see training rows only: "class", "row", the metadata of the dataset and,
    given the stored outputs of the original model ("logits" and "loss" over the whole dataset),
    its "loss" and "confidence". UsageError or DataError for a choice that cannot be resolved,
    PluginError for a selector that answers with nonsense.
    """
    if choice.use:
        raise UsageError(
            f"Forget set {choice.name!r} names {choice.use!r} in the project, which is not a "
            "choice of rows.",
            remedy="Load it from the project instead.",
        )
    train = dataset.rows_of(Split.TRAIN)
    if choice.rows is not None:
        rows = np.asarray(choice.rows, dtype=np.int64)
        definition: Definition = {"rows": [int(row) for row in np.sort(rows)]}
    elif choice.where:
        rule = parse_where(choice.where)
        rows = train[select(rule, training_columns(dataset, original))]
        definition = {"where": choice.where, "rule": RULE.dump_python(rule, mode="json")}
    else:
        rows, definition = _selected(choice, dataset, registry, original)
    check_forget_rows(dataset, rows)
    if choice.non_members:
        matched_non_members(
            dataset, rows, choice.non_members
        )  # UsageError for a rule nobody can read
        definition["non_members"] = choice.non_members
    return np.sort(rows), definition


def training_columns(dataset: Dataset, original: Outputs | None = None) -> Columns:
    """What a rule may ask about each training row, in ascending row order."""
    rows = dataset.rows_of(Split.TRAIN)
    columns = columns_of(dataset, rows)
    if original is not None:
        columns |= {
            "loss": original["loss"][rows],
            "confidence": confidence(original["logits"][rows], dataset.targets[rows]),
        }
    return columns


def _selected(
    choice: ForgetSetChoice,
    dataset: Dataset,
    registry: Registry,
    original: Outputs | None,
) -> tuple[Rows, Definition]:
    contributed = registry.get(PluginKind.SELECTOR, choice.selector)
    needs_outputs = Need.OUTPUTS in contributed.declared.needs
    if needs_outputs and original is None:
        raise UsageError(
            f"The selector {choice.selector!r} needs the outputs of the original model.",
            remedy="Compute them first, or choose rows by a rule.",
        )
    params = contributed.parse_params(choice.params)
    rows = dataset.rows_of(Split.TRAIN)
    columns = training_columns(dataset, original if needs_outputs else None)
    selector: Any = contributed.load()
    mask = np.asarray(selector.select(SelectorData(rows, columns), params))
    if mask.dtype != np.bool_ or mask.shape != rows.shape:
        raise PluginError(
            f"The selector {choice.selector!r} must give one yes or no per training row, "
            f"it gave {mask.dtype} values of shape {mask.shape}.",
            remedy="Repair the plugin.",
        )
    definition = {
        "selector": choice.selector,
        "params": params.model_dump(mode="json"),
        "plugin": contributed.plugin.hash,
    }
    return rows[mask], definition
