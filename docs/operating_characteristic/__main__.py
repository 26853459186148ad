"""How often the verdict is right: many toy audits whose answers are known, and a table of them.

python docs/operating_characteristic --audits 120

writes docs/operating-characteristic.json (the counts) and docs/operating-characteristic.md.
`--audits 0` only writes the page anew from the counts.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from page import page
from study import characteristic

DOCS = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the operating characteristic.")
    parser.add_argument("--audits", type=int, default=120, help="of each size of forget set")
    parser.add_argument("--out", type=Path, default=DOCS / "operating-characteristic.json")
    options = parser.parse_args()
    if options.audits:
        options.out.write_text(json.dumps(characteristic(options.audits), indent=1) + "\n")
    options.out.with_suffix(".md").write_text(page(json.loads(options.out.read_text())))


main()
