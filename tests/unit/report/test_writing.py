from __future__ import annotations

from pathlib import Path

import pytest
from simulated_audit import SimulatedAudit, few_models, simulate

from workbench.core.errors import ProjectError, UsageError
from workbench.core.hashing import hash_file
from workbench.report import Report, write_report
from workbench.store import Project, verify


@pytest.fixture
def fresh(tmp_path: Path) -> SimulatedAudit:
    return simulate(tmp_path / "p.audit", few_models())


@pytest.mark.parametrize("kind", ["html", "json"])
def test_file_and_log_agree(fresh: SimulatedAudit, tmp_path: Path, kind: str) -> None:
    path = write_report(fresh.project, tmp_path / f"report.{kind}", kind)
    row = fresh.project.row("SELECT * FROM report")
    event = fresh.project.row("SELECT * FROM event ORDER BY seq DESC LIMIT 1")
    assert row is not None
    assert event is not None
    assert row["file_hash"] == hash_file(path) == event["payload"]["hash"]
    assert (row["format"], row["profile"], row["file_name"]) == (kind, "technical", path.name)
    assert event["type"] == "report.written"
    assert verify(fresh.project) == []


def test_json_file_is_the_report(fresh: SimulatedAudit, tmp_path: Path) -> None:
    path = write_report(fresh.project, tmp_path / "report.json", "json")
    assert Report.model_validate_json(path.read_bytes()).plan.hash == fresh.plan.hash


def test_unknown_format_names_the_known(fresh: SimulatedAudit, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'pdf'.*html or json"):
        write_report(fresh.project, tmp_path / "r.pdf", "pdf")


def test_unknown_profile_is_refused(fresh: SimulatedAudit, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"profile 'subject'.*technical"):
        write_report(fresh.project, tmp_path / "r.html", "html", profile="subject")


def test_failure_leaves_neither_file_nor_record(fresh: SimulatedAudit, tmp_path: Path) -> None:
    target = tmp_path / "taken"
    target.mkdir()
    (target / "inside").touch()
    with pytest.raises(ProjectError, match="'taken' cannot be written"):
        write_report(fresh.project, target, "json")
    assert fresh.project.row("SELECT * FROM report") is None
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".taken")] == []


def test_read_only_project_gets_no_unlogged_report(fresh: SimulatedAudit, tmp_path: Path) -> None:
    fresh.project.close()
    path = tmp_path / "r.html"
    with (
        Project.open(tmp_path / "p.audit", read_only=True) as project,
        pytest.raises(ProjectError, match="read-only"),
    ):
        write_report(project, path, "html")
    assert not path.exists()


def test_an_older_report_is_replaced_whole(fresh: SimulatedAudit, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("older")
    write_report(fresh.project, path, "json")
    assert path.read_text().startswith("{")
