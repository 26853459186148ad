"""Which plugins may run code here: the built-in ones, and those a user trusted by their hash."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from workbench.core.errors import PluginError
from workbench.core.hashing import hash_folder
from workbench.core.locations import user_config_folder
from workbench.registry.plugin import Origin, Plugin


def is_trusted(plugin: Plugin) -> bool:
    """True for a built-in plugin, and for one trusted with exactly the files it still has."""
    if plugin.origin is Origin.BUILTIN:
        return True
    return plugin.hash in _read() and plugin.hash == hash_folder(plugin.folder)


def trust(plugin: Plugin) -> None:
    """Let the plugin run code from now on, as long as its files keep this hash."""
    trusted = _read()
    trusted[plugin.hash] = {"id": plugin.id, "folder": str(plugin.folder)}
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_suffix(f".{os.getpid()}.tmp")
    written.write_text(json.dumps(trusted, indent=2, sort_keys=True), encoding="utf-8")
    written.replace(file)


def require_trust(plugin: Plugin) -> None:
    """Raise PluginError, saying how to trust it, unless the plugin may run code."""
    if not is_trusted(plugin):
        raise PluginError(
            f"Plugin {plugin.id!r} in {plugin.folder} is not trusted, or has changed since it was.",
            remedy="Read its code, then run 'workbench plugins trust "
            f"{plugin.id} --plugins {plugin.folder}'.",
        )


def _file() -> Path:
    return user_config_folder() / "trusted-plugins.json"


def _read() -> dict[str, Any]:
    file = _file()
    try:
        trusted = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as fault:
        raise PluginError(
            f"The list of trusted plugins {file} cannot be read.",
            remedy="Remove it and trust your plugins again.",
        ) from fault
    if not isinstance(trusted, dict):
        raise PluginError(
            f"The list of trusted plugins {file} is not a list of hashes.",
            remedy="Remove it and trust your plugins again.",
        )
    return trusted
