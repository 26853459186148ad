"""What a command says: results on standard output, progress and errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from workbench.core.errors import WorkbenchError


class Output:
    """One document or plain lines on standard output; everything else on standard error."""

    def __init__(self, *, json: bool) -> None:
        self.json = json

    def result(self, document: dict[str, Any], lines: Iterable[str]) -> None:
        """The result of the command, as `document` with --json and as `lines` without."""
        text = json.dumps(document, indent=2, allow_nan=False) if self.json else "\n".join(lines)
        print(text, flush=True)

    def note(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def failure(self, error: WorkbenchError) -> None:
        if self.json:
            document = {"error": error.message, "remedy": error.remedy, "exit": error.exit_code}
            print(json.dumps(document), flush=True)
        self.note(f"workbench: {error}")


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> list[str]:
    """Left-aligned columns, two spaces apart, as lines."""
    everything = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[i]) for row in everything) for i in range(len(header))]
    return [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in everything
    ]
