from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from simulated_audit import SimulatedAudit, few_models, simulate

from workbench.report import Report, collect, render_html


@pytest.fixture(scope="session")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedAudit]:
    """A judged project, shared by tests that only read it."""
    folder: Path = tmp_path_factory.mktemp("report")
    simulated = simulate(folder / "ward4.audit", few_models())
    yield simulated
    simulated.project.close()


@pytest.fixture(scope="session")
def report(audit: SimulatedAudit) -> Report:
    return collect(audit.project)


@pytest.fixture(scope="session")
def page(report: Report) -> str:
    return render_html(report)
