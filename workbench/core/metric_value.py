"""One measured number with everything needed to read it; also the row of the `metric` table."""

from __future__ import annotations

import math
from dataclasses import dataclass

from workbench.core.vocabulary import Direction, MetricStatus, Split, Unit


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A metric of one model on one split.

    `value` and the interval are in `unit`; `n` counts the rows (or seeds, or steps) behind it;
    `reference` names what it is compared with ("" if with nothing). A number that could not be
    computed has `status` NOT_COMPUTED, a `reason`, and no value: never 0, 0.5 or absence.
    """

    name: str
    version: int
    split: Split | None
    value: float | None
    unit: Unit
    direction: Direction
    n: int = 0
    ci_low: float | None = None
    ci_high: float | None = None
    ci_method: str = ""
    group_key: str = ""
    reference: str = ""
    status: MetricStatus = MetricStatus.OK
    reason: str = ""

    def __post_init__(self) -> None:
        if self.status is MetricStatus.OK:
            if self.value is None or not math.isfinite(self.value):
                raise ValueError(f"{self.name}: status OK needs a finite value, got {self.value}")
        elif self.value is not None or not self.reason:
            raise ValueError(f"{self.name}: NOT_COMPUTED carries a reason and no value")


def not_computed(
    name: str,
    version: int,
    reason: str,
    *,
    split: Split | None = None,
    unit: Unit = Unit.FRACTION,
    direction: Direction = Direction.REFERENCE,
    group_key: str = "",
    reference: str = "",
) -> MetricValue:
    """The row that stands where a number would, and says why there is none."""
    return MetricValue(
        name=name,
        version=version,
        split=split,
        value=None,
        unit=unit,
        direction=direction,
        group_key=group_key,
        reference=reference,
        status=MetricStatus.NOT_COMPUTED,
        reason=reason,
    )
