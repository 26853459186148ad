"""What follows the forward pass: its time and memory by the number of rows."""

from __future__ import annotations

import math

import pytest
from audit_case import Arithmetic, megabytes, peak_megabytes
from figures import Figures, Goal
from timing import Sample, Stopwatch, interleave, timed

from workbench.registry import Registry

pytestmark = pytest.mark.bench

SECTION = "audit pass"
FEW, MANY = 50_000, 1_000_000
ROUNDS = 3
SECONDS = Goal(2.0)
GROWTH = Goal(round(math.log(MANY) / math.log(FEW), 2))  # of the time a row under n log n


def test_arithmetic_grows_with_the_rows(figures: Figures) -> None:
    registry = Registry.discover()
    works: dict[str, Stopwatch] = {}
    for n in (FEW, MANY):
        alone, of_people = Arithmetic(registry, n), Arithmetic(registry, n, subjects=True)
        for one in (alone, of_people):
            one.check()
        works |= {
            f"arithmetic, {n}": timed(alone.audit),
            f"arithmetic by subject, {n}": timed(of_people.audit),
            f"comparison, {n}": timed(alone.compare),
        }
        audited, compared = peak_megabytes(alone.audit), peak_megabytes(alone.compare)
        by_subject = peak_megabytes(of_people.audit)
        read = megabytes(*alone.outputs.values(), alone.dataset.targets)
        read_of_all = megabytes(alone.outputs["logits"], *alone.others, alone.dataset.targets)
        memory(figures, "arithmetic", n, audited, read)
        memory(figures, "arithmetic by subject", n, by_subject, read)
        memory(figures, "comparison", n, compared, read_of_all)

    measured = interleave(ROUNDS, works)
    for what in ("arithmetic", "arithmetic by subject", "comparison"):
        few, many = (measured[f"{what}, {n}"] for n in (FEW, MANY))
        figures.add(SECTION, f"{what}, {FEW:,} rows", "s", few, goal=SECONDS)
        figures.add(SECTION, f"{what}, {FEW:,} rows", "us/row", few.times(1e6 / FEW))
        figures.add(SECTION, f"{what}, {MANY:,} rows", "us/row", many.times(1e6 / MANY))
        figures.add(
            SECTION,
            f"{what}, time a row at {MANY:,} / at {FEW:,}",
            "ratio",
            many.over(few).times(FEW / MANY),
            goal=GROWTH,
            note=f"1 is linear growth, {GROWTH.bound} that of n log n",
        )


def memory(figures: Figures, what: str, n: int, peak: float, read: float) -> None:
    figures.add(
        SECTION,
        f"{what}, {n:,} rows: most memory / arrays read",
        "ratio",
        Sample((peak / read,)),
        note=f"{peak:.0f} MB beside {read:.0f} MB",
    )
