"""Projects to show: an empty one, one with data only, and a small finished one."""

import os
import shutil
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest

from workbench.audit.plan import plan_from
from workbench.gui.testing import leak_check, make_session, make_window  # noqa: F401
from workbench.jobs.campaign import Campaign
from workbench.jobs.importing import import_dataset
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.registry import Registry
from workbench.store import Project

DIGITS = {"train_rows": 120, "non_member_rows": 120, "label_noise": 0.1}


def pytest_collection_modifyitems(items):
    """A warning of Qt is a fault of ours."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            # The offscreen platform says the first about every window that has a least size, the
            # test library the second about pyqtgraph, which leaves presses that it uses unaccepted.
            item.add_marker(
                pytest.mark.qt_log_ignore("propagateSizeHints", "Mouse event .* not accepted")
            )


def small_plan(**changes):
    """Seconds long, but with everything a page shows."""
    return {
        "version": 1,
        "name": "small",
        "attacks": ["loss", "confidence"],
        "attributions": ["saliency", "integrated-gradients"],
        "attribution_rows": 4,
        "data": {"use": "digits"},
        "model": {"architecture": "mlp", "params": {"hidden": [16]}},
        "recipe": {"epochs": 3, "learning_rate": 0.01},
        "forget_sets": [{"name": "threes", "where": "class == 3"}],
        "reference": {"band_seeds": [1, 2, 3], "control_seeds": [4]},
        "recovery": {"relearn_cap": 3, "retain_epochs": 1},
        "methods": [{"id": "fine-tune", "params": {"epochs": 1}, "seeds": [0, 1]}],
        "criteria": [
            {"name": "forget accuracy", "metric": "accuracy", "split": "forget", "margin": 0.1},
            {
                "name": "attack",
                "metric": "membership_auc",
                "split": "forget",
                "group": "loss",
                "margin": 0.1,
            },
        ],
        **changes,
    }


@pytest.fixture(scope="session")
def made_projects(tmp_path_factory):
    """Made once, copied by each test that wants one."""
    folder = tmp_path_factory.mktemp("made")
    with Project.create(folder / "empty.audit", "Empty"):
        pass
    registry = Registry.discover()
    with Project.create(folder / "data.audit", "Data only") as project:
        import_dataset(project, registry, "digits", None, DIGITS, name="digits")
    shutil.copy(folder / "data.audit", folder / "small.audit")
    with (
        Project.open(folder / "small.audit") as project,
        LanePool([Lane("cpu", in_process=True)]) as pool,
    ):
        Campaign(project, plan_from(small_plan()), folder=folder).run(pool)
    return folder


@pytest.fixture
def empty_project(made_projects, tmp_path):
    """A project with nothing in it."""
    return Path(shutil.copy(made_projects / "empty.audit", tmp_path / "empty.audit"))


@pytest.fixture
def data_project(made_projects, tmp_path):
    """A project with a dataset and nothing else."""
    return Path(shutil.copy(made_projects / "data.audit", tmp_path / "data.audit"))


@pytest.fixture
def small_project(made_projects, tmp_path):
    """A project with a judged plan of 11 runs on one forget set."""
    return Path(shutil.copy(made_projects / "small.audit", tmp_path / "small.audit"))
