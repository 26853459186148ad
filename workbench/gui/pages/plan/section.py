"""A part of a plan on a tab of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QScrollArea, QVBoxLayout, QWidget

from workbench.audit.draft import Content
from workbench.gui.pages.plan.contents import Assessment, PlanContents
from workbench.gui.pages.plan.document import PlanDocument
from workbench.gui.widgets.blocks import muted
from workbench.registry import Registry


@dataclass(frozen=True)
class PlanView:
    """What a section shows. `assessment` may be of a moment ago, or None at first.

    `exploratory`: criteria that a locked plan got later; `may_amend`: whether it can get more.
    """

    content: Content
    contents: PlanContents
    assessment: Assessment | None
    registry: Registry
    read_only: bool
    exploratory: tuple[Content, ...] = ()
    may_amend: bool = False


class Section(QScrollArea):
    """Shows its part in place, so that what has the keyboard keeps it and its text."""

    title: ClassVar[str]
    tip: ClassVar[str]
    roots: ClassVar[tuple[str, ...]]
    """The first parts of the paths in a plan that this section edits."""
    widest: ClassVar[int] = 820
    """Pixels beyond which entries would only get longer, not better to read."""

    def __init__(self, document: PlanDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(f"{self.title} of the plan")
        inside = QWidget()
        inside.setMaximumWidth(self.widest)
        self.parts = QVBoxLayout(inside)
        self.parts.setContentsMargins(0, 8, 8, 8)
        self.parts.setSpacing(8)
        self.setWidget(inside)

    def show_plan(self, view: PlanView) -> None:
        """Show this part of the plan as it is now."""
        raise NotImplementedError

    def go_to(self, path: str) -> None:
        """Put the keyboard near what a path of this section names."""


@dataclass(frozen=True)
class Option:
    """One line of a check list: a title, what it is below, and why it cannot be chosen."""

    title: str
    summary: str = ""
    unfit: str = ""


class CheckList(QWidget):
    """Some of several, each with a sentence. `toggled` follows the user."""

    toggled = Signal(str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._options: dict[str, Option] = {}
        self._boxes: dict[str, QCheckBox] = {}
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)

    def show_options(
        self, options: Mapping[str, Option], checked: set[str], *, read_only: bool
    ) -> None:
        if dict(options) != self._options:
            self._rebuild(dict(options))
        for key, box in self._boxes.items():
            box.setChecked(key in checked)
            may_change = not self._options[key].unfit or box.isChecked()
            box.setEnabled(not read_only and may_change)

    def _rebuild(self, options: dict[str, Option]) -> None:
        self._options, self._boxes = options, {}
        clear(self._rows)
        for key, option in options.items():
            box = QCheckBox(option.title)
            box.setAccessibleName(option.title)
            box.setAccessibleDescription(option.summary)
            box.clicked.connect(lambda is_on, key=key: self.toggled.emit(key, is_on))
            self._rows.addWidget(box)
            self._boxes[key] = box
            below = ". ".join(part for part in (option.summary.rstrip("."), option.unfit) if part)
            if below:
                label = muted(below)
                label.setContentsMargins(24, 0, 0, 4)
                self._rows.addWidget(label)


def clear(layout: Any) -> None:
    """Take everything out of a layout and delete it."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
