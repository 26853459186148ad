"""The reference ladder: how much reference evidence an audit has, and what it may then claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workbench.audit.plan import Criterion
from workbench.core.vocabulary import Rung, Split

# Verification of unlearning is fragile (Zhang et al., 2024, arXiv 2408.00929), so every verdict
# and every report carries this sentence.
LIMITS = "Evidence of reduced/absent influence under the listed tests; not a proof of erasure."
MIN_BAND = 5
MIN_SHADOWS = 16  # our choice; published offline attacks use 4 to 64
MIN_DISTRIBUTION = 64  # models on either side


@dataclass(frozen=True, slots=True)
class Step:
    """One rung in words: what it takes, and the strongest statement it supports, also in brief."""

    needs: str
    claim: str
    brief: str


LADDER: Mapping[Rung, Step] = MappingProxyType(
    {
        Rung.L0: Step(
            needs="the unlearned model and the data",
            claim="The listed attacks found no leakage of the forget set, at their sensitivity.",
            brief="leakage under attacks",
        ),
        Rung.L1: Step(
            needs="also the original model",
            claim="Leakage of the forget set under the listed attacks changed from the original "
            "model to the unlearned model as reported.",
            brief="change from original",
        ),
        Rung.L2: Step(
            needs=f"also one retrained model (fewer than {MIN_BAND} count as one)",
            claim="The gap to a retrained model is as reported; so few seeds show no noise band, "
            "so the gap illustrates and decides nothing.",
            brief="a gap, undecided",
        ),
        Rung.L3: Step(
            needs=f"also at least {MIN_BAND} retrained models with different seeds",
            claim="The unlearned model is equivalent to retraining without the forget set, within "
            "the locked margins and on the listed metrics.",
            brief="equal to retraining",
        ),
        Rung.L4: Step(
            needs=f"also at least {MIN_SHADOWS} shadow models trained with and without each row",
            claim="Per-row attacks calibrated on shadow models agree with that, at low false "
            "positive rates.",
            brief="agreement row by row",
        ),
        Rung.L5: Step(
            needs=f"also at least {MIN_DISTRIBUTION} retrained and {MIN_DISTRIBUTION} unlearned "
            "models, trained independently",
            claim="The distribution of unlearned models was tested against the distribution of "
            "retrained models.",
            brief="same distribution",
        ),
    }
)


# What equivalence to retraining is expected to be tested on: (metric, split), and in words.
FAMILY: Mapping[tuple[str, Split], str] = MappingProxyType(
    {
        ("accuracy", Split.FORGET): "accuracy on forget rows",
        ("accuracy", Split.RETAIN): "accuracy on retain rows",
        ("accuracy", Split.TEST): "accuracy on test rows",
        ("membership_auc", Split.FORGET): "membership attacks by their AUC",
        ("relearn_steps", Split.FORGET): "steps to relearn",
        ("recovered_accuracy", Split.FORGET): "forget accuracy recovered from retain rows",
    }
)


def not_tested(criteria: Iterable[Criterion]) -> tuple[str, ...]:
    """What of the family no primary criterion is about, in words."""
    tested = [(c.metric, c.split) for c in criteria if c.primary]
    return tuple(
        words
        for (metric, split), words in FAMILY.items()
        if (metric, split) not in tested and (metric, None) not in tested
    )


def rung_reached(*, original: bool, retrained: int) -> Rung:
    """The rung of an audit with these references; L4 and L5 need attacks this one does not have.

    A rung counts only if every rung below it is there: retrained models without the original
    leave out the positive control, so they do not raise the claim.
    """
    if not original:
        return Rung.L0
    if retrained == 0:
        return Rung.L1
    return Rung.L2 if retrained < MIN_BAND else Rung.L3
