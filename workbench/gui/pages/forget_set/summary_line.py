"""What is selected, in a number, in words and by class."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolTip, QWidget

from workbench.core import palette
from workbench.gui.pages.forget_set.contents import Summary
from workbench.gui.theme import theme
from workbench.gui.widgets.blocks import column, heading, muted

_LOWEST = 2.0  # pixels of the bar of a class with a single selected row
_LONGEST = 220  # characters of a rule that are shown without pointing at it


class SummaryLine(QWidget):
    """Count and share, the rule in words, and a bar for each class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count = heading("")
        self._words = muted()
        self._words.setAccessibleName("Selection in words")
        self._bars = ClassBars()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(column(self._count, self._words), 3)
        layout.addWidget(self._bars, 2)

    def show_summary(self, summary: Summary, class_names: tuple[str, ...]) -> None:
        if summary.count:
            rows = "row" if summary.count == 1 else "rows"
            self._count.setText(
                f"{summary.count:,} {rows} selected, {summary.share:.1%} of the training rows"
            )
            words = f"Training rows where {summary.words}"
        else:
            self._count.setText("No rows are selected")
            words = (
                f"No training row meets the rule: {summary.words}"
                if summary.words
                else "Click or lasso points of the map, pick pictures, or use a filter"
            )
        short = words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
        self._words.setText(short)
        self._words.setToolTip(words if short != words else "")
        self._bars.show_summary(summary, class_names)


class ClassBars(QWidget):
    """For each class the share of its training rows that is selected, as a bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._summary: Summary | None = None
        self._names: tuple[str, ...] = ()
        self.setAccessibleName("Selected share of each class")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, 52)

    def show_summary(self, summary: Summary, class_names: tuple[str, ...]) -> None:
        self._summary, self._names = summary, class_names
        counted = [self._told(index) for index in range(len(class_names))]
        self.setAccessibleDescription("; ".join(counted))
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self._names:
            index = int(event.pos().x() / max(1, self.width()) * len(self._names))
            index = min(max(index, 0), len(self._names) - 1)
            QToolTip.showText(event.globalPos(), self._told(index), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        summary, names = self._summary, self._names
        if summary is None or not names:
            return
        painter = QPainter(self)
        step = self.width() / len(names)
        metrics = painter.fontMetrics()
        shows_names = max(metrics.horizontalAdvance(name) for name in names) < step - 4
        height = self.height() - (metrics.height() if shows_names else 0)
        gap = 2 if step > 6 else 0
        for index, name in enumerate(names):
            place = QRectF(index * step + gap / 2, 0, step - gap, height)
            painter.fillRect(place, theme.colour(palette.RETAIN, 45))
            chosen, there = summary.selected[index], summary.available[index]
            if chosen:
                tall = max(_LOWEST, height * chosen / there)
                filled = QRectF(place.left(), height - tall, place.width(), tall)
                painter.fillRect(filled, theme.colour(palette.FORGET))
            if shows_names:
                painter.setPen(theme.colour(palette.MUTED))
                middle = place.center().x() - metrics.horizontalAdvance(name) / 2
                painter.drawText(round(middle), self.height() - metrics.descent(), name)
        painter.end()

    def _told(self, index: int) -> str:
        if self._summary is None:
            return ""
        chosen, there = self._summary.selected[index], self._summary.available[index]
        return f"Class {self._names[index]}: {chosen:,} of {there:,} training rows"
