"""Every metric of the audit by its id, in the order in which a report explains them."""

from __future__ import annotations

from collections.abc import Mapping
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

_FAMILIES = (utility, membership, recovery, removal, distance, explainer, composite, cost)

CATALOGUE: Mapping[str, MetricCard] = MappingProxyType(
    {card.name: card for family in _FAMILIES for card in family.CARDS}
)
