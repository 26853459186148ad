"""Entries of a form: they take any text, keep what was typed, and speak JSON values.

Each has `value`, `set_value`, `set_read_only`, and `edited`, which follows the user only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QSizePolicy,
    QWidget,
)

from workbench.gui.widgets.param_fields import ParamField, Shape

_SHARE_STEP = 0.05


class TickEntry(QCheckBox):
    """Yes or no."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.clicked.connect(self.edited)

    def value(self) -> bool:
        return self.isChecked()

    def set_value(self, value: Any) -> None:
        self.setChecked(bool(value))

    def set_read_only(self, read_only: bool) -> None:
        self.setEnabled(not read_only)


class CalmComboBox(QComboBox):
    """Forms scroll; a wheel must not change what it passes over."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ChoiceEntry(CalmComboBox):
    """One of some values; a value that is not among them is kept and shown."""

    edited = Signal()

    def __init__(
        self, field: ParamField, choices: Sequence[str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        if field.is_optional:
            self.addItem(field.when_empty, None)
        for choice in choices:
            self.addItem(choice.replace("_", " "), choice)
        self.activated.connect(self.edited)

    def value(self) -> Any:
        return self.currentData()

    def set_value(self, value: Any) -> None:
        given = None if value is None else str(value)
        if self.findData(given) < 0 and given is not None:
            self.addItem(given, given)
        self.setCurrentIndex(self.findData(given))

    def set_read_only(self, read_only: bool) -> None:
        self.setEnabled(not read_only)


class TextEntry(QLineEdit):
    """A text, or several values separated by commas."""

    edited = Signal()

    def __init__(self, field: ParamField, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = field
        if field.is_optional:
            self.setPlaceholderText(field.when_empty)
        self.textEdited.connect(self.edited)

    def value(self) -> Any:
        return self._field.value_of(self.text())

    def set_value(self, value: Any) -> None:
        if self.value() != value or not self.text():
            self.setText(self._field.text_of(value))

    def set_read_only(self, read_only: bool) -> None:
        self.setReadOnly(read_only)


class NumberEntry(QAbstractSpinBox):
    """A number in any notation; up and down go on by steps that fit its size."""

    edited = Signal()

    def __init__(self, field: ParamField, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = field
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(96)
        if field.is_optional:
            self.lineEdit().setPlaceholderText(field.when_empty)
        self.lineEdit().textEdited.connect(self.edited)

    def value(self) -> Any:
        return self._field.value_of(self.lineEdit().text())

    def set_value(self, value: Any) -> None:
        """Leaves the text alone if it means this value, so that nothing jumps while typing."""
        if self.value() != value or not self.lineEdit().text():
            self.lineEdit().setText(self._field.text_of(value))

    def set_read_only(self, read_only: bool) -> None:
        self.setReadOnly(read_only)

    def stepBy(self, steps: int) -> None:
        before = self.value()
        if isinstance(before, str) or before is None:
            return
        value = stepped(self._field, before, steps)
        if value != before and self._field.allows(value):
            self.lineEdit().setText(self._field.text_of(value))
            self.edited.emit()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        flag = QAbstractSpinBox.StepEnabledFlag
        return flag.StepNone if self.isReadOnly() else flag.StepUpEnabled | flag.StepDownEnabled

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Everything may be typed; the form says what is wrong with it."""
        return QValidator.State.Acceptable, text, position

    def wheelEvent(self, event: QWheelEvent) -> None:
        """As in `CalmComboBox`."""
        event.ignore()


def stepped(field: ParamField, value: float, steps: int) -> float:
    """`value` after some steps: by 1, by 0.05 for shares, else along 1, 2, 5, 10, 20 and so on."""
    if field.shape is Shape.WHOLE:
        return int(value) + steps
    for _ in range(abs(steps)):
        value = _step(field, value, up=steps > 0)
    return value


def _step(field: ParamField, value: float, *, up: bool) -> float:
    sign = 1 if up else -1
    is_share = field.upper is not None and field.upper[0] <= 1
    if is_share and (value >= _SHARE_STEP if up else value > _SHARE_STEP):
        return round(value + sign * _SHARE_STEP, 4)
    if value <= 0:
        return value + sign * _SHARE_STEP if is_share else value + sign
    decade = 10.0 ** math.floor(math.log10(value))
    ladder = [round(factor * decade, 12) for factor in (0.5, 1, 2, 5, 10)]
    return (
        min(one for one in ladder if one > value)
        if up
        else max(one for one in ladder if one < value)
    )


Entry = TickEntry | ChoiceEntry | TextEntry | NumberEntry


def make_entry(field: ParamField, offered: Sequence[str] = ()) -> Entry:
    """The entry for a field; `offered` are known values of a text field."""
    made = _made(field, offered)
    made.setMinimumHeight(made.fontMetrics().height() + 10)  # styles differ from kind to kind
    return made


def _made(field: ParamField, offered: Sequence[str]) -> Entry:
    if field.is_list:
        return TextEntry(field)
    if field.shape is Shape.YES_NO and not field.is_optional:
        return TickEntry()
    if field.shape in (Shape.WHOLE, Shape.NUMBER):
        return NumberEntry(field)
    choices = ("true", "false") if field.shape is Shape.YES_NO else field.choices or offered
    return ChoiceEntry(field, choices) if choices else TextEntry(field)
