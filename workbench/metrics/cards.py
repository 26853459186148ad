"""The form in which a metric is explained."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.core.vocabulary import Direction, Unit


@dataclass(frozen=True, slots=True)
class MetricCard:
    """One metric: what it is, which way is good, and how it misleads. `name` is its id."""

    name: str
    title: str
    definition: str
    direction: Direction
    unit: Unit
    target: str
    caveat: str
    source: str
    version: int = 1
