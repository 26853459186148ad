"""What a method takes."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards.card import MetricCard

CARDS = (
    MetricCard(
        name="unlearning_seconds",
        title="Time to unlearn",
        definition="The wall-clock time of the method itself, without loading data or evaluation.",
        direction=Direction.LOWER,
        unit=Unit.SECONDS,
        target="less than retraining takes",
        caveat="Only comparable on the same machine when nothing else is running on it.",
        source="Jia et al. 2023 (arXiv:2304.04934)",
    ),
    MetricCard(
        name="peak_memory",
        title="Peak memory",
        definition="The most memory the method held at once while it ran.",
        direction=Direction.LOWER,
        unit=Unit.BYTES,
        target="less than the device has",
        caveat="Depends on the batch size and on how the device reserves memory.",
        source="reported by the platform or the device's allocator",
    ),
)
