"""The first page: the demo, a new project, an existing one, those used lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFont,
    QPainter,
    QPaintEvent,
    QPen,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workbench.core import palette
from workbench.gui.settings import Settings
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import button, heading, muted, row, title

SUFFIX = ".audit"
_RECENT = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class RecentProject:
    """One line of the list; `modified` is None if the file is not there any more."""

    path: Path
    modified: datetime | None

    @property
    def note(self) -> str:
        return f"{self.modified:%d %b %Y, %H:%M}" if self.modified else "No longer there"


def recent_project(path: str) -> RecentProject:
    """What the file system says about a project; the file is not opened."""
    file = Path(path)
    try:
        return RecentProject(file, datetime.fromtimestamp(file.stat().st_mtime).astimezone())
    except OSError:
        return RecentProject(file, None)


class StartPage(QWidget):
    """Asks for a project and opens none itself. Takes project files that are dropped on it."""

    open_requested = Signal(object)
    """A Path."""
    new_requested = Signal()
    browse_requested = Signal()
    demo_requested = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self._is_drop_target = False
        self.setAcceptDrops(True)
        self.setAccessibleName("Start page")
        self.choices = self._make_choices()
        self.recent = self._make_recent()
        self._forget = button("Remove from this list")
        self._forget.setToolTip("The project file stays where it is")
        self._forget.clicked.connect(self.forget_chosen)
        self._lay_out()
        self.show_recent()

    def show_recent(self) -> None:
        """List the recent projects as the settings and the file system have them now."""
        self.recent.clear()
        for path in self.settings.recent:
            project = recent_project(path)
            item = QListWidgetItem(project.path.stem)
            item.setData(_RECENT, project)
            item.setToolTip(path)
            spoken = f"{project.path.stem}, in {project.path.parent}, {project.note}"
            item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
            self.recent.addItem(item)
        self._show_what_is_there()

    def forget_chosen(self) -> None:
        """Take the chosen project off the list."""
        item = self.recent.currentItem()
        if item is not None:
            self.settings.forget(str(item.data(_RECENT).path))
            self.show_recent()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.show_recent()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event):
            event.acceptProposedAction()
            self._set_drop_target(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        super().dragLeaveEvent(event)
        self._set_drop_target(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._set_drop_target(False)
        project = _dropped(event)
        if project:
            event.acceptProposedAction()
            self.open_requested.emit(project)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._is_drop_target:
            painter = QPainter(self)
            painter.setPen(QPen(theme.colour(palette.ACCENT), 3, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(self.rect().adjusted(8, 8, -8, -8), 8, 8)
            painter.end()

    def _make_choices(self) -> tuple[ChoiceButton, ...]:
        demo = ChoiceButton(
            "Open the demo",
            "A network that has learned handwritten digits, eight ways to make it forget some of "
            "them, and the evidence on which ones worked. Runs here, offline, in a few minutes.",
            is_first=True,
        )
        new = ChoiceButton("New project…", "One file that keeps data, models and evidence")
        existing = ChoiceButton("Open project…", f"A file that ends in {SUFFIX}")
        demo.clicked.connect(self.demo_requested)
        new.clicked.connect(self.new_requested)
        existing.clicked.connect(self.browse_requested)
        return demo, new, existing

    def _make_recent(self) -> QListWidget:
        made = QListWidget()
        made.setAccessibleName("Recent projects")
        made.setItemDelegate(_RecentDelegate(made))
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.itemActivated.connect(self._open)
        made.currentRowChanged.connect(self._show_what_is_there)
        return made

    def _lay_out(self) -> None:
        choices = QVBoxLayout()
        choices.setSpacing(10)
        for choice in self.choices:
            choices.addWidget(choice)
        choices.addStretch(1)
        self._none_yet = muted("Projects that you open are listed here")
        recent = QVBoxLayout()
        recent.setSpacing(8)
        recent.addWidget(self.recent, 1)
        recent.addWidget(self._none_yet, 1, Qt.AlignmentFlag.AlignTop)
        recent.addLayout(row(self._forget))
        columns = QHBoxLayout()
        columns.setSpacing(24)
        columns.addLayout(choices, 5)
        columns.addLayout(recent, 6)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(40, 36, 40, 24)
        layout.setSpacing(8)
        layout.addWidget(title("Unlearning Workbench"))
        layout.addWidget(muted("Shows whether a model has forgotten what it was asked to forget"))
        layout.addSpacing(20)
        heads = QHBoxLayout()
        heads.setSpacing(24)
        heads.addWidget(heading("Begin"), 5)
        heads.addWidget(heading("Recent projects"), 6)
        layout.addLayout(heads)
        layout.addLayout(columns, 1)
        layout.addWidget(muted(f"You can also drop a {SUFFIX} file anywhere on this page"))

    def _show_what_is_there(self) -> None:
        has_any = self.recent.count() > 0
        self.recent.setVisible(has_any)
        self._none_yet.setVisible(not has_any)
        self._forget.setVisible(has_any)
        self._forget.setEnabled(self.recent.currentItem() is not None)

    def _open(self, item: QListWidgetItem) -> None:
        project: RecentProject = item.data(_RECENT)
        if project.modified is not None:
            self.open_requested.emit(project.path)

    def _set_drop_target(self, is_target: bool) -> None:
        self._is_drop_target = is_target
        self.update()


class ChoiceButton(QAbstractButton):
    """A large button: what it does, and what that means."""

    def __init__(
        self, text: str, meaning: str, parent: QWidget | None = None, *, is_first: bool = False
    ) -> None:
        super().__init__(parent)
        self._meaning = meaning
        self._is_first = is_first
        self.setText(text)
        self.setAccessibleName(text.rstrip("…"))
        self.setAccessibleDescription(meaning)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(320))

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(240))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        words = self.fontMetrics().boundingRect(
            QRect(0, 0, width - 36, 1000), Qt.TextFlag.TextWordWrap, self._meaning
        )
        return words.height() + self._title_height() + 32

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        inside = self.rect().adjusted(18, 14, -18, -14)
        painter.setFont(self._title_font())
        painter.setPen(theme.colour(palette.ACCENT))
        painter.drawText(inside, Qt.AlignmentFlag.AlignTop, self.text())
        painter.setFont(self.font())
        painter.setPen(theme.colour(palette.MUTED))
        below = inside.adjusted(0, self._title_height() + 4, 0, 4)
        painter.drawText(below, Qt.TextFlag.TextWordWrap, self._meaning)
        painter.end()

    def _paint_ground(self, painter: QPainter) -> None:
        is_marked = self.hasFocus() or self.underMouse()
        line = palette.ACCENT if is_marked or self._is_first else palette.LINE
        painter.setPen(QPen(theme.colour(line), 2 if is_marked else 1))
        painter.setBrush(theme.colour(palette.CARD))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 6, 6)
        if self.isDown():
            painter.fillRect(self.rect(), theme.colour(palette.ACCENT, 24))

    def _title_font(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        font.setPointSizeF(font.pointSizeF() * 1.15)
        return font

    def _title_height(self) -> int:
        return int(self.fontMetrics().height() * 1.15)


class _RecentDelegate(QStyledItemDelegate):
    """The name and the date; below them the folder. Grey if the file is not there."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(100, 2 * size.height() + 14)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        given: Any = option
        project: RecentProject = index.data(_RECENT)
        is_chosen = bool(given.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_chosen:
            painter.fillRect(given.rect, theme.colour(palette.ACCENT, 40))
        inside = given.rect.adjusted(12, 6, -12, -6)
        painter.setPen(theme.colour(palette.MUTED))
        right = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
        painter.drawText(inside, right, project.note)
        left = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
        folder = painter.fontMetrics().elidedText(
            str(project.path.parent), Qt.TextElideMode.ElideMiddle, inside.width()
        )
        painter.drawText(inside, left, folder)
        room = inside.width() - painter.fontMetrics().horizontalAdvance(project.note) - 16
        bold = QFont(given.font)
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(theme.colour(palette.INK if project.modified else palette.MUTED))
        name = painter.fontMetrics().elidedText(
            project.path.stem, Qt.TextElideMode.ElideRight, room
        )
        painter.drawText(inside, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, name)
        painter.restore()


def _dropped(event: QDropEvent) -> Path | None:
    """The project file that is dropped, if it is one."""
    for url in event.mimeData().urls():
        path = Path(url.toLocalFile())
        if url.isLocalFile() and path.suffix == SUFFIX:
            return path
    return None
