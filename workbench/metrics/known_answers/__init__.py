"""The self-test: metrics repeated on inputs whose right answer is known from elsewhere.

The answers come from the definitions, worked out independently of this code. `workbench doctor`
repeats them on the user's own machine, where a wrong build of a numerical library would show.
"""

from __future__ import annotations

from workbench.metrics.known_answers.question import Answer

__all__ = ["Answer", "check_known_answers"]


def check_known_answers() -> list[Answer]:
    """Compute every known answer anew, in well under a second."""
    # every formula there is, which a window or a command must not import before it asks
    from workbench.metrics.known_answers import (
        attacks,
        composites,
        explanations,
        models,
        outputs,
        proportions,
        significance,
    )

    families = (proportions, composites, outputs, attacks, models, explanations, significance)
    return [question.ask() for family in families for question in family.QUESTIONS]
