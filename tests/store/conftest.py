from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store_examples import populate

from workbench.store import Project


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.audit"


@pytest.fixture
def project(path: Path) -> Iterator[Project]:
    with Project.create(path, "Study") as project:
        yield project


@pytest.fixture(scope="session")
def populated_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A closed project file with a row in every table."""
    path = tmp_path_factory.mktemp("populated") / "full.audit"
    with Project.create(path, "Full") as project:
        populate(project)
    return path.read_bytes()


@pytest.fixture
def populated(path: Path, populated_bytes: bytes) -> Path:
    path.write_bytes(populated_bytes)
    return path
