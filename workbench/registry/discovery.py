"""Finds manifests and reads them. No plugin code is imported here."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from workbench.core.validation import describe_fault
from workbench.plugin_api.manifest import API_VERSION, Manifest
from workbench.registry.loader import module_file
from workbench.registry.plugin import BrokenPlugin, Origin, Plugin

MANIFEST = "plugin.toml"
GROUP = "unlearning_workbench.plugins"


class ManifestError(Exception):
    """Why a manifest cannot be used, in one sentence."""


def manifests_below(folder: Path) -> list[Path]:
    """The manifest of `folder` itself, or those one or two levels down, in a stable order."""
    if (folder / MANIFEST).is_file():
        return [folder / MANIFEST]
    shallow = sorted(folder.glob(f"*/{MANIFEST}"))
    plugins = {manifest.parent for manifest in shallow}
    deep = [m for m in sorted(folder.glob(f"*/*/{MANIFEST}")) if m.parent.parent not in plugins]
    return shallow + deep


def read_plugin(manifest: Path, origin: Origin) -> Plugin | BrokenPlugin:
    """Read one manifest; whatever is wrong with it comes back as a sentence."""
    try:
        return Plugin(read_manifest(manifest), manifest.parent, origin)
    except ManifestError as fault:
        return BrokenPlugin(manifest, str(fault))


def read_manifest(file: Path) -> Manifest:
    """Read and check one `plugin.toml`. ManifestError names the file and the first fault."""
    subject = f"The manifest {file}"
    content = _toml(file, subject)
    api = content.get("api")
    if isinstance(api, int) and not 1 <= api <= API_VERSION:
        raise ManifestError(
            f"{subject} is written for plugin API {api}, but this workbench has {API_VERSION}."
        )
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as fault:
        raise ManifestError(describe_fault(fault, subject, model=Manifest)) from fault
    _check_contributions(manifest, file.parent, subject)
    return manifest


def installed_plugins() -> Iterator[Plugin | BrokenPlugin]:
    """Plugins of installed distributions, which name their manifest as `package:plugin.toml`."""
    for entry in sorted(entry_points(group=GROUP), key=lambda e: (e.name, e.value)):
        manifest = _locate(entry)
        if manifest is None:
            yield BrokenPlugin(
                entry.name,
                f"The entry point {entry.name!r} names {entry.value!r}, where there is no file.",
            )
        else:
            yield read_plugin(manifest, Origin.DISTRIBUTION)


def _toml(file: Path, subject: str) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        raise ManifestError(f"{subject} cannot be read as text.") from fault
    except tomllib.TOMLDecodeError as fault:
        problem = str(fault).rstrip(".")
        raise ManifestError(f"{subject} is not valid TOML: {problem}.") from fault


def _check_contributions(manifest: Manifest, folder: Path, subject: str) -> None:
    seen = set()
    for contribution in manifest.contributions:
        key = (contribution.kind, contribution.id)
        if key in seen:
            raise ManifestError(f"{subject} declares the {key[0]} {key[1]!r} twice.")
        seen.add(key)
        for reference in filter(None, (contribution.object, contribution.params)):
            if module_file(folder, reference.partition(":")[0]) is None:
                raise ManifestError(
                    f"{subject} refers to {reference!r}, but the folder holds no such module."
                )


def _locate(entry: EntryPoint) -> Path | None:
    """The file `package:relative/path`, found without importing the package or its parents."""
    package, _, relative = entry.value.partition(":")
    top, *rest = package.strip().split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(part, list(spec.submodule_search_locations))
    if spec is None or not relative:
        return None
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    files = (folder / relative.strip() for folder in folders)
    return next((file for file in files if file.is_file()), None)
