"""What gestures do with the selection: combine modes, the lasso, clear, step back and forward."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QToolBar, QToolButton, QWidget

from workbench.core.selection import CombineMode

_MODES = {
    CombineMode.NEW: ("New", "N", "Select these rows only"),
    CombineMode.ADD: ("Add", "A", "Add these rows to the selection; so does holding Shift"),
    CombineMode.SUBTRACT: (
        "Subtract",
        "S",
        "Take these rows out of the selection; so does holding Alt",
    ),
    CombineMode.INTERSECT: (
        "Intersect",
        "I",
        "Keep only selected rows that are among these; so does holding Shift and Alt",
    ),
}
_SHIFT, _ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


def mode_with(keys: Qt.KeyboardModifier, chosen: CombineMode) -> CombineMode:
    """The mode of a gesture: what held keys say, else what is chosen."""
    match bool(keys & _SHIFT), bool(keys & _ALT):
        case True, True:
            return CombineMode.INTERSECT
        case True, False:
            return CombineMode.ADD
        case False, True:
            return CombineMode.SUBTRACT
    return chosen


class GestureBar(QToolBar):
    """Its shortcuts are single keys, so they work on the page `on` only."""

    lasso_toggled = Signal(bool)
    cleared = Signal()
    stepped_back = Signal()
    stepped_forward = Signal()

    def __init__(self, on: QWidget) -> None:
        super().__init__("Selection", on)
        self._on = on
        self._modes: dict[CombineMode, QAction] = {}
        group = QActionGroup(self)
        for mode, (text, key, tip) in _MODES.items():
            action = self._add(text, key, tip)
            action.setCheckable(True)
            group.addAction(action)
            self._modes[mode] = action
        self._modes[CombineMode.NEW].setChecked(True)
        self.addSeparator()
        self.lasso = self._add("Lasso", "L", "Draw around points of the map instead of moving it")
        self.lasso.setCheckable(True)
        self.lasso.toggled.connect(self.lasso_toggled)
        self.addSeparator()
        self.clear_action = self._add("Clear", "", "Select nothing")
        self.back = self._add("Back", "Alt+Left", "Return to the selection before the last gesture")
        self.forward = self._add("Forward", "Alt+Right", "Take the last step back again")
        self.clear_action.triggered.connect(lambda _: self.cleared.emit())
        self.back.triggered.connect(lambda _: self.stepped_back.emit())
        self.forward.triggered.connect(lambda _: self.stepped_forward.emit())

    @property
    def chosen(self) -> CombineMode:
        """The mode of filters, which have no keys to hold."""
        return next(mode for mode, action in self._modes.items() if action.isChecked())

    @property
    def mode(self) -> CombineMode:
        """The mode of a gesture that is made now."""
        return mode_with(QGuiApplication.keyboardModifiers(), self.chosen)

    def choose(self, mode: CombineMode) -> None:
        self._modes[mode].setChecked(True)

    def _add(self, text: str, key: str, tip: str) -> QAction:
        action = QAction(text, self)
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._on.addAction(action)
        shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({shown})" if shown else tip)
        self.addAction(action)
        made = self.widgetForAction(action)
        if isinstance(made, QToolButton):
            made.setAccessibleName(text)
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return action
