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
            "It is reported apart for forget, retain, test and non-member rows. Where forget rows "
            "have exact or near copies among the retain rows, it is given once more without them."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of models retrained without the forget rows, on the same rows",
        caveat=(
            "Lower on the forget rows is not better: a model that fails more often than a "
            "retrained one has been damaged in a way that itself points at these rows."
        ),
        source=(
            "Jia et al. 2023 (arXiv:2304.04934); interval: Wilson 1927, or a bootstrap of subjects "
            "where these share rows"
        ),
    ),
    MetricCard(
        name="balanced_accuracy",
        title="Balanced accuracy",
        definition="The accuracy of each class, averaged so that every class counts alike.",
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the balanced accuracy of retrained models",
        caveat="A class with few rows makes it jump; read the accuracy of the classes beside it.",
        source="Brodersen et al. 2010",
    ),
    MetricCard(
        name="macro_f1",
        title="Macro F1",
        definition=(
            "For each class the harmonic mean of how many of its rows are found and how many of "
            "the rows called so are right, averaged over the classes."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the macro F1 of retrained models",
        caveat="A class that is never predicted counts as 0 and pulls the mean down.",
        source="van Rijsbergen 1979; macro average: Opitz and Burst 2019 (arXiv:1911.03347)",
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
        name="median_loss",
        title="Median loss",
        definition=(
            "The loss of the middle row: half of the rows surprise the model more, half less. "
            "A few extreme rows do not move it."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.NATS,
        target="the median loss of retrained models, on the same rows",
        caveat="It says nothing about the rows that surprise the model most.",
        source="Yeom et al. 2018 (arXiv:1709.01604)",
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
        caveat=(
            "With few rows it is above 0 even for a perfectly calibrated model. It has no "
            "interval: resampled rows show a still larger error, so one would miss the truth."
        ),
        source="Guo et al. 2017 (arXiv:1706.04599)",
    ),
    MetricCard(
        name="brier_score",
        title="Brier score",
        definition=(
            "How far the stated probabilities of all classes are from what turned out, as the sum "
            "of squared differences, averaged over rows: 0 is perfect, 2 is sure and wrong."
        ),
        direction=Direction.LOWER,
        unit=Unit.SCORE,
        target="no larger than the score of retrained models",
        caveat="Some report half of it, or the mean over classes, which are smaller numbers.",
        source="Brier 1950",
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
    MetricCard(
        name="negative_flips",
        title="Lost answers",
        definition="The share of rows the original model had right and this model has wrong.",
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the lost answers of retrained models",
        caveat="Part of it is chance: models trained alike from different seeds lose some too.",
        source="Yan et al. 2021 (arXiv:2011.09161)",
    ),
    MetricCard(
        name="positive_flips",
        title="Gained answers",
        definition="The share of rows the original model had wrong and this model has right.",
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the gained answers of retrained models",
        caveat="On forget rows with wrong labels a gain is memory of the label, not skill.",
        source="Yan et al. 2021 (arXiv:2011.09161)",
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
        name="group_accuracy",
        title="Accuracy of a group",
        definition=(
            "The share of the rows of one group, such as a site or an origin, to which the model "
            "gives the right label."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the accuracy of retrained models on the same group",
        caveat="Groups below 20 rows are not evaluated: too noisy, and too close to persons.",
        source="Barocas, Hardt and Narayanan 2023; interval: Wilson 1927",
    ),
    MetricCard(
        name="worst_group_accuracy",
        title="Accuracy of the worst group",
        definition="The lowest accuracy among the groups of one column of the data.",
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the worst group of retrained models",
        caveat="The minimum over many groups is low by chance; which group it is may change.",
        source="Sagawa et al. 2020 (arXiv:1911.08731); interval: Wilson 1927",
    ),
    MetricCard(
        name="largest_group_drop",
        title="Largest loss of a group",
        definition=(
            "The accuracy that the group which lost most has lost since the original model, among "
            "the groups of one column of the data."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the largest loss of a group in retrained models",
        caveat="The maximum over many groups is above 0 by chance.",
        source="metrics by group: Barocas, Hardt and Narayanan 2023",
    ),
    MetricCard(
        name="demographic_parity_difference",
        title="Demographic parity difference",
        definition=(
            "The gap between the groups that are given the second of two classes most often and "
            "least often."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the difference of retrained models",
        caveat="Groups that truly differ give a gap even for a perfect model.",
        source="Dwork et al. 2012 (arXiv:1104.3913)",
    ),
    MetricCard(
        name="equal_opportunity_difference",
        title="Equal opportunity difference",
        definition=(
            "Among rows that truly are of the second of two classes, the gap between the groups "
            "in which most and fewest of them are found."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the difference of retrained models",
        caveat="Rates over fewer than 20 rows are left out, so small groups go unseen.",
        source="Hardt et al. 2016 (arXiv:1610.02413)",
    ),
    MetricCard(
        name="equalised_odds_difference",
        title="Equalised odds difference",
        definition=(
            "The larger of two gaps between groups: in how many rows of the second of two classes "
            "are found, and in how many others are wrongly called so."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the difference of retrained models",
        caveat="Rates over fewer than 20 rows are left out, so small groups go unseen.",
        source="Hardt et al. 2016 (arXiv:1610.02413)",
    ),
)
