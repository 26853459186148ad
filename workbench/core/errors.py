"""Every error a user can meet: one plain sentence, and what to do about it."""

from __future__ import annotations


class WorkbenchError(Exception):
    """An error that is shown to the user without a traceback.

    `message` names the thing that is wrong in one sentence; `remedy` says what to do about it.
    """

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class UsageError(WorkbenchError):
    """The command, plan or parameter the user gave cannot be taken as it is."""

    exit_code = 2


class DataError(WorkbenchError):
    """A dataset, model file or forget set that cannot be audited as it is."""


class ProjectError(WorkbenchError):
    """A project file that cannot be opened, read or written."""


class PluginError(WorkbenchError):
    """A plugin that is missing, broken, untrusted, or that failed while running."""

    def __init__(self, message: str, *, remedy: str = "", plugin: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.plugin = plugin
