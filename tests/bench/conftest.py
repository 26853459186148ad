from __future__ import annotations

from collections.abc import Iterator

import pytest
from figures import RESULTS, Figures


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """One table for the whole run; it is filed only if no section is missing or failed."""
    collected = Figures()
    yield collected
    print(collected.table())
    if collected.is_complete and not request.session.testsfailed:
        collected.write(RESULTS)
        print(f"\nWritten to {RESULTS}.")
    else:
        print("\nNot written to a file: some sections are missing or failed.")
