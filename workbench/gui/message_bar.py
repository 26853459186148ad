"""The newest notice, above everything else and in nobody's way."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.faults import Notice
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import button, column, heading, muted
from workbench.gui.widgets.log_view import LogView
from workbench.gui.widgets.marks import notice_icon

_ICON = QSize(18, 18)


class MessageBar(QFrame):
    """Shows notices, newest first, each until it is closed. Never takes the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", "true")
        self.setAccessibleName("Messages")
        self._open: list[Notice] = []
        self._icon = QLabel()
        self._icon.setFixedSize(_ICON)
        self._message = QLabel()
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._message.setWordWrap(True)
        self._advice = muted()
        self._more = muted()
        self._more.setWordWrap(False)
        self._details = button("Details…")
        self._details.clicked.connect(self.show_details)
        self._copy = button("Copy debug info")
        self._copy.clicked.connect(self.copy_debug_info)
        self._close = button("Close", "Close the message")
        self._close.clicked.connect(self.close_newest)
        self._lay_out()
        theme.changed.connect(self._show)
        self.hide()

    @property
    def notice(self) -> Notice | None:
        """The one in view."""
        return self._open[-1] if self._open else None

    def show_notice(self, notice: Notice) -> None:
        """Put a notice above those that are open, and tell screen readers.

        One that is open already is not shown twice, however often it is told.
        """
        others = (one for one in self._open if one.message != notice.message)
        self._open = [*others, notice]
        self._show()
        words = f"{notice.message} {_advice(notice)}".strip()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def close_newest(self) -> None:
        """Take the one in view away and show the one before it."""
        if self._open:
            self._open.pop()
        self._show()

    def copy_debug_info(self) -> None:
        """Put all that is known about the one in view on the clipboard."""
        if self.notice:
            QGuiApplication.clipboard().setText(self.notice.debug_info)

    def show_details(self) -> None:
        """Open a window with all that is known about the one in view."""
        if self.notice:
            details = NoticeDetails(self.notice, self)
            details.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            details.open()

    def _lay_out(self) -> None:
        words = column(self._message, self._advice)
        words.setSpacing(2)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addWidget(self._icon)
        layout.addLayout(words, 1)
        for widget in (self._more, self._details, self._copy, self._close):
            layout.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def _show(self) -> None:
        notice = self.notice
        self.setVisible(notice is not None)
        if notice is None:
            return
        self._icon.setPixmap(notice_icon(is_fault=notice.is_fault).pixmap(_ICON))
        self._icon.setAccessibleName("Fault" if notice.is_fault else "Information")
        self._message.setText(notice.message)
        self._message.setProperty("role", "fault" if notice.is_fault else None)
        self._message.style().polish(self._message)
        advice = _advice(notice)
        self._advice.setText(advice)
        self._advice.setVisible(bool(advice))
        others = len(self._open) - 1
        self._more.setText(f"{others} more")
        self._more.setVisible(others > 0)
        self._details.setVisible(bool(notice.details))
        self._copy.setVisible(notice.is_fault)
        self.setAccessibleDescription(f"{notice.message} {advice}".strip())


class NoticeDetails(QDialog):
    """Everything that is known about a notice, for whoever repairs it."""

    def __init__(self, notice: Notice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Details")
        self._notice = notice
        sentence = heading(notice.message)
        sentence.setWordWrap(True)
        trace = LogView("Debug info")
        trace.setPlainText(notice.debug_info)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = button("Copy debug info")
        copy.clicked.connect(self._copy)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(sentence)
        layout.addWidget(muted(_advice(notice)))
        layout.addWidget(trace, 1)
        layout.addWidget(buttons)
        self.resize(720, 420)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._notice.debug_info)


def _advice(notice: Notice) -> str:
    return " ".join(part for part in (notice.kept, notice.remedy) if part)
