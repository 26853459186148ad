"""What an attacker finds out about who was trained on."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards.card import MetricCard

CARDS = (
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
        name="membership_tpr_at_fpr_0.001",
        title="Forget rows recognised at 0.1 % false alarms",
        definition=(
            "The share of forget rows an attack recognises as training rows while it wrongly "
            "accuses at most one in a thousand of the rows the model never saw."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the share on retrained models, usually close to 0.001",
        caveat=(
            "The threshold is chosen on the same rows, so this is an observed figure and not a "
            "bound. Claiming the 0.1 % with 95 % confidence takes at least 2,995 unseen rows."
        ),
        source="Carlini et al. 2022 (arXiv:2112.03570); interval: Clopper and Pearson 1934",
    ),
)
