"""A form made from a parameter model: what is wrong is said below the entry it is wrong in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from pydantic import ValidationError
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from workbench.core.params import Params
from workbench.core.validation import faults_by_path
from workbench.gui.widgets.blocks import button, fault_label, muted, row, set_fault
from workbench.gui.widgets.param_entries import Entry, make_entry
from workbench.gui.widgets.param_fields import ParamField, fields_of


class ParamsForm(QWidget):
    """Shows and edits the values of a parameter model.

    Values that it cannot show (nested models, names the model does not know) are kept as they
    were. `only` shows some fields, and says nothing of the others. `offered` lists known values of
    text fields. `changed` follows the user only.
    """

    changed = Signal()

    def __init__(
        self,
        model: type[Params],
        values: Mapping[str, Any] | None = None,
        parent: QWidget | None = None,
        *,
        only: Sequence[str] = (),
        offered: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._fields = {
            field.name: field for field in fields_of(model) if not only or field.name in only
        }
        self._unsaid = frozenset(model.model_fields) - self._fields.keys() if only else frozenset()
        self._can_reset = bool(self._fields) and not only
        self._entries: dict[str, Entry] = {}
        self._labels: dict[str, QLabel] = {}
        self._others: dict[str, Any] = {}
        self._general = fault_label()
        self._reset = button("Reset to defaults")
        self._reset.setToolTip("Give every setting its default")
        self._reset.clicked.connect(self.reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._rows = self._filled_rows(offered or {})
        layout.addLayout(self._rows)
        layout.addWidget(self._general)
        layout.addLayout(row(self._reset))
        layout.addStretch(1)
        self._reset.setVisible(self._can_reset)
        self.set_values(values or {})

    def values(self) -> dict[str, Any]:
        """Everything as JSON data, right or wrong; what must be given and is not is left out."""
        entered = {name: entry.value() for name, entry in self._entries.items()}
        given = {
            name: value
            for name, value in entered.items()
            if not (self._fields[name].is_required and value in ("", [], None))
        }
        return {**self._others, **given}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Show these values, and the defaults for what they leave out."""
        self._others = {name: one for name, one in values.items() if name not in self._entries}
        for name, entry in self._entries.items():
            value = values.get(name, self._fields[name].default)
            entry.set_value(list(value) if isinstance(value, tuple) else value)
        self._show_faults()

    def parsed(self) -> Params | None:
        """The parameters, or None while anything is wrong."""
        try:
            return self._model.model_validate(self.values())
        except ValidationError:
            return None

    def faults(self) -> dict[str, str]:
        """A sentence for each wrong field; under "" what is wrong with all of them together."""
        found = {
            name: fault
            for name, entry in self._entries.items()
            if (fault := self._fields[name].fault_of(entry.value()))
        }
        try:
            self._model.model_validate(self.values())
        except ValidationError as error:
            for path, sentence in faults_by_path(error):
                name = path.partition(".")[0]
                if name not in self._unsaid:
                    found.setdefault(name, sentence)
        return found

    def reset(self) -> None:
        """Give every field its default."""
        self.set_values(self._others)
        self.changed.emit()

    def set_read_only(self, read_only: bool) -> None:
        """Let the values be read and copied, and not changed."""
        for entry in self._entries.values():
            entry.set_read_only(read_only)
        self._reset.setVisible(self._can_reset and not read_only)

    def add_row(self, caption: str, widget: QWidget) -> None:
        """Put a widget of the caller's below the fields, in line with them."""
        self._rows.addRow(caption, widget)

    def focus(self, name: str) -> None:
        """Put the keyboard on a field."""
        if name in self._entries:
            self._entries[name].setFocus(Qt.FocusReason.OtherFocusReason)

    def _filled_rows(self, offered: Mapping[str, Sequence[str]]) -> QFormLayout:
        rows = QFormLayout()
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.setHorizontalSpacing(12)
        for name, field in self._fields.items():
            entry = make_entry(field, offered.get(name, ()))
            fault = fault_label()
            cell = QVBoxLayout()
            cell.setSpacing(2)
            cell.addWidget(entry)
            cell.addWidget(fault)
            rows.addRow(_caption(field, entry), cell)
            self._labels[name] = fault
            self._entries[name] = entry
            self._entries[name].edited.connect(self._note)
        if not self._fields:
            rows.addRow(muted("There is nothing to set"))
        return rows

    def _note(self) -> None:
        self._show_faults()
        self.changed.emit()

    def _show_faults(self) -> None:
        faults = self.faults()
        for name, label in self._labels.items():
            fault = faults.pop(name, "")
            set_fault(label, fault)
            described = " ".join((fault, *self._fields[name].explanation)).strip()
            self._entries[name].setAccessibleDescription(described)
        set_fault(self._general, "\n".join(_with_name(*fault) for fault in faults.items()))


def _caption(field: ParamField, entry: Entry) -> QLabel:
    caption = QLabel(field.title)
    caption.setBuddy(entry)
    entry.setAccessibleName(field.title)
    # Rich text, because Qt does not wrap plain tooltips.
    tip = "<br>".join(escape(sentence) for sentence in field.explanation)
    for widget in (caption, entry):
        widget.setToolTip(f"<p>{tip}</p>" if tip else "")
    return caption


def _with_name(name: str, sentence: str) -> str:
    return f"{name}: {sentence}" if name else sentence
