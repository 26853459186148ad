"""Every action by its name: type some of its letters, press Enter."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from workbench.core import palette
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import card, column, muted

Index = QModelIndex | QPersistentModelIndex

_SIZE = QSize(560, 380)
_AT_START, _IN_SEQUENCE, _LETTER = 7, 8, 1


class _Role(IntEnum):
    HINT = Qt.ItemDataRole.UserRole
    CAN_BE_DONE = HINT + 1


def match_score(typed: str, title: str) -> int | None:
    """How well the letters of `typed` fit `title`, read from left to right; None if they do not.

    Letters in sequence and at the start of a word count more. Case and blanks do not matter.
    """
    letters = typed.lower().replace(" ", "")
    text = title.lower()
    starts = [text.find(letters[0], at) for at in _places(text, letters[0])] if letters else [0]
    scores = [score for at in starts if (score := _score(letters, text, at)) is not None]
    return max(scores, default=None)


def _places(text: str, letter: str) -> list[int]:
    return [at for at, one in enumerate(text) if one == letter]


def _score(letters: str, text: str, start: int) -> int | None:
    """The score if the first letter is taken at `start` and each other as early as possible."""
    score, before, at = 0, -2, start
    for letter in letters:
        at = text.find(letter, at)
        if at < 0:
            return None
        is_first = at == 0 or not text[at - 1].isalnum()
        score += _LETTER + _AT_START * is_first + _IN_SEQUENCE * (at == before + 1)
        before, at = at, at + 1
    return score


class ActionListModel(QAbstractListModel):
    """The actions that match what is typed, best first; what can be done before what cannot."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._all = [action for action in actions if not action.isSeparator() and action.text()]
        self._shown: list[QAction] = []
        self.filter("")

    def filter(self, typed: str) -> None:
        """Keep what matches `typed`; everything, in its own order, if that is empty."""
        ranked = []
        for place, action in enumerate(self._all):
            score = match_score(typed, _title(action))
            if score is not None:
                ranked.append((not action.isEnabled(), -score, place, action))
        self.beginResetModel()
        self._shown = [action for *_, action in sorted(ranked, key=lambda one: one[:3])]
        self.endResetModel()

    def action(self, index: Index) -> QAction:
        return self._shown[index.row()]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        action = self._shown[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _title(action)
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(filter(None, [_title(action), _hint(action)]))
            case Qt.ItemDataRole.ToolTipRole:
                return action.toolTip()
            case _Role.HINT:
                return _hint(action)
            case _Role.CAN_BE_DONE:
                return action.isEnabled()
        return None


class CommandPalette(QDialog):
    """A window over the middle of its parent; it closes itself once an action was chosen."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle("Find an action")
        self.setAccessibleName("Find an action")
        self._model = ActionListModel(actions, self)
        self._typed = QLineEdit()
        self._typed.setAccessibleName("Name of an action")
        self._typed.setPlaceholderText("Type some letters of an action")
        self._typed.textEdited.connect(self._filter)
        self._list = QListView()
        self._list.setAccessibleName("Actions")
        self._list.setModel(self._model)
        self._list.setItemDelegate(_ActionDelegate(self._list))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.clicked.connect(self._perform)
        self._list.setFrameShape(QListView.Shape.NoFrame)
        hint = muted("Up and down choose, Enter does it, Esc closes")
        framed = column(card(self._typed, self._list, hint))
        self.setLayout(framed)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(_SIZE)
        self._choose(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: 8,
            Qt.Key.Key_PageUp: -8,
        }
        if event.key() in steps:
            self._choose(self._list.currentIndex().row() + steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._perform(self._list.currentIndex())
        else:
            super().keyPressEvent(event)

    def _filter(self, typed: str) -> None:
        self._model.filter(typed)
        self._choose(0)

    def _choose(self, row: int) -> None:
        """Select a row, also that of an action that cannot be done: its reason can be heard."""
        row = max(0, min(row, self._model.rowCount() - 1))
        index = self._model.index(row)
        self._list.setCurrentIndex(index)
        self._list.scrollTo(index)
        spoken = self._model.data(index, Qt.ItemDataRole.AccessibleTextRole)
        self._typed.setAccessibleDescription(spoken or "No action is called so")

    def _perform(self, index: QModelIndex) -> None:
        if not index.isValid() or not self._model.action(index).isEnabled():
            return
        action = self._model.action(index)
        self.accept()
        action.trigger()


class _ActionDelegate(QStyledItemDelegate):
    """The title at the left; at the right its shortcut, or why it cannot be done."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width(), size.height() + 10)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        is_enabled = bool(index.data(_Role.CAN_BE_DONE))
        room: QRect = option.rect
        painter.save()
        if is_chosen:
            painter.fillRect(room, theme.colour(palette.ACCENT, 255 if is_enabled else 60))
        ink = palette.PAGE if is_chosen and is_enabled else palette.INK
        painter.setPen(theme.colour(ink if is_enabled else palette.MUTED))
        inside = room.adjusted(10, 0, -10, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        title = str(index.data())
        painter.drawText(inside, middle | Qt.AlignmentFlag.AlignLeft, title)
        if not (is_chosen and is_enabled):
            painter.setPen(theme.colour(palette.MUTED))
        hint = inside.adjusted(painter.fontMetrics().horizontalAdvance(title) + 16, 0, 0, 0)
        words = painter.fontMetrics().elidedText(
            str(index.data(_Role.HINT)), Qt.TextElideMode.ElideRight, hint.width()
        )
        painter.drawText(hint, middle | Qt.AlignmentFlag.AlignRight, words)
        painter.restore()


def _title(action: QAction) -> str:
    return action.text().replace("&", "")


def _hint(action: QAction) -> str:
    """The shortcut, or the reason why the action cannot be done now."""
    if not action.isEnabled():
        return action.toolTip()
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
