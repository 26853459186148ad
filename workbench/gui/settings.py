"""What the window remembers between starts: a small JSON file in the user's settings folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbench.core.locations import user_config_folder

_FILE = "window.json"
_RECENT = 12


class Settings(BaseModel):
    """Everything has a default, and unknown keys of other versions are left out."""

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    theme: Literal["system", "light", "dark"] = "system"
    recent: tuple[str, ...] = ()
    device: str = "auto"
    jobs: int | None = Field(None, ge=1, le=256, description="runs at a time; None: one per core")
    plugin_folders: tuple[str, ...] = ()
    geometry: str = ""
    docks: str = ""

    def remember(self, project: Path) -> None:
        """Put a project first among the recent ones."""
        path = str(project.resolve())
        others = [one for one in self.recent if one != path]
        self.recent = (path, *others[: _RECENT - 1])

    def forget(self, project: str) -> None:
        """Take a project off the recent ones."""
        self.recent = tuple(one for one in self.recent if one != project)


def read_settings() -> tuple[Settings, str]:
    """The stored settings, and a sentence if they cannot be read and the defaults are used."""
    file = user_config_folder() / _FILE
    try:
        return Settings.model_validate(json.loads(file.read_text(encoding="utf-8"))), ""
    except FileNotFoundError:
        return Settings(), ""
    except (OSError, ValueError, ValidationError):
        return Settings(), f"The settings in {file} cannot be read, so the defaults are used."


def write_settings(settings: Settings) -> None:
    """Replace the stored settings. OSError if the folder cannot be written."""
    folder = user_config_folder()
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{_FILE}.{os.getpid()}.tmp"
    written.write_text(settings.model_dump_json(indent=2), encoding="utf-8")
    written.replace(folder / _FILE)
