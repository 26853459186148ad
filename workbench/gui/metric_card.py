"""The card of a metric, for whoever rests the pointer on its name: the same text everywhere."""

from __future__ import annotations

from html import escape

from workbench.audit.metric_words import DIRECTIONS
from workbench.metrics.catalogue import CATALOGUE


def metric_tip(name: str, about: str = "") -> str:
    """The card as a tooltip, which breaks its lines; "" for a metric that has no card.

    `about`: what the number at hand is about, like "forget rows".
    """
    card = CATALOGUE.get(name)
    if card is None:
        return ""
    title = f"{card.title}, {about}" if about else card.title
    named = "".join(
        f"<br><b>{escape(what)}:</b> {escape(words)}" for what, words in _facts(name).items()
    )
    return (
        f"<p><b>{escape(title)}</b></p><p>{escape(card.definition)}</p>"
        f"<p>{named.removeprefix('<br>')}</p>"
    )


def tip_over_rows(sentence: str, name: str) -> str:
    """What a number of one row is, and the card of the metric that it is part of."""
    return f"<p>{escape(sentence.rstrip('.'))}.</p><p>Over many rows:</p>{metric_tip(name)}"


def metric_words(name: str) -> str:
    """The card as plain sentences, for screen readers; "" for a metric that has no card."""
    card = CATALOGUE.get(name)
    if card is None:
        return ""
    return f"{card.definition} " + " ".join(
        f"{what}: {words.rstrip('.')}." for what, words in _facts(name).items()
    )


def _facts(name: str) -> dict[str, str]:
    card = CATALOGUE[name]
    return {
        "Read as": DIRECTIONS[card.direction],
        "Target": card.target,
        "Caution": card.caveat,
        "Unit": str(card.unit),
        "Source": f"{card.source}; version {card.version} of the definition",
    }
