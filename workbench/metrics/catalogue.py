"""Every metric of the audit by its id, family by family, in the order in which one reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workbench.metrics.cards import (
    composite,
    cost,
    distance,
    explainer,
    membership,
    recovery,
    removal,
    utility,
)
from workbench.metrics.cards.card import MetricCard


@dataclass(frozen=True, slots=True)
class Family:
    """Metrics that answer one question, which the heading above them names."""

    title: str
    cards: tuple[MetricCard, ...]


FAMILIES = (
    Family("Utility", utility.CARDS),
    Family("Membership attacks", membership.CARDS),
    Family("Recovery", recovery.CARDS),
    Family("Planted rows", removal.CARDS),
    Family("Distance to other models", distance.CARDS),
    Family("Explainers on trial", explainer.CARDS),
    Family("Composite scores", composite.CARDS),
    Family("Cost", cost.CARDS),
)
CATALOGUE: Mapping[str, MetricCard] = MappingProxyType(
    {card.name: card for family in FAMILIES for card in family.cards}
)
