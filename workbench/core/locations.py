"""Where the built-in plugins and resources are, in a checkout and in an installed wheel."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_BUNDLED = _PACKAGE / "_bundled"  # made by the wheel build, see pyproject.toml
_BASE = _BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent

BUILTIN_PLUGINS = _BASE / "plugins"
RESOURCES = _BASE / "resources"
DEMO_PLAN = RESOURCES / "demo" / "digits.toml"
GOLD_PLAN = RESOURCES / "selfcheck" / "gold.toml"


def user_plugin_folder() -> Path:
    """Where a user may put plugins; it need not exist. $WORKBENCH_PLUGIN_DIR overrides it."""
    if chosen := os.environ.get("WORKBENCH_PLUGIN_DIR"):
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("unlearning-workbench", appauthor=False)) / "plugins"


def user_config_folder() -> Path:
    """Where settings and the list of trusted plugins are; $WORKBENCH_CONFIG_DIR overrides it."""
    if chosen := os.environ.get("WORKBENCH_CONFIG_DIR"):
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_config_dir("unlearning-workbench", appauthor=False))
