"""What the Plan page asks: which file, whether to lock, whether to trust."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QListWidget,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from workbench.audit.draft import Content
from workbench.gui.pages.plan.contents import PluginFiles
from workbench.gui.pages.plan.criterion_row import in_words
from workbench.gui.widgets.blocks import button, heading, muted

_FILTER = "Plans (*.toml)"
_WIDTH = 480


def ask_plan_file(parent: QWidget) -> Path | None:
    """An existing plan file; None if the user thinks better of it."""
    name, _ = QFileDialog.getOpenFileName(parent, "Import a plan", "", _FILTER)
    return Path(name) if name else None


def ask_new_plan_file(parent: QWidget, name: str) -> Path | None:
    """Where to write a plan, with its suffix."""
    chosen, _ = QFileDialog.getSaveFileName(parent, "Export the plan", f"{name}.toml", _FILTER)
    if not chosen:
        return None
    path = Path(chosen)
    return path if path.suffix == ".toml" else path.with_name(f"{path.name}.toml")


def ask_lock(parent: QWidget, content: Content, plan_hash: str) -> bool:
    """Whether to lock a plan, after saying what that means."""
    return _answer(lock_dialog(parent, content, plan_hash))


def ask_trust(parent: QWidget, files: PluginFiles) -> bool:
    """Whether a plugin may run its code, after showing what it consists of."""
    return _answer(trust_dialog(parent, files))


def lock_dialog(parent: QWidget, content: Content, plan_hash: str) -> QDialog:
    criteria = QListWidget()
    criteria.setAccessibleName("Criteria that are locked")
    criteria.setWordWrap(True)
    criteria.addItems([in_words(one) for one in content["criteria"]])
    return _dialog(
        parent,
        f"Lock “{content['name']}”",
        "Locking fixes what is audited, how, and what counts as passing, before anybody has seen "
        "a result. A locked plan is never changed or undone; a new plan can be started from it. "
        "The lock is written into the evidence log with this hash.",
        (_hash_line(plan_hash), muted("These criteria are fixed"), criteria),
        "Lock plan",
    )


def trust_dialog(parent: QWidget, files: PluginFiles) -> QDialog:
    plugin = files.plugin
    listed = QListWidget()
    listed.setAccessibleName("Files of the plugin")
    listed.addItems(list(files.files))
    return _dialog(
        parent,
        f"Trust the plugin “{plugin.manifest.title}”",
        "A plugin is a program: once trusted it can do whatever you can do on this computer. Read "
        "its files first. The trust holds for exactly these files; when one changes, you are "
        "asked again.",
        (muted(str(plugin.folder)), _hash_line(files.hash), listed),
        "Trust this plugin",
    )


def _dialog(
    parent: QWidget, title: str, meaning: str, parts: tuple[QWidget, ...], yes: str
) -> QDialog:
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setAccessibleName(title)
    dialog.setMinimumWidth(_WIDTH)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(16, 16, 16, 16)
    layout.addWidget(heading(title))
    layout.addWidget(muted(meaning))
    for part in parts:
        layout.addWidget(part)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    accept = button(yes, primary=True)
    buttons.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    layout.addWidget(buttons)
    buttons.button(QDialogButtonBox.StandardButton.Cancel).setDefault(True)
    return dialog


def _hash_line(text: str) -> QPlainTextEdit:
    """Two lines that can be copied."""
    line = QPlainTextEdit(text)
    line.setReadOnly(True)
    line.setAccessibleName("Hash")
    line.setTabChangesFocus(True)
    line.setFixedHeight(line.fontMetrics().lineSpacing() * 2 + 14)
    return line


def _answer(dialog: QDialog) -> bool:
    accepted = dialog.exec() == QDialog.DialogCode.Accepted
    dialog.deleteLater()
    return accepted
