"""`workbench metrics list | show ID`."""

from __future__ import annotations

import argparse
import dataclasses

from workbench.cli.output import Output, table
from workbench.core.errors import UsageError
from workbench.core.validation import did_you_mean
from workbench.metrics.catalogue import CATALOGUE


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=["list", "show"])
    command.add_argument("id", nargs="?")


def execute(options: argparse.Namespace, output: Output) -> int:
    if options.action == "list":
        cards = list(CATALOGUE.values())
        output.result(
            {"metrics": [dataclasses.asdict(card) for card in cards]},
            table([[c.name, c.title, f"v{c.version}"] for c in cards], ["ID", "TITLE", "VERSION"]),
        )
        return 0
    if not options.id:
        raise UsageError("'metrics show' needs an id.", remedy="See 'workbench metrics list'.")
    if options.id not in CATALOGUE:
        raise UsageError(
            f"There is no metric {options.id!r}{did_you_mean(options.id, CATALOGUE)}",
            remedy="See 'workbench metrics list'.",
        )
    card = CATALOGUE[options.id]
    output.result(
        dataclasses.asdict(card),
        [
            f"{card.title} ({card.name}, version {card.version})",
            card.definition,
            f"unit: {card.unit}; good: {card.direction}; target: {card.target}",
            f"caveat: {card.caveat}",
            f"source: {card.source}",
        ],
    )
    return 0
