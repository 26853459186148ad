"""The axis of a score histogram, stretched where scores crowd against a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from workbench.report import svg
from workbench.report.display import MINUS

Values = NDArray[np.float64]

_BINS = 30
_TICKS = 5
_LABEL_ROOM = 1.5  # bins from either end
_NEAREST = 1e-7  # to a bound; closer scores are drawn there


class Stretch(Enum):
    """A growing map of scores onto the axis, with its inverse and the ticks that suit it."""

    NONE = "none"
    BELOW_ZERO = "log10 of the distance to 0"
    SHARE = "log-odds"

    @classmethod
    def of(cls, scores: Values) -> Stretch:
        """Scores below 0, minus a loss say, crowd below 0; shares crowd at both ends."""
        least, most = float(scores.min()), float(scores.max())
        if most > 1 or (least < 0 < most) or least == most:
            return cls.NONE
        return cls.BELOW_ZERO if most <= 0 else cls.SHARE

    def apply(self, scores: Values) -> Values:
        match self:
            case Stretch.BELOW_ZERO:
                return -np.log10(np.maximum(-scores, _NEAREST))
            case Stretch.SHARE:
                return np.asarray(logit(np.clip(scores, _NEAREST, 1 - _NEAREST)))
        return scores

    def undo(self, places: Values) -> Values:
        match self:
            case Stretch.BELOW_ZERO:
                return -(10.0**-places)
            case Stretch.SHARE:
                return np.asarray(expit(places))
        return places

    def round_scores(self, low: float, high: float) -> list[float]:
        """Ticks between two scores: powers of ten from the bound, or round steps."""
        decades = 10.0 ** np.arange(-7, 13)
        tails = decades[decades < 0.5]
        candidates = {
            Stretch.BELOW_ZERO: -decades,
            Stretch.SHARE: np.concatenate([tails, [0.5], 1 - tails]),
        }.get(self, np.empty(0))
        found = sorted(float(one) for one in candidates if low <= one <= high)
        return found if len(found) > 1 else svg.Scale(low, high, 0, 1).ticks()


@dataclass(frozen=True)
class ScoreAxis:
    """Bin edges (31,) in scores, which are drawn at even distances.

    A place on the axis is a number of bins from its left end.
    """

    edges: tuple[float, ...]

    @property
    def end(self) -> int:
        """The place of the right end."""
        return len(self.edges) - 1

    @property
    def decimals(self) -> int:
        """Digits after the point that tell the scores of neighbouring bins apart."""
        return int(np.clip(np.ceil(1 - np.log10(np.diff(self.edges).min())), 2, 9))

    def place(self, scores: float | Values) -> Values:
        """Where scores lie; those beyond an end lie on it."""
        return np.asarray(np.interp(scores, self.edges, np.arange(len(self.edges))))

    def score(self, place: float) -> float:
        return float(np.interp(place, np.arange(len(self.edges)), self.edges))

    def ticks(self) -> list[tuple[float, str]]:
        """Places and labels of a few round scores."""
        found = Stretch.of(np.asarray(self.edges)).round_scores(self.edges[0], self.edges[-1])
        kept: list[tuple[float, str]] = []
        for score in found:
            place = float(self.place(score))
            is_near_an_end = min(place, self.end - place) < _LABEL_ROOM
            if not is_near_an_end and (not kept or place - kept[-1][0] >= self.end / _TICKS):
                kept.append((place, f"{score:.7g}".replace("-", MINUS)))
        return kept

    @classmethod
    def around(cls, samples: Sequence[Values]) -> ScoreAxis:
        """One axis for every histogram of an attack.

        On the stretched scale it reaches to the outer fences of Tukey (1977), three interquartile
        ranges beyond the quartiles, where the scores do: a long tail would press all other rows
        into one bar.
        """
        pooled = np.concatenate(samples)
        stretch = Stretch.of(pooled)
        least, first, third, most = np.quantile(stretch.apply(pooled), [0, 0.25, 0.75, 1])
        reach = 3 * (third - first) or most - least
        low, high = max(least, first - reach), min(most, third + reach)
        if high <= low:
            low, high = low - 0.5, high + 0.5
        return cls(tuple(stretch.undo(np.linspace(low, high, _BINS + 1)).tolist()))
