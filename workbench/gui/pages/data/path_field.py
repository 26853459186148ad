"""A line with the path of a file, and a button that looks for one."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from workbench.gui.widgets.blocks import button


class PathField(QWidget):
    """`kinds` is a filter of Qt's, like "Weights (*.pt *.safetensors)"."""

    changed = Signal()

    def __init__(self, title: str, kinds: str, hint: str = "", parent: QWidget | None = None):
        super().__init__(parent)
        self._title, self._kinds = title, kinds
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(hint)
        self.edit.setAccessibleName(title)
        self.edit.textChanged.connect(self.changed)
        browse = button("Browse…", f"Browse for the {title.lower()}")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.edit, 1)
        layout.addWidget(browse)
        self.setFocusProxy(self.edit)

    @property
    def path(self) -> Path | None:
        """None if the line is empty."""
        text = self.edit.text().strip()
        return Path(os.path.expanduser(text)) if text else None  # noqa: PTH111 - never fails

    def fault(self) -> str:
        """A sentence if there is no such file; "" also for an empty line."""
        path = self.path
        is_there = path is None or os.path.isfile(path)  # noqa: PTH113 - never fails
        return "" if is_there else f"There is no file “{path}”."

    def _browse(self) -> None:
        start = str(self.path.parent) if self.path else str(Path.home())
        dialog = QFileDialog(self, self._title, start, self._kinds)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.edit.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
