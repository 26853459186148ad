"""Many audits, judged with every size of the retrained band, and counted."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import torch
from audits import BAND, audits, whole_plan, with_band, without_original

from workbench.audit.findings import Evidence
from workbench.audit.plan import Plan, read_plan
from workbench.audit.verdict import judge_forget_set
from workbench.core.locations import GOLD_PLAN

FORGET_ROWS = (30, 100, 200)
BANDS = (0, 1, 3, 5, 8, BAND)
TOGETHER = 10  # problems trained in one stack

Cell = dict[str, Any]
Key = tuple[int, str, int, str]
Counts = dict[Key, Counter[str]]


def characteristic(n: int) -> list[Cell]:
    """Outcomes of every method over n audits of each size of forget set, for each band."""
    work = [
        (rows, range(first, min(first + TOGETHER, n)))
        for first in range(0, n, TOGETHER)
        for rows in FORGET_ROWS
    ]
    counts: Counts = {}
    for done, found in enumerate(_shared_out(work), start=1):
        for key, outcomes in found.items():
            counts.setdefault(key, Counter()).update(outcomes)
        sys.stderr.write(f"{done} of {len(work)} stacks of {TOGETHER} audits\n")
    return [
        {"forget_rows": rows, "rung": rung, "band": band, "label": label, **outcomes}
        for (rows, rung, band, label), outcomes in sorted(counts.items())
    ]


def _shared_out(work: list[tuple[int, range]]) -> Iterator[Counts]:
    """One process a core: small models gain nothing from threads."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        yield from pool.map(_judged, *zip(*work, strict=True))


def _judged(forget_rows: int, seeds: range) -> Counts:
    torch.set_num_threads(1)
    plan = read_plan(GOLD_PLAN)
    counts: Counts = {}
    for evidence in audits(plan, seeds, forget_rows):
        _count(counts, plan, evidence, forget_rows)
    return counts


def _count(counts: Counts, plan: Plan, evidence: Evidence, forget_rows: int) -> None:
    judged = whole_plan(plan)
    for one in (without_original(evidence), *(with_band(evidence, band) for band in BANDS)):
        verdict = judge_forget_set(judged, one)
        for candidate in verdict.candidates:
            key = (forget_rows, str(verdict.rung), len(one.band), candidate.label)
            counts.setdefault(key, Counter())[str(candidate.outcome)] += 1
