"""The counts of the study as a page for a reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from audits import EXACT, LEFT_IN, PARTIAL, STRAW_MEN

from workbench.core.vocabulary import Outcome
from workbench.metrics.statistics import clopper_pearson_upper

Cell = dict[str, Any]
KINDS = {
    "Exact retraining": tuple(EXACT),
    "Half-done unlearning": (*LEFT_IN, *PARTIAL),
    "Straw men": tuple(STRAW_MEN),
}
SHOWN = (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.INVALID)

HEAD = """# Operating characteristic of the verdict

How often does the verdict come out right? These are toy audits whose right answer is known: \
points around class means with wrong labels learned by heart (the data, network, recipe, tests and \
criteria of `resources/selfcheck/gold.toml`), with other data, another forget set and other \
models in every audit. Models are trained for real, in stacks; metrics, criteria, controls and \
verdicts are the workbench's own. Made by

```
python docs/operating_characteristic --audits {n}
```

from {audits} audits: {n} of each size of forget set, out of 600 training rows. Each was judged at \
every rung of the reference ladder: without original and retrained models (L0), with the original \
(L1), and with 1 to 10 retrained models beside it. Four more retrained models are the negative \
control from L1 on.
"""

READING = """
## What it says

* **A straw man never passes**: {straw_passed} of {straw} verdicts at all rungs are PASS (95 % \
upper limit {straw_limit}).
* **An exact retrain fails no more often than the plan's error rate of 5 %**: with five or more \
retrained models {exact_failed} of {exact} verdicts are FAIL (95 % upper limit {exact_limit}). \
{invalid} are INVALID, which says that the audit itself went wrong and not the model.
* **Without five retrained models nothing passes**, and almost nothing fails: the verdict is \
INCONCLUSIVE, because a comparison with so few models decides nothing.
* **Where the forget set is small the engine says INCONCLUSIVE.** One row of 30 is worth 3.3 \
points of accuracy, so single models scatter over more than the margin of 10 points.
* **A margin is a promise of no more than the margin.** Retraining with a tenth of the forget rows \
left in moves forget accuracy by some four points and the attack by one or two, which lies \
inside the margins of this plan; such models often pass. Whoever must exclude them \
needs smaller margins, and more forget rows and seeds to make these decidable.

Each cell is the percentage of audits that end in PASS / FAIL / INCONCLUSIVE / INVALID.
"""


def page(cells: Sequence[Cell]) -> str:
    sizes = sorted({cell["forget_rows"] for cell in cells})
    n = max(_total(cell) for cell in cells)
    straw = [cell for cell in cells if cell["label"] in STRAW_MEN]
    exact = [cell for cell in cells if cell["label"] in EXACT and cell["rung"] == "L3"]
    parts = [
        HEAD.format(n=n, audits=n * len(sizes)),
        READING.format(
            straw_passed=_count(straw, Outcome.PASS),
            straw=_sum(straw),
            straw_limit=_limit(straw, Outcome.PASS),
            exact_failed=_count(exact, Outcome.FAIL),
            exact=_sum(exact),
            exact_limit=_limit(exact, Outcome.FAIL),
            invalid=_count(exact, Outcome.INVALID),
        ),
    ]
    for size in sizes:
        parts.append(f"\n## {size} rows to forget\n\n")
        parts.append(_table([cell for cell in cells if cell["forget_rows"] == size]))
    return "".join(parts)


def _table(cells: Sequence[Cell]) -> str:
    columns = sorted({(cell["rung"], cell["band"]) for cell in cells})
    by_key = {(cell["label"], cell["rung"], cell["band"]): cell for cell in cells}
    heads = [_head(rung, band) for rung, band in columns]
    lines = [_row(["", *heads]), _row(["---"] * (1 + len(heads)))]
    for kind, labels in KINDS.items():
        lines.append(_row([f"**{kind}**", *[""] * len(heads)]))
        for label in labels:
            shares = [_shares(by_key[label, *column]) for column in columns]
            lines.append(_row([label, *shares]))
    return "\n".join(lines) + "\n"


def _head(rung: str, band: int) -> str:
    if rung < "L2":
        return rung
    return f"{rung}, {band} retrained"


def _shares(cell: Cell) -> str:
    return " / ".join(f"{100 * cell.get(str(one), 0) / _total(cell):.0f}" for one in SHOWN)


def _row(parts: Iterable[str]) -> str:
    return "| " + " | ".join(parts) + " |"


def _total(cell: Cell) -> int:
    return sum(cell.get(str(one), 0) for one in SHOWN)


def _sum(cells: Sequence[Cell]) -> int:
    return sum(_total(cell) for cell in cells)


def _count(cells: Sequence[Cell], outcome: Outcome) -> int:
    return sum(cell.get(str(outcome), 0) for cell in cells)


def _limit(cells: Sequence[Cell], outcome: Outcome) -> str:
    return f"{100 * clopper_pearson_upper(_count(cells, outcome), _sum(cells)):.2g} %"
