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
    MetricCard(
        name="confusion_shift",
        title="Shift of the predicted labels",
        definition=(
            "How differently two models share out the labels over the same rows: 0 when every "
            "label is given as often, 1 when they have no label in common."
        ),
        direction=Direction.LOWER,
        unit=Unit.FRACTION,
        target="no larger than between two retrained models",
        caveat=(
            "It shows where the rows of a forgotten class go. Two models can swap single rows "
            "without changing it."
        ),
        source="total variation; leak by neighbouring classes: arXiv:2506.20893",
    ),
    MetricCard(
        name="loss_ks_distance",
        title="Distance of the loss distributions",
        definition=(
            "The largest gap between the shares of rows below a loss, over all losses, between "
            "this model and retrained ones: 0 for the same distribution, 1 for none in common."
        ),
        direction=Direction.LOWER,
        unit=Unit.FRACTION,
        target="no larger than between two retrained models",
        caveat="The p-value that papers give with it depends on the number of rows; this does not.",
        source="Kolmogorov 1933; as forget quality: Maini et al. 2024 (arXiv:2401.06121)",
    ),
    MetricCard(
        name="loss_wasserstein",
        title="Shift of the losses",
        definition=(
            "By how much, on average, the losses of the rows would have to be moved to become "
            "distributed as those of retrained models."
        ),
        direction=Direction.LOWER,
        unit=Unit.NATS,
        target="no larger than between two retrained models",
        caveat="A few rows with a very large loss can dominate it.",
        source="Kantorovich 1942; Vaserstein 1969",
    ),
    MetricCard(
        name="representation_alignment",
        title="Alignment of representations",
        definition=(
            "How alike two models arrange the same rows in their last hidden layer, whatever its "
            "axes: 1 for the same arrangement, about 0 for none in common."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="none; compare with two retrained models",
        caveat=(
            "A few directions with much variance dominate it, and it can be steered. It decides "
            "nothing in the verdict."
        ),
        source="Kornblith et al. 2019 (arXiv:1905.00414); unbiased: Song et al. 2012",
    ),
    MetricCard(
        name="weight_distance",
        title="Distance of the weights",
        definition=(
            "How far the weights have moved from the original's, as a share of their length there."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.RATIO,
        target="none; retrained models are far away too",
        caveat=(
            "Two models trained alike from different seeds are far apart, so neither a small nor "
            "a large distance proves anything. It decides nothing in the verdict."
        ),
        source="Golatkar et al. 2020 (arXiv:1911.04933)",
    ),
    MetricCard(
        name="unchanged_tensors",
        title="Unchanged tensors",
        definition="The share of the weight tensors that are bit for bit those of the original.",
        direction=Direction.INFORMATIVE,
        unit=Unit.FRACTION,
        target="none; 0 for retrained models",
        caveat="What a layer knows can be lost through a change of another layer.",
        source="this workbench",
    ),
    MetricCard(
        name="zero_retrain_forgetting",
        title="Likeness to a random network (ZRF)",
        definition=(
            "How alike the model and networks with random weights answer the forget rows: 1 for "
            "the same answers, 0 for answers that never overlap. The mean over five such networks."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.SCORE,
        target="the likeness of retrained models, which is not 1",
        caveat=(
            "Answering at random marks the forget rows as much as knowing them does. Published "
            "values that average over classes are near 1 for every model and cannot be compared."
        ),
        source="Chundawat et al. 2023 (arXiv:2205.08096)",
        version=2,
    ),
)
