from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.registry import registry as registry_module

MANIFEST = """\
api = 1
id = "{id}"
title = "A plugin of the tests"
version = "1"

[[contributions]]
kind = "selector"
id = "{id}-everything"
title = "Everything"
summary = "Selects every row."
object = "code:Everything"
params = "options:Options"
"""
CODE = """\
import numpy as np

from .options import DEFAULT


class Everything:
    default = DEFAULT

    def select(self, data, params):
        return np.ones(len(data.rows), dtype=bool)
"""
OPTIONS = """\
from pydantic import Field

from workbench.plugin_api import Params

DEFAULT = {default}


class Options(Params):
    alpha: float = Field(DEFAULT, gt=0, description="a setting")
"""

MakePlugin = Callable[..., Path]


@pytest.fixture(autouse=True)
def no_plugins_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the plugins nor the trust list of whoever runs the tests."""
    monkeypatch.setenv("WORKBENCH_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setattr(registry_module, "user_plugin_folder", lambda: tmp_path / "user-plugins")


@pytest.fixture
def make_plugin(tmp_path: Path) -> MakePlugin:
    """Writes a working plugin; keyword arguments replace or add files (None leaves one out)."""

    def make(
        folder: str = "plugins/one",
        plugin_id: str = "one",
        default: str = "0.5",
        **files: str | None,
    ) -> Path:
        path = tmp_path / folder
        path.mkdir(parents=True, exist_ok=True)
        content = {
            "plugin_toml": MANIFEST.format(id=plugin_id),
            "code_py": CODE,
            "options_py": OPTIONS.format(default=default),
            **files,
        }
        for name, text in content.items():
            if text is not None:
                stem, _, suffix = name.rpartition("_")
                (path / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
        return path

    return make
