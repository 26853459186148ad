"""How well a model serves those who use it."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards.card import MetricCard

CARDS = (
    MetricCard(
        name="accuracy",
        title="Accuracy",
        definition=(
            "The share of rows to which the model gives the right label. "
            "It is reported apart for forget, retain, test and non-member rows."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of models retrained without the forget rows, on the same rows",
        caveat=(
            "Lower on the forget rows is not better: a model that fails more often than a "
            "retrained one has been damaged in a way that itself points at these rows."
        ),
        source="Jia et al. 2023 (arXiv:2304.04934); interval: Wilson 1927",
    ),
    MetricCard(
        name="mean_loss",
        title="Mean loss",
        definition=(
            "How surprised the model is by the right label, averaged over rows: minus the natural "
            "logarithm of the probability it gives to that label."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.NATS,
        target="the mean loss of retrained models, on the same rows",
        caveat="A few rows with a very large loss can dominate the mean.",
        source="Yeom et al. 2018 (arXiv:1709.01604)",
    ),
    MetricCard(
        name="class_accuracy",
        title="Accuracy of one class",
        definition=(
            "The share of the rows of one class to which the model gives the right label. "
            "It shows a class that was hurt while the overall accuracy hardly moved."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of retrained models on the same class",
        caveat="Classes with few rows vary much by chance: read the interval, not the number.",
        source="Jia et al. 2023 (arXiv:2304.04934); interval: Wilson 1927",
    ),
    MetricCard(
        name="calibration_error",
        title="Expected calibration error",
        definition=(
            "How far the confidence the model states is from how often it is right: the average "
            "gap between the two over 15 equally wide groups of rows of similar confidence."
        ),
        direction=Direction.LOWER,
        unit=Unit.FRACTION,
        target="no larger than the error of retrained models",
        caveat="With few rows it is above 0 even for a perfectly calibrated model.",
        source="Guo et al. 2017 (arXiv:1706.04599)",
    ),
    MetricCard(
        name="churn",
        title="Churn",
        definition=(
            "The share of rows whose predicted label changed from the original model, "
            "for better or worse."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the churn of retrained models",
        caveat=(
            "Equal accuracy can hide much churn. Part of it is chance: two models trained alike "
            "from different seeds also disagree."
        ),
        source="Milani Fard et al. 2016; Yan et al. 2021 (arXiv:2011.09161)",
    ),
)
