"""The study of the verdict lies beside the page it writes, not in a package."""

import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS / "operating_characteristic"))
