"""Whether an attribution map can be believed; measured on the original model."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards.card import MetricCard

_INFORMS = "It decides nothing in the verdict."

CARDS = (
    MetricCard(
        name="randomisation_similarity",
        title="Similarity of maps under random weights",
        definition=(
            "The rank correlation between the attribution maps of the original and those of "
            "networks of the same kind with random weights, on the same rows: the mean over three "
            "such networks, and of that the median over at most eight forget rows. Maps that stay "
            "alike show edges of the input rather than what was learned."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="near 0; above 0.5 the explainer fails its trial, and its maps are no evidence",
        caveat=(
            "The limit 0.5 is our choice. Explainers that multiply by the input keep what is "
            f"blank in the input blank, and fail on pictures with an empty ground. {_INFORMS}"
        ),
        source="Adebayo et al. 2018 (arXiv:1810.03292)",
    ),
    MetricCard(
        name="deletion_auc",
        title="Deletion area of an explainer",
        definition=(
            "The mean probability of the label while the pixels that an explainer ranks highest "
            "are replaced by the mean of the training rows, in 28 steps: the area under that "
            "curve, median over at most eight forget rows. It falls fast if these pixels matter."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="small, and smaller than of other explainers",
        caveat=(
            "Inputs with pixels replaced are unlike any the model has seen, so some of the fall "
            "is surprise. Pixels are ranked by magnitude summed over channels; rows of fewer than "
            f"28 values take a step each. {_INFORMS}"
        ),
        source="Petsiuk et al. 2018 (arXiv:1806.07421), with 28 steps",
    ),
    MetricCard(
        name="insertion_auc",
        title="Insertion area of an explainer",
        definition=(
            "The mean probability of the label while the pixels that an explainer ranks highest "
            "enter a blurred picture (of tables: the mean of the training rows), in 28 steps: the "
            "area under that curve, median over at most eight forget rows."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="large, and larger than of other explainers",
        caveat=(
            "A blur that still shows the class leaves nothing to gain, as in small pictures. "
            f"{_INFORMS}"
        ),
        source="Petsiuk et al. 2018 (arXiv:1806.07421), with 28 steps",
    ),
    MetricCard(
        name="infidelity",
        title="Infidelity of an explainer",
        definition=(
            "How far the change of the label's logit under random disturbance of the input is "
            "from what a map predicts, squared, after the map was scaled to fit best; the mean "
            "over ten disturbances of a standard deviation of 0.2 of the range of each channel or "
            "feature, median over at most eight forget rows."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="small, and smaller than of other explainers of the same model",
        caveat=(
            "In squared logits, so it cannot be compared between models. Ten disturbances are few "
            f"for large inputs. {_INFORMS}"
        ),
        source="Yeh et al. 2019 (arXiv:1901.09392)",
    ),
    MetricCard(
        name="completeness_gap",
        title="Completeness gap of integrated gradients",
        definition=(
            "How far the sum of a map is from the difference of the label's logit between the row "
            "and the all-zero input, as a share of that difference; median over at most eight "
            "forget rows."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.RATIO,
        target="below 0.05; else the path needs more steps",
        caveat=f"Only integrated gradients promise to add up. {_INFORMS}",
        source="Sundararajan et al. 2017 (arXiv:1703.01365)",
    ),
)
