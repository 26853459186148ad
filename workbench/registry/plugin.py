"""What discovery finds: plugins by their manifests, and the ones that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from workbench.core.hashing import hash_folder
from workbench.plugin_api.manifest import Manifest


class Origin(StrEnum):
    """Where a plugin was found."""

    BUILTIN = "builtin"
    FOLDER = "folder"
    DISTRIBUTION = "distribution"


@dataclass(frozen=True)
class Plugin:
    """A plugin whose manifest was read; none of its code has run."""

    manifest: Manifest
    folder: Path
    origin: Origin

    @property
    def id(self) -> str:
        return self.manifest.id

    @cached_property
    def hash(self) -> str:
        """Hash of its files, as they were when first asked for."""
        return hash_folder(self.folder)


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """A plugin that cannot be used, and the first reason in one sentence."""

    where: Path | str
    problem: str
