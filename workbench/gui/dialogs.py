"""The questions the window asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

if TYPE_CHECKING:
    from workbench.gui.settings import Settings

_FILTER = "Projects (*.audit)"


def ask_new_project(parent: QWidget) -> Path | None:
    """A path for a new project, with its suffix; None if the user thinks better of it."""
    name, _ = QFileDialog.getSaveFileName(
        parent, "New project", "audit.audit", _FILTER,
        options=QFileDialog.Option.DontConfirmOverwrite,
    )  # fmt: skip
    if not name:
        return None
    path = Path(name)
    return path if path.suffix == ".audit" else path.with_name(path.name + ".audit")


def ask_project(parent: QWidget) -> Path | None:
    """The path of an existing project."""
    name, _ = QFileDialog.getOpenFileName(parent, "Open project", "", _FILTER)
    return Path(name) if name else None


def ask_stop(parent: QWidget) -> bool:
    """Work is going on: whether to stop it."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Work is going on")
    box.setText("Stop what is running and close?")
    box.setInformativeText(
        "Finished runs are kept. A run that is stopped can be resumed from its start later."
    )
    stop = box.addButton("Stop and close", QMessageBox.ButtonRole.DestructiveRole)
    keep = box.addButton("Keep running", QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.exec()
    stopped = box.clickedButton() is stop
    box.deleteLater()
    return stopped


def ask_settings(parent: QWidget, settings: Settings) -> Settings | None:
    """Changed settings; None if the user leaves them as they are."""
    from workbench.gui.settings_dialog import SettingsDialog

    dialog = SettingsDialog(settings, parent)
    accepted = dialog.exec() == SettingsDialog.DialogCode.Accepted
    changed = dialog.changed_settings() if accepted else None
    dialog.deleteLater()
    return changed


def show_palette(parent: QWidget, actions: list[QAction]) -> None:
    """Find an action by its name."""
    from workbench.gui.command_palette import CommandPalette

    CommandPalette(actions, parent).open()


def show_about(parent: QWidget, version: str) -> None:
    QMessageBox.about(
        parent,
        "About the workbench",
        f"<b>Unlearning Workbench {version}</b><p>Shows whether a trained model has forgotten "
        "what it was asked to forget.</p><p>Apache-2.0. It uses Qt through PySide6 (LGPL 3). "
        "No network, no telemetry.</p>",
    )
