"""How often the verdict is right: many toy audits whose answers are known, and a table of them.

python docs/operating_characteristic --audits 120

writes docs/operating-characteristic.json (the counts) and docs/operating-characteristic.md.
`--audits 0` only writes the page anew from the counts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from audits import BAND, audits, whole_plan, with_band, without_original
from page import page

from workbench.audit.findings import Evidence
from workbench.audit.plan import Plan, read_plan
from workbench.audit.verdict import judge_forget_set
from workbench.core.locations import GOLD_PLAN

FORGET_ROWS = (30, 100, 200)
BANDS = (0, 1, 3, 5, 8, BAND)
TOGETHER = 10  # problems trained in one stack

DOCS = Path(__file__).parents[1]
Cell = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--audits", type=int, default=120, help="of each size of forget set")
    parser.add_argument("--out", type=Path, default=DOCS / "operating-characteristic.json")
    options = parser.parse_args()
    if options.audits:
        cells = [cell for rows in FORGET_ROWS for cell in characteristic(rows, options.audits)]
        options.out.write_text(json.dumps(cells, indent=1) + "\n")
    cells = json.loads(options.out.read_text())
    options.out.with_suffix(".md").write_text(page(cells))


def characteristic(forget_rows: int, n: int) -> list[Cell]:
    """Outcomes of every method over n audits, for each size of the band."""
    plan = read_plan(GOLD_PLAN)
    cells: dict[tuple[str, int, str], Counter[str]] = {}
    for first in range(0, n, TOGETHER):
        seeds = range(first, min(first + TOGETHER, n))
        for evidence in audits(plan, seeds, forget_rows):
            count(cells, plan, evidence)
        sys.stderr.write(f"{forget_rows} rows: {seeds.stop} of {n} audits\n")
    return [
        {"forget_rows": forget_rows, "rung": rung, "band": band, "label": label, **outcomes}
        for (rung, band, label), outcomes in cells.items()
    ]


def count(cells: dict[tuple[str, int, str], Counter[str]], plan: Plan, evidence: Evidence) -> None:
    """Judge one audit with every size of its band, and without its original model."""
    judged = whole_plan(plan)
    for one in (without_original(evidence), *(with_band(evidence, band) for band in BANDS)):
        verdict = judge_forget_set(judged, one)
        for candidate in verdict.candidates:
            key = (str(verdict.rung), len(one.band), candidate.label)
            cells.setdefault(key, Counter())[str(candidate.outcome)] += 1


main()
