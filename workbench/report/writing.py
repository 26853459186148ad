"""Write a report file, and note in the project that it was made."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from workbench.core.errors import ProjectError, UsageError
from workbench.core.hashing import hash_bytes
from workbench.report.contents import collect
from workbench.report.document import Report
from workbench.report.html import render_html
from workbench.store import Project, now

PROFILES = ("technical",)


def render_json(report: Report) -> str:
    """The whole report as one JSON document: same keys in the same order, no NaN."""
    return json.dumps(report.model_dump(mode="json"), ensure_ascii=False, allow_nan=False, indent=1)


def _html(report: Report) -> bytes:
    return render_html(report).encode()


def _json(report: Report) -> bytes:
    return render_json(report).encode()


Renderer = Callable[[Report], bytes]
RENDERERS: Mapping[str, Renderer] = {"html": _html, "json": _json}
FORMATS = tuple(RENDERERS)
_SUFFIXES = (".html", ".htm", ".json", ".pdf")


def write_report(
    project: Project,
    path: Path,
    format: str,  # noqa: A002 - the word of the command line
    plan_id: int | None = None,
    profile: str = "technical",
    renderers: Mapping[str, Renderer] = RENDERERS,
) -> Path:
    """Write the report on one plan (the newest if none is named) and log it; the file's path.

    `renderers`: one for every format that may be asked for, since some need rooms above this one.
    The file appears whole or not at all. UsageError for an unknown format or profile,
    ProjectError if the file cannot be written.
    """
    _require("format", format, tuple(renderers))
    _require("profile", profile, PROFILES)
    _spare(path)
    report = collect(project, plan_id)
    content = renderers[format](report)
    with project.transaction(
        "report.written",
        subject=f"plan:{report.plan.id}",
        payload={"format": format, "profile": profile, "hash": hash_bytes(content)},
    ) as tx:
        tx.insert(
            "report",
            plan_id=report.plan.id,
            format=format,
            profile=profile,
            file_name=path.name,
            file_hash=hash_bytes(content),
            created=now(),
        )
        _replace(path, content)  # last, so that no file is left whose making was not logged
    return path


def _spare(path: Path) -> None:
    """Refuse to put a report in the place of anything but an earlier report."""
    if path.is_file() and path.suffix.lower() not in _SUFFIXES:
        raise UsageError(
            f"{path.name!r} exists and is no report, so it is not overwritten.",
            remedy="Choose another name, ending in .html, .json or .pdf.",
        )


def _require(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise UsageError(
            f"There is no report {what} {given!r}.", remedy=f"Use {' or '.join(known)}."
        )


def _replace(path: Path, content: bytes) -> None:
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as fault:
        raise ProjectError(
            f"The report {path.name!r} cannot be written: {fault.strerror}.",
            remedy="Choose another folder.",
        ) from fault
