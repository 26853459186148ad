"""The demo, for the window: its plan, and the project it is lived in."""

from __future__ import annotations

from pathlib import Path

from workbench.audit.plan import Plan, read_plan
from workbench.core.locations import DEMO_PLAN
from workbench.store import Project

_FILE = "digits.audit"


def demo_folder() -> Path:
    """Where the demo is kept when nobody says where."""
    import platformdirs

    return Path(platformdirs.user_documents_dir()) / "Unlearning Workbench demo"


def demo_plan() -> Plan:
    return read_plan(DEMO_PLAN)


def demo_project(folder: Path) -> Path:
    """The project file of the demo in `folder`, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _FILE
    if not path.exists():
        Project.create(path, "Digits demo").close()
    return path
