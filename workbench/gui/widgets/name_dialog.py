"""Asking for a new name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from workbench.gui.widgets.blocks import fault_label, set_fault


class NameDialog(QDialog):
    """Shows what is wrong with a name while it is typed; `fault_of` returns "" for a good one."""

    def __init__(
        self,
        title: str,
        label: str,
        name: str,
        fault_of: Callable[[str], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._before = name
        self._fault_of = fault_of
        self._edit = QLineEdit(name)
        self._edit.setAccessibleName(label)
        self._edit.selectAll()
        self._fault = fault_label()
        caption = QLabel(label)
        caption.setBuddy(self._edit)
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Rename")
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (caption, self._edit, self._fault, self._buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(360)
        self._edit.textChanged.connect(self._check)
        self._check()

    @property
    def name(self) -> str:
        return self._edit.text().strip()

    def _check(self) -> None:
        fault = self._fault_of(self.name)
        set_fault(self._fault, fault)
        is_new = self.name != self._before
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(is_new and not fault)


def ask_name(
    parent: QWidget,
    title: str,
    label: str,
    name: str,
    fault_of: Callable[[str], str],
    then: Callable[[str], None],
) -> None:
    """Ask without blocking; `then` gets a good name that differs from the one before."""
    dialog = NameDialog(title, label, name, fault_of, parent)
    dialog.accepted.connect(lambda: then(dialog.name))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
