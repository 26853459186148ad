"""A plot in the colours of the theme, which can be copied as a picture or as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from workbench.core import palette
from workbench.gui.theme import theme

Table = Mapping[str, Sequence[object]]


class Chart(pg.PlotWidget):  # type: ignore[misc]
    """Axes, grid and ground follow the theme; a subclass redraws its data in `draw`.

    `table` is what the chart shows, as columns of equal length; "Copy as table" copies it.
    """

    def __init__(self, name: str, x_title: str, y_title: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.table: Table = {}
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.getPlotItem().setLabel("bottom", x_title)
        self.getPlotItem().setLabel("left", y_title)
        theme.changed.connect(self._dress)
        self._dress()

    def draw(self) -> None:
        """Draw the data again, in the colours of the theme as it is now."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.copy_menu()
        menu.exec(event.globalPos())
        menu.deleteLater()

    def copy_menu(self) -> QMenu:
        """Copy as picture, copy as table, show all."""
        menu = QMenu(self)
        for text, slot in (
            ("Copy as picture", self.copy_picture),
            ("Copy as table", self.copy_table),
            ("Show all", self.autoRange),
        ):
            action = QAction(text, menu)
            action.triggered.connect(lambda _=False, slot=slot: slot())
            menu.addAction(action)
        return menu

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self.grab())

    def copy_table(self) -> None:
        """As tab-separated text, which every spreadsheet takes."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter="\t", lineterminator="\n")
        writer.writerow(self.table)
        writer.writerows(zip(*self.table.values(), strict=True))
        QGuiApplication.clipboard().setText(text.getvalue())

    def _dress(self) -> None:
        self.setBackground(theme.colour(palette.CARD))
        for side in ("bottom", "left"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(theme.colour(palette.LINE)))
            axis.setTextPen(pg.mkPen(theme.colour(palette.MUTED)))
            axis.label.setDefaultTextColor(theme.colour(palette.MUTED))
        self.getPlotItem().showGrid(x=False, y=True, alpha=0.15)
        self.draw()
