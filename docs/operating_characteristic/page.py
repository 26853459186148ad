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

* **A straw man never passes**: {straw_passed} of {straw} verdicts at all rungs are PASS. The \
verdicts of one audit hang together, so what this shows is that one passes in at most \
{straw_limit} of audits (95 % upper limit over {audits}).
* **An exact retrain fails no more often than the plan's error rate of 5 %**: with five or more \
retrained models {exact_failed} of {exact} verdicts are FAIL, so it happens in at most \
{exact_limit} of audits. {invalid} are INVALID, which says that the audit itself went wrong and \
not the model.
* **With fewer than five retrained models nothing is decided**: at rungs L0 to L2 {few_open} of \
{few} verdicts are INCONCLUSIVE, of straw men too.
* **Where power is lacking the engine says INCONCLUSIVE.** One row of 30 is worth 3.3 points of \
accuracy, so single models scatter over about the margin of 10 points, and most exact retrains \
cannot be told from failures. More seeds help, more forget rows help more.
* **A margin promises no more than the margin.** Leaving a tenth of the forget rows in the \
training set moves forget accuracy by about three points, well inside the margin, and such models \
often pass. Leaving 30 % in moves it by about ten, to the margin itself, and at most \
{edge_passed} of these pass. Whoever must exclude a tenth needs smaller margins, and more rows \
and seeds to make them decidable.

Below, each cell is the percentage of audits that end in PASS / FAIL / INCONCLUSIVE / INVALID, by \
the number of retrained models in the band.
"""


def page(cells: Sequence[Cell]) -> str:
    sizes = sorted({cell["forget_rows"] for cell in cells})
    n = max(_total(cell) for cell in cells)
    straw = [cell for cell in cells if cell["label"] in STRAW_MEN]
    exact = [cell for cell in cells if cell["label"] in EXACT and cell["rung"] == "L3"]
    few = [cell for cell in cells if cell["rung"] < "L3"]
    edge = [cell for cell in cells if cell["label"] == "retrained, 30 % of the rows left in"]
    parts = [
        HEAD.format(n=n, audits=n * len(sizes)),
        READING.format(
            straw_passed=_count(straw, Outcome.PASS),
            straw=_sum(straw),
            straw_limit=_limit(straw, Outcome.PASS, n * len(sizes)),
            audits=n * len(sizes),
            exact_failed=_count(exact, Outcome.FAIL),
            exact=_sum(exact),
            exact_limit=_limit(exact, Outcome.FAIL, n * len(sizes)),
            invalid=_count(exact, Outcome.INVALID),
            few_open=_count(few, Outcome.INCONCLUSIVE),
            few=_sum(few),
            edge_passed=f"{100 * max(one.get('PASS', 0) / _total(one) for one in edge):.0f} %",
        ),
    ]
    for size in sizes:
        parts.append(f"\n## {size} rows to forget\n\n")
        shown = [cell for cell in cells if cell["forget_rows"] == size and cell["rung"] == "L3"]
        parts.append(_table(shown))
    return "".join(parts)


def _table(cells: Sequence[Cell]) -> str:
    bands = sorted({cell["band"] for cell in cells})
    by_key = {(cell["label"], cell["band"]): cell for cell in cells}
    heads = [f"{band} retrained" for band in bands]
    lines = [_row(["", *heads]), _row(["---"] * (1 + len(heads)))]
    for kind, labels in KINDS.items():
        lines.append(_row([f"**{kind}**", *[""] * len(heads)]))
        for label in labels:
            shares = [_shares(by_key[label, band]) for band in bands]
            lines.append(_row([label, *shares]))
    return "\n".join(lines) + "\n"


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


def _limit(cells: Sequence[Cell], outcome: Outcome, audits: int) -> str:
    """Upper limit of the share of audits with such a verdict, were each in an audit of its own."""
    affected = min(_count(cells, outcome), audits)
    return f"{100 * clopper_pearson_upper(affected, audits):.2g} %"
