"""The saved forget sets of a dataset."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.gui.pages.forget_set.contents import SavedForgetSet
from workbench.gui.widgets.blocks import button, muted, row


class SavedPanel(QWidget):
    """Each signal carries a SavedForgetSet."""

    loaded = Signal(object)
    rename_asked = Signal(object)
    delete_asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._only_reads = ""
        self.list = QListWidget()
        self.list.setAccessibleName("Saved forget sets")
        self.list.setWordWrap(True)
        self._about = muted()
        self._load = button("Select", "Select the rows of the forget set")
        self._load.setToolTip("Make these rows the selection; so does a double click")
        self._rename = button("Rename…")
        self._delete = button("Delete")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._about)
        layout.addLayout(row(self._load, self._rename, self._delete))
        self.list.currentItemChanged.connect(self._show_current)
        self.list.itemActivated.connect(lambda _: self._emit(self.loaded))
        self.list.itemClicked.connect(lambda _: self._emit(self.loaded))
        self._load.clicked.connect(lambda: self._emit(self.loaded))
        self._rename.clicked.connect(lambda: self._emit(self.rename_asked))
        self._delete.clicked.connect(lambda: self._emit(self.delete_asked))
        self._show_current()

    def show_sets(self, saved: Sequence[SavedForgetSet], only_reads: str) -> None:
        """`only_reads` says why nothing can be changed; "" if it can."""
        self._only_reads = only_reads
        before = self._current
        self.list.clear()
        for one in saved:
            version = f", version {one.version}" if one.version > 1 else ""
            item = QListWidgetItem(f"{one.name}{version}\n{one.n_rows:,} rows")
            item.setData(Qt.ItemDataRole.UserRole, one)
            item.setToolTip(one.words)
            self.list.addItem(item)
            if before is not None and one.id == before.id:
                self.list.setCurrentItem(item)
        if not saved:
            self._about.setText("No forget set is saved yet")
        self._show_current()

    @property
    def _current(self) -> SavedForgetSet | None:
        item = self.list.currentItem()
        return item.data(Qt.ItemDataRole.UserRole) if item else None

    def _emit(self, signal: SignalInstance) -> None:
        if self._current is not None:
            signal.emit(self._current)

    def _show_current(self) -> None:
        current = self._current
        self._load.setEnabled(current is not None)
        for made in (self._rename, self._delete):
            made.setEnabled(current is not None and not self._only_reads)
            made.setToolTip(self._only_reads)
        if current is None:
            return
        used = f" Used by {', '.join(current.plans)}." if current.plans else " Used by no plan."
        self._about.setText(current.words + used)
        if current.plans and not self._only_reads:
            self._delete.setEnabled(False)
            self._delete.setToolTip(f"The plan “{current.plans[0]}” uses it")
