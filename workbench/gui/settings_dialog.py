"""What a user may change about the window and the compute lanes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QListWidget,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.settings import Settings
from workbench.gui.widgets.blocks import button, column, fault_label, muted, row, set_fault

Theme = Literal["system", "light", "dark"]

_THEMES: dict[Theme, str] = {"system": "As the system", "light": "Light", "dark": "Dark"}
_DEVICES = ("auto", "cpu", "cuda", "mps")
_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
_MOST_JOBS = 256
_LIST_HEIGHT = 110


class SettingsDialog(QDialog):
    """Changes a copy, which `changed_settings` gives once the dialog was accepted."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._before = settings
        self._theme = self._theme_box()
        self._device = self._device_box()
        self._jobs = self._jobs_box()
        self._folders = QListWidget()
        self._folders.setAccessibleName("Plugin folders")
        self._folders.addItems(list(settings.plugin_folders))
        self._folders.setMaximumHeight(_LIST_HEIGHT)
        self._add = button("Add…", "Add a plugin folder")
        self._add.clicked.connect(self._ask_for_folder)
        self._remove = button("Remove", "Remove the plugin folder")
        self._remove.clicked.connect(self._remove_folder)
        self._folders.currentRowChanged.connect(self._check)
        self._device_fault = fault_label()
        self._folder_fault = fault_label()
        self._buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._lay_out()
        self._check()

    def changed_settings(self) -> Settings:
        """Those in the dialog now, with everything else as it was."""
        return self._before.model_copy(
            update={
                "theme": self._theme.currentData(),
                "device": self._device.currentText().strip(),
                "jobs": self._jobs.value() or None,
                "plugin_folders": self._listed(),
            }
        )

    @property
    def needs_reopening(self) -> bool:
        """Whether an open project takes up the changes only when it is opened again."""
        before, after = self._before, self.changed_settings()
        return any(
            getattr(before, name) != getattr(after, name)
            for name in ("device", "jobs", "plugin_folders")
        )

    def add_folder(self, folder: Path) -> None:
        """List a plugin folder, unless it is listed already."""
        if str(folder) not in self._listed():
            self._folders.addItem(str(folder))
        self._check()

    def _theme_box(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName("Theme")
        for theme in get_args(Theme):
            box.addItem(_THEMES[theme], theme)
        box.setCurrentIndex(box.findData(self._before.theme))
        return box

    def _device_box(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName("Device")
        box.setToolTip("auto takes an accelerator if there is one; cuda:1 is the second one")
        box.setEditable(True)
        box.addItems(_DEVICES)
        box.setEditText(self._before.device)
        box.editTextChanged.connect(self._check)
        return box

    def _jobs_box(self) -> QSpinBox:
        box = QSpinBox()
        box.setAccessibleName("Runs at a time")
        box.setToolTip("How many runs compute beside each other, each in a process of its own")
        box.setRange(0, _MOST_JOBS)
        box.setSpecialValueText("Automatic")
        box.setValue(self._before.jobs or 0)
        box.setMinimumHeight(self._device.sizeHint().height())
        box.valueChanged.connect(self._check)
        return box

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Theme", self._theme)
        form.addRow("Device", column(self._device, self._device_fault))
        form.addRow(
            "Runs at a time",
            column(self._jobs, muted("Automatic: one per core, or one per accelerator")),
        )
        form.addRow(
            "Plugin folders",
            column(
                self._folders,
                row(self._add, self._remove),
                self._folder_fault,
                muted("No code of a plugin runs before you have said that you trust it"),
            ),
        )
        self._note = QLabel("Device, runs and plugins change when a project is opened again")
        self._note.setProperty("muted", "true")
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addStretch(1)
        layout.addWidget(self._note)
        layout.addWidget(self._buttons)
        self.resize(560, self.sizeHint().height())

    def _listed(self) -> tuple[str, ...]:
        return tuple(self._folders.item(at).text() for at in range(self._folders.count()))

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, "Add a plugin folder")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda chosen: self.add_folder(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _remove_folder(self) -> None:
        self._folders.takeItem(self._folders.currentRow())
        self._check()

    def _check(self) -> None:
        """Say what is wrong beside it; nothing is accepted before all is right."""
        device = self._device.currentText().strip()
        wrong_device = "" if _DEVICE.fullmatch(device) else "Use auto, cpu, cuda, cuda:1 or mps"
        gone = [folder for folder in self._listed() if not Path(folder).is_dir()]
        wrong_folder = f"There is no folder {gone[0]}" if gone else ""
        set_fault(self._device_fault, wrong_device)
        set_fault(self._folder_fault, wrong_folder)
        self._remove.setEnabled(self._folders.currentRow() >= 0)
        self._note.setVisible(self.needs_reopening)
        ok = self._buttons.button(QDialogButtonBox.StandardButton.Ok)
        ok.setEnabled(not wrong_device and not wrong_folder)
