"""Imports plugin code: every plugin folder becomes a package of its own, `workbench_plugins.NAME`.

Relative imports work inside a folder, two plugins never share a module, and modules are compiled
from their source each time, because cached bytecode is no part of the hash a user trusted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from workbench.core.errors import PluginError
from workbench.core.hashing import hash_bytes
from workbench.registry.plugin import Origin, Plugin
from workbench.registry.trust import require_trust

_ROOT = "workbench_plugins"


def load_object(plugin: Plugin, reference: str) -> Any:
    """The object `module:Name` of a trusted plugin. PluginError if there is none to be had."""
    require_trust(plugin)
    module_name, _, name = reference.partition(":")
    module = _import(plugin, module_name)
    try:
        return getattr(module, name)
    except AttributeError as fault:
        raise PluginError(
            f"Plugin {plugin.id!r}: there is no {name!r} in {module_name}.py.",
            remedy="Correct the reference in its plugin.toml.",
        ) from fault


def module_file(folder: Path, module_name: str) -> Path | None:
    """The source file of a module inside a plugin folder; None if absent or outside of it."""
    stem = folder.joinpath(*module_name.split("."))
    for file in (stem.with_name(f"{stem.name}.py"), stem / "__init__.py"):
        if file.is_file():
            return file if _inside(file, folder) else None
    return None


def _import(plugin: Plugin, module_name: str) -> ModuleType:
    name = f"{_package_name(plugin)}.{module_name}"
    _FINDER.add(_package_name(plugin), plugin.folder)
    try:
        return importlib.import_module(name)
    except Exception as fault:
        raise PluginError(
            f"Plugin {plugin.id!r}: {module_name}.py cannot be imported "
            f"({type(fault).__name__}: {fault}).",
            remedy=f"See {plugin.folder}.",
        ) from fault


def _package_name(plugin: Plugin) -> str:
    name = plugin.id.replace("-", "_")
    if plugin.origin is not Origin.BUILTIN:
        name += f"_{hash_bytes(f'{plugin.folder}{plugin.hash}'.encode())[:12]}"
    return f"{_ROOT}.{name}"


def _inside(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())


class _SourceOnly(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _PluginFinder(MetaPathFinder):
    """Finds `workbench_plugins`, the package of each plugin folder, and the modules in them."""

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}

    def add(self, package: str, folder: Path) -> None:
        self._folders[package] = folder
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)  # before the finder that reads cached bytecode

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del target
        if fullname == _ROOT:
            return ModuleSpec(fullname, None, is_package=True)
        if fullname in self._folders:
            return _package_spec(fullname, self._folders[fullname])
        package = ".".join(fullname.split(".")[:2])
        if package not in self._folders or not path:
            return None
        spec = FileFinder(path[0], (_SourceOnly, [".py"])).find_spec(fullname)
        folder = self._folders[package]
        for found in [spec.origin, *(spec.submodule_search_locations or [])] if spec else []:
            if found and not _inside(Path(found), folder):
                raise ImportError(f"{found} lies outside the plugin folder {folder}")
        return spec


def _package_spec(fullname: str, folder: Path) -> ModuleSpec | None:
    init = folder / "__init__.py"
    if init.is_file():
        return spec_from_file_location(
            fullname,
            init,
            loader=_SourceOnly(fullname, str(init)),
            submodule_search_locations=[str(folder)],
        )
    spec = ModuleSpec(fullname, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    return spec


_FINDER = _PluginFinder()
