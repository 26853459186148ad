"""Scores that fold several numbers into one; they inform and never decide."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards.card import MetricCard

_FOLD = "One bad member hides behind good ones, so it decides nothing in the verdict."

CARDS = (
    MetricCard(
        name="average_gap",
        title="Average gap",
        definition=(
            "The mean distance to retrained models in the accuracy on forget, retain and test "
            "rows and in the AUC of the attack: 0 is like retraining."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.FRACTION,
        target="no larger than the gap of a retrained model to the others",
        caveat=_FOLD,
        source="Fan et al. 2024 (arXiv:2310.12508)",
    ),
    MetricCard(
        name="tug_of_war",
        title="Tug of war",
        definition=(
            "The closeness to retrained models in the accuracy on forget, retain and test rows, "
            "multiplied: 1 is like retraining."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="that of a retrained model against the others",
        caveat=_FOLD,
        source="Zhao et al. 2024 (arXiv:2406.01257)",
    ),
    MetricCard(
        name="adaptive_unlearning_score",
        title="Adaptive unlearning score",
        definition=(
            "The test accuracy that was kept, divided by 1 plus the gap between the accuracy on "
            "test and on forget rows."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="that of retrained models",
        caveat="It assumes that forget rows should behave like test rows. " + _FOLD,
        source="Cotogni et al. 2023 (arXiv:2312.02052)",
    ),
    MetricCard(
        name="normalised_machine_unlearning_score",
        title="Normalised unlearning score (NoMUS)",
        definition=(
            "Half of the test accuracy plus half of how little the attack that calls a row a "
            "member if it is answered right can tell."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="that of retrained models",
        caveat=_FOLD,
        source="Choi and Na 2023 (arXiv:2311.02240); attack: Yeom et al. 2018",
    ),
    MetricCard(
        name="indiscernibility",
        title="Indiscernibility",
        definition=(
            "1 when the attack that calls a row a member if it is answered right can only guess, "
            "0 when it always knows."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="that of retrained models",
        caveat="A broken model is indiscernible too; it decides nothing in the verdict.",
        source="Cadet et al. 2024 (arXiv:2410.01276); attack: Yeom et al. 2018",
    ),
    MetricCard(
        name="privacy_leak",
        title="Privacy leak relative to retraining",
        definition=(
            "By how many percent the AUC of the attack lies above that of retrained models; "
            "below 0 the forget rows stand out the other way round."
        ),
        direction=Direction.INFORMATIVE,
        unit=Unit.SCORE,
        target="0, with the sign as written here: scores are larger for members",
        caveat="Others turn the sign around. It explodes where the AUC of retraining is tiny.",
        source="Shi et al. 2024 (arXiv:2407.06460)",
    ),
)
