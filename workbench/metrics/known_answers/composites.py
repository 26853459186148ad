"""Gap scores of accuracies, and the score of the NeurIPS 2023 challenge."""

from __future__ import annotations

from workbench.metrics import accuracy, challenge
from workbench.metrics.known_answers.question import Question

_UNLEARNED = {"forget": 0.80, "retain": 0.98, "test": 0.92, "membership": 0.30}
_RETRAINED = {"forget": 0.90, "retain": 1.0, "test": 0.94, "membership": 0.20}


def _tug_of_war(*members: str) -> float:
    return accuracy.tug_of_war(
        {name: _UNLEARNED[name] for name in members}, {name: _RETRAINED[name] for name in members}
    )


QUESTIONS = (
    Question("average gap", lambda: accuracy.average_gap(_UNLEARNED, _RETRAINED), 0.06),
    Question("tug of war", lambda: _tug_of_war("forget", "retain", "test"), 0.86436),
    Question(
        "tug of war with membership", lambda: _tug_of_war("membership", "retain", "test"), 0.86436
    ),
    Question(
        "adaptive unlearning score",
        lambda: accuracy.adaptive_unlearning_score(0.95, 0.92, 0.80),
        0.8660714286,
    ),
    Question("normalised machine unlearning score", lambda: accuracy.nomus(0.92, 0.60), 0.86),
    Question(
        "symmetric percentage error",
        lambda: accuracy.symmetric_percentage_error(0.80, 0.90),
        5.8823529412,
    ),
    Question("indiscernibility", lambda: accuracy.indiscernibility(0.60), 0.8),
    Question("privacy leak", lambda: accuracy.privacy_leak(0.7, 0.5), 40.0),
    Question(
        "epsilon of one threshold",
        lambda: challenge.threshold_epsilon(0.1, 0.2, 1e-5),
        2.0794290416,
    ),
    Question(
        "credit of an epsilon",
        lambda: challenge.row_credits([0, 0.49, 0.5, 1.2, 3]),
        (1, 1, 0.5, 0.25, 0.015625),
    ),
    Question(
        "challenge score",
        lambda: challenge.row_credits([0, 0.3, 0.7, 1.2, 3]).mean(),
        0.553125,
    ),
    Question(
        "largest epsilon that models can show",
        lambda: [challenge.largest_epsilon(n) for n in (32, 64, 128, 512)],
        (4, 5, 5, 7),
    ),
)
