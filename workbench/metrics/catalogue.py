"""What each number of the audit means, in words for the person who must read the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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


_CARDS = (
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
        name="membership_auc",
        title="Membership inference AUC",
        definition=(
            "The chance that an attack, given one forget row and one row the model never saw, "
            "tells which is which. At 0.5 it guesses; at 1 it always knows. Where forget rows have "
            "exact or near copies among the retain rows, it is given once more without them."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.SCORE,
        target="the AUC of the same attack on retrained models, usually close to 0.5",
        caveat=(
            "Below 0.5 is leakage too, because the forget rows stand out by being treated worse. "
            "An average near 0.5 can hide a few rows that are fully exposed, and a model that no "
            "longer works also reaches 0.5."
        ),
        source=(
            "Yeom et al. 2018 (arXiv:1709.01604); interval: DeLong et al. 1988, or a bootstrap of "
            "subjects where these share rows"
        ),
    ),
    MetricCard(
        name="membership_tpr_at_fpr_0.1",
        title="Forget rows recognised at 10 % false alarms",
        definition=(
            "The share of forget rows an attack recognises as training rows while it wrongly "
            "accuses at most one in ten of the rows the model never saw."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the share on retrained models, usually close to 0.1",
        caveat=(
            "The threshold is chosen on the same rows, so this is an observed figure and not a "
            "bound. Claiming the 10 % with 95 % confidence takes at least 29 unseen rows."
        ),
        source="Carlini et al. 2022 (arXiv:2112.03570); interval: Clopper and Pearson 1934",
    ),
    MetricCard(
        name="membership_tpr_at_fpr_0.01",
        title="Forget rows recognised at 1 % false alarms",
        definition=(
            "The share of forget rows an attack recognises as training rows while it wrongly "
            "accuses at most one in a hundred of the rows the model never saw."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the share on retrained models, usually close to 0.01",
        caveat=(
            "The threshold is chosen on the same rows, so this is an observed figure and not a "
            "bound. Claiming the 1 % with 95 % confidence takes at least 299 unseen rows."
        ),
        source="Carlini et al. 2022 (arXiv:2112.03570); interval: Clopper and Pearson 1934",
    ),
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

CATALOGUE: Mapping[str, MetricCard] = MappingProxyType({card.name: card for card in _CARDS})
