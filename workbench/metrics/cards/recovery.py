"""What a copy of the model can be brought to know again."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards.card import MetricCard

CARDS = (
    MetricCard(
        name="relearn_steps",
        title="Steps to relearn",
        definition=(
            "How many training steps on the forget rows a copy of the model needs until it knows "
            "them nearly as well as the original did. Few steps mean that knowledge was left."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.STEPS,
        target="the number of steps retrained models need",
        caveat=(
            "It depends on the learning rate of the test. A model that reaches the step limit is "
            "only known to need more steps than that, and a damaged model also relearns slowly."
        ),
        source="Golatkar et al. 2020 (arXiv:1911.04933); Chundawat et al. 2023 (arXiv:2201.05629)",
    ),
    MetricCard(
        name="recovered_accuracy",
        title="Recovered forget accuracy",
        definition=(
            "The accuracy on the forget rows after a copy of the model is trained further on the "
            "retain rows only. If it rises although no forget row was shown, the knowledge had "
            "been hidden and not removed."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of retrained models after the same extra training",
        caveat="Rows that resemble retain rows are learned from these; retrained models show it.",
        source="Siddiqui et al. 2025 (arXiv:2505.22310)",
    ),
)
