"""Lines as they come: follows the newest unless the reader has scrolled away from it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtGui import QAction, QContextMenuEvent, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QMenu, QPlainTextEdit, QWidget

_LINES = 5000


class LogView(QPlainTextEdit):
    """The last 5,000 lines of a log. `name` is its accessible name."""

    def __init__(self, name: str = "Log", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.setMaximumBlockCount(_LINES)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))

    @property
    def follows(self) -> bool:
        """Whether the newest line is in view."""
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum()

    def append_line(self, line: str) -> None:
        """Add a line below the others."""
        follows = self.follows
        self.appendPlainText(line)
        if follows:
            self._show_newest()

    def set_lines(self, lines: Iterable[str]) -> None:
        """Show these lines instead, the newest in view."""
        self.setPlainText("\n".join(lines))
        self._show_newest()

    def copy_all(self) -> None:
        """Put the whole log on the clipboard."""
        QGuiApplication.clipboard().setText(self.toPlainText())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.createStandardContextMenu()
        menu.addSeparator()
        menu.addAction(self._copy_all_action(menu))
        menu.exec(event.globalPos())
        menu.deleteLater()

    def _copy_all_action(self, menu: QMenu) -> QAction:
        action = QAction("Copy all", menu)
        action.setEnabled(not self.document().isEmpty())
        action.triggered.connect(lambda: self.copy_all())
        return action

    def _show_newest(self) -> None:
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())
