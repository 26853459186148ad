"""Whether what was planted in the training rows is gone."""

from __future__ import annotations

from workbench.core.vocabulary import Direction, Unit
from workbench.metrics.cards.card import MetricCard

CARDS = (
    MetricCard(
        name="interclass_error",
        title="Confusion of the two swapped classes",
        definition=(
            "Of the test rows of two classes whose labels were swapped in part of the training "
            "rows, the share that the model takes for the other of the two."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the share for models retrained without the swapped rows",
        caveat=(
            "Classes that look alike are confused without any swap. Exists only where labels were "
            "swapped on purpose."
        ),
        source="Goel et al. 2022 (arXiv:2201.06640); interval: Wilson 1927",
    ),
    MetricCard(
        name="interclass_memory",
        title="Swapped labels still answered",
        definition=(
            "Of the training rows whose labels were swapped on purpose, the share for which the "
            "model still gives the wrong label it was taught."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the share for models retrained without the swapped rows",
        caveat="Counts all swapped rows, also those that the forget set leaves out.",
        source="Goel et al. 2022 (arXiv:2201.06640); interval: Wilson 1927",
    ),
    MetricCard(
        name="backdoor_success",
        title="Backdoor success",
        definition=(
            "A trigger was planted in training rows together with one wanted label. This is the "
            "share of test rows of other classes that get this label once they carry the trigger."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.FRACTION,
        target="the share for models retrained without the planted rows, usually close to 0",
        caveat=(
            "A model can lose the backdoor by losing its accuracy: read the test accuracy too. "
            "Below 200 triggered rows it is not computed."
        ),
        source="Gu et al. 2017 (arXiv:1708.06733); Pawelczyk et al. 2024 (arXiv:2406.17216); "
        "interval: Clopper and Pearson 1934",
    ),
    MetricCard(
        name="canary_exposure",
        title="Canary exposure",
        definition=(
            "How far ahead of comparable rows that were never trained on the planted canaries "
            "rank by the loss of the model, in bits: 10 bits when each canary comes first among "
            "about a thousand. It is averaged over the canaries."
        ),
        direction=Direction.REFERENCE,
        unit=Unit.BITS,
        target="the exposure for models retrained without the canaries, about 1.44 bits",
        caveat=(
            "It cannot exceed the logarithm of the number of rows compared with. A mean can hide "
            "single canaries that are fully exposed."
        ),
        source="Carlini et al. 2019 (arXiv:1802.08232)",
    ),
)
