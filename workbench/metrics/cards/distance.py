"""How far a model is from the retrained ones, or from the original."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards.card import MetricCard

CARDS = (
    MetricCard(
        name="js_divergence",
        title="Jensen-Shannon divergence",
        definition=(
            "How differently two models spread their probabilities over the classes, averaged "
            "over rows: 0 when they answer alike, 0.693 (ln 2) when they never overlap."
        ),
        direction=Direction.LOWER,
        unit=Unit.NATS,
        target="no larger than between two retrained models",
        caveat=(
            "Two retrained models differ too, so 0 is not reachable. Published values that average "
            "over classes are smaller by the number of classes and cannot be compared."
        ),
        source="Lin 1991; Chundawat et al. 2023 (arXiv:2205.08096)",
    ),
    MetricCard(
        name="prediction_agreement",
        title="Prediction agreement",
        definition="The share of rows to which two models give the same label, right or wrong.",
        direction=Direction.HIGHER,
        unit=Unit.FRACTION,
        target="the agreement between two retrained models",
        caveat="It ignores confidence: models can agree on every label and still leak membership.",
        source="Stanton et al. 2021 (arXiv:2106.05945)",
    ),
    MetricCard(
        name="activation_distance",
        title="Activation distance",
        definition=(
            "The straight-line distance between the class probabilities of two models, averaged "
            "over rows: 0 when they answer alike, at most 1.414."
        ),
        direction=Direction.LOWER,
        unit=Unit.SCORE,
        target="no larger than between two retrained models",
        caveat="Some papers report the root of the mean square instead, which is a larger number.",
        source="Golatkar et al. 2020 (arXiv:1911.04933); Chundawat et al. 2023 (arXiv:2205.08096)",
    ),
    MetricCard(
        name="attribution_similarity",
        title="Attribution similarity",
        definition=(
            "How similarly the original and this model weigh the parts of an input, as the rank "
            "correlation of their attribution maps for the same row and the same label: 1 for the "
            "same ranking, 0 for none."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="none; compare with the similarity of retrained models to the original",
        caveat=(
            "A changed map is no evidence of erasure, and an unchanged one no proof of memory. "
            "It decides nothing in the verdict."
        ),
        source="Adebayo et al. 2018 (arXiv:1810.03292)",
    ),
)
