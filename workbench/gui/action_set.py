"""From the declared actions to those of Qt: menus, toolbar, shortcuts, enabled or why not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar

from workbench.gui.actions import ACTIONS, ActionSpec, Condition, Menu


class ActionSet(QObject):
    """The actions of one window. `perform` is called with the spec of a triggered one."""

    def __init__(self, parent: QObject, perform: Callable[[ActionSpec], None]) -> None:
        super().__init__(parent)
        self._actions = {spec.id: self._make(spec, perform) for spec in ACTIONS}

    @property
    def actions(self) -> list[QAction]:
        """All of them, in the order of the table."""
        return list(self._actions.values())

    def __getitem__(self, id_: str) -> QAction:
        return self._actions[id_]

    def fill(self, bar: QMenuBar) -> dict[Menu, QMenu]:
        """One menu for each of `Menu`, with a line between groups."""
        menus = {menu: bar.addMenu(menu) for menu in Menu}
        last: dict[Menu, int] = {}
        for spec in ACTIONS:
            if last.setdefault(spec.menu, spec.group) != spec.group:
                menus[spec.menu].addSeparator()
                last[spec.menu] = spec.group
            menus[spec.menu].addAction(self._actions[spec.id])
        return menus

    def fill_toolbar(self, bar: QToolBar) -> None:
        for spec in ACTIONS:
            if spec.in_toolbar:
                bar.addAction(self._actions[spec.id])

    def enable(self, holding: frozenset[Condition]) -> None:
        """Enable what can be done; the tip of the rest says what is missing."""
        for spec in ACTIONS:
            action = self._actions[spec.id]
            missing = [condition for condition in spec.needs if condition not in holding]
            action.setEnabled(not missing)
            action.setToolTip(missing[0] if missing else _tip(spec))

    def _make(self, spec: ActionSpec, perform: Callable[[ActionSpec], None]) -> QAction:
        action = QAction(spec.title, self)
        action.setObjectName(spec.id)
        if spec.shortcut:
            action.setShortcut(QKeySequence(spec.shortcut))
        action.triggered.connect(partial(_perform, perform, spec))
        return action


def _perform(perform: Callable[[ActionSpec], None], spec: ActionSpec, _: bool = False) -> None:
    perform(spec)


def _tip(spec: ActionSpec) -> str:
    title = spec.title.rstrip("…")
    if not spec.shortcut:
        return title
    native = QKeySequence(spec.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
    return f"{title} ({native})"
