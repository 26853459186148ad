"""How the arrays that a run leaves in the project are called."""

from __future__ import annotations

EXPLAINED_ROWS = "attribution rows"
"""Row ids (k,) of all attribution maps of the run; no map can have this name."""

_SCORES, _MAPS = "scores/", "attribution/"


def scores_of(attack: str) -> str:
    """Membership scores (n,) over the whole dataset."""
    return _SCORES + attack


def attack_of(name: str) -> str | None:
    """The attack whose scores are called `name`; None if they are no scores."""
    return name.removeprefix(_SCORES) if name.startswith(_SCORES) else None


def maps_of(attribution: str) -> str:
    """Attribution maps (k, ...) of the explained rows."""
    return _MAPS + attribution
