"""The map of the training rows, coloured by a column."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QLabel, QStackedLayout, QToolTip, QVBoxLayout, QWidget

from workbench.core import palette
from workbench.core.selection import Inside, Rule
from workbench.gui.pages.forget_set.colouring import (
    HIGH,
    LOW,
    OTHERS,
    SEQUENCE,
    Colouring,
    colouring,
    columns_to_colour_by,
)
from workbench.gui.pages.forget_set.contents import Summary, rows_rule
from workbench.gui.pages.forget_set.facets import value_label
from workbench.gui.session.reading import Reader
from workbench.gui.session.rows import MAP_X, MAP_Y, RowTable
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import EmptyState, muted, row
from workbench.gui.widgets.legend import Legend
from workbench.gui.widgets.point_cloud import PointCloud


class MapPane(QWidget):
    """`gestured` carries the rule of a lasso or of a click."""

    gestured = Signal(object)

    def __init__(self, reader: Reader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._table: RowTable | None = None
        self._colouring: Colouring | None = None
        self._summary: Summary | None = None
        self._caption = muted()
        self._by = QComboBox()
        self._by.setAccessibleName("Colour by")
        self._by.setToolTip("What the colours of the points show")
        self._legend = Legend()
        self.cloud = PointCloud(reader.background)
        self._none = EmptyState()
        self._stack = QStackedLayout()
        self._stack.addWidget(self.cloud)
        self._stack.addWidget(self._none)
        label = QLabel("Colour by")
        label.setBuddy(self._by)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(label, self._by, stretch=1))
        layout.addLayout(self._stack, 1)
        layout.addWidget(self._legend)
        layout.addWidget(self._caption)
        self._by.currentIndexChanged.connect(self._recolour)
        self.cloud.lassoed.connect(self._lassoed)
        self.cloud.clicked.connect(self._clicked)
        self.cloud.hovered.connect(self._hovered)
        theme.changed.connect(self._dress)
        self._dress()

    def show_table(self, table: RowTable) -> None:
        """Draw the rows of a table, or say why there is no map of them."""
        self._table = table
        self._summary = self._colouring = None
        self._reader.drop(self, "colours")
        before = self._by.currentText()
        with QSignalBlocker(self._by):
            self._by.clear()
            self._by.addItems(columns_to_colour_by(table))
            self._by.setCurrentIndex(max(0, self._by.findText(before)))
        has_map = MAP_X in table.columns
        self._stack.setCurrentWidget(self.cloud if has_map else self._none)
        self._none.say("There is no map of these rows", table.no_map)
        self._caption.setText(f"{table.map_of[:1].upper()}{table.map_of[1:]}")
        self._recolour()

    def show_summary(self, summary: Summary) -> None:
        """Mark the selected rows."""
        self._summary = summary
        if self._colouring is not None:
            self.cloud.set_highlight(summary.mask if summary.count else None)

    def _recolour(self) -> None:
        table, column = self._table, self._by.currentText()
        if table is not None and MAP_X in table.columns:
            self._reader.ask(
                self, "colours", lambda _: colouring(table, column), self._take_colouring
            )

    def _take_colouring(self, found: Colouring) -> None:
        self._colouring = found
        self._draw()

    def _dress(self) -> None:
        self.cloud.set_colours(
            theme.colour(palette.CARD),
            theme.colour(palette.INK),
            theme.colour(palette.LINE),
            theme.colour(palette.ACCENT),
        )
        self._draw()

    def _draw(self) -> None:
        table, found = self._table, self._colouring
        if table is None or found is None or len(found.index) != len(table.rows):
            return
        colours = _colours(found)
        self.cloud.set_points(table.columns[MAP_X], table.columns[MAP_Y], found.index, colours)
        if self._summary is not None:
            self.show_summary(self._summary)
        if found.is_ordered:
            self._legend.show_scale(found.names[0], colours, found.names[-1])
        else:
            self._legend.show_entries(zip(found.names, colours, strict=True))

    def _lassoed(self, polygon: list[tuple[float, float]]) -> None:
        if len(polygon) >= 3:
            self.gestured.emit(Inside(x=MAP_X, y=MAP_Y, polygon=tuple(polygon)))

    def _clicked(self, index: int) -> None:
        if self._table is not None:
            rule: Rule = rows_rule(self._table.rows[index : index + 1])
            self.gestured.emit(rule)

    def _hovered(self, index: int) -> None:
        self.cloud.setToolTip(self._described(index) if index >= 0 else "")
        if index < 0:
            QToolTip.hideText()

    def _described(self, index: int) -> str:
        table = self._table
        if table is None:
            return ""
        told = [f"Row {table.rows[index]}"]
        for name in columns_to_colour_by(table):
            value = table.columns[name][index].item()
            shown = f"{value:.4g}" if isinstance(value, float) else value_label(table, name, value)
            told.append(f"{name} {shown}")
        return ", ".join(told)


def _colours(found: Colouring) -> list[QColor]:
    if found.is_ordered:
        return [_between(level / (found.n_colours - 1)) for level in range(found.n_colours)]
    colours = [QColor(name) for name in SEQUENCE[: found.n_colours]]
    if found.has_others:
        colours[-1] = theme.colour(OTHERS)
    return colours


def _between(share: float) -> QColor:
    low, high = theme.colour(LOW), theme.colour(HIGH)
    mixed = (
        (low.red(), high.red()),
        (low.green(), high.green()),
        (low.blue(), high.blue()),
    )
    return QColor(*(round(a + share * (b - a)) for a, b in mixed))
