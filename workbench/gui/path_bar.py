"""The path, always visible: its steps, which are done, and what each still lacks."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QVBoxLayout, QWidget

from workbench.core import palette
from workbench.gui.session.path_state import PathState, Step
from workbench.gui.theme import theme

_WIDTH, _HEIGHT, _DISC = 178, 58, 24


class StepButton(QAbstractButton):
    """One step: a number or a check mark, the title, and what is missing."""

    def __init__(self, number: int, step: Step, parent: QWidget) -> None:
        super().__init__(parent)
        self.step = step
        self._number = number
        self._missing = ""
        self.setCheckable(True)
        self.setText(str(step))
        self.setAccessibleName(f"Step {number}: {step}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme.changed.connect(self.update)

    def set_missing(self, sentence: str) -> None:
        """What the step lacks; "" if it is done."""
        self._missing = sentence
        self.setAccessibleDescription(sentence or "Done")
        self.setToolTip(sentence or f"{self.step} is done")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, _HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(_WIDTH, 46)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        self._paint_disc(painter)
        self._paint_words(painter)
        painter.end()

    def _paint_ground(self, painter: QPainter) -> None:
        accent = theme.colour(palette.ACCENT)
        if self.isChecked() or self.underMouse():
            painter.fillRect(self.rect(), _faint(accent, 38 if self.isChecked() else 18))
        if self.isChecked():
            painter.fillRect(0, 0, 4, self.height(), accent)
        if self.hasFocus():
            painter.setPen(QPen(accent, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 4, 4)

    def _paint_disc(self, painter: QPainter) -> None:
        disc = QRectF(14, (self.height() - _DISC) / 2, _DISC, _DISC)
        is_done = not self._missing
        tone = palette.PASSED if is_done else palette.MUTED
        painter.setPen(QPen(theme.colour(tone), 1.5))
        painter.setBrush(theme.colour(tone) if is_done else QColor(0, 0, 0, 0))
        painter.drawEllipse(disc)
        painter.setPen(theme.colour(palette.PAGE if is_done else palette.MUTED))
        painter.drawText(disc, Qt.AlignmentFlag.AlignCenter, "✓" if is_done else str(self._number))

    def _paint_words(self, painter: QPainter) -> None:
        room = self.rect().adjusted(50, 6, -8, -6)
        font = self.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(theme.colour(palette.INK))
        lines = painter.fontMetrics().height()
        if not self._missing:
            painter.drawText(
                room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text()
            )
            return
        small = self.font()
        small.setPointSizeF(max(small.pointSizeF() - 1.5, 6.0))
        painter.drawText(room.adjusted(0, 0, 0, lines - room.height()), 0, self.text())
        painter.setFont(small)
        painter.setPen(theme.colour(palette.MUTED))
        below = room.adjusted(0, lines, 0, 0)
        painter.drawText(below, Qt.TextFlag.TextWordWrap, self._missing)


class PathBar(QWidget):
    """The steps below each other; up and down move between them."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Path")
        self.setFixedWidth(_WIDTH)
        self._group = QButtonGroup(self)
        self._buttons: dict[Step, StepButton] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(2)
        for number, step in enumerate(Step, start=1):
            button = StepButton(number, step, self)
            self._group.addButton(button)
            self._buttons[step] = button
            layout.addWidget(button)
        layout.addStretch(1)
        self._group.buttonClicked.connect(self._clicked)
        self.show_state(PathState())

    def show_state(self, state: PathState) -> None:
        for step, button in self._buttons.items():
            button.set_missing(state.missing(step))

    def show_step(self, step: Step) -> None:
        self._buttons[step].setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        buttons = list(self._buttons.values())
        focused = next((i for i, one in enumerate(buttons) if one.hasFocus()), None)
        if event.key() in moves and focused is not None:
            buttons[(focused + moves[Qt.Key(event.key())]) % len(buttons)].setFocus()
        else:
            super().keyPressEvent(event)

    def _clicked(self, button: QAbstractButton) -> None:
        assert isinstance(button, StepButton)  # noqa: S101 - the group holds no other
        self.chosen.emit(button.step)


def _faint(colour: QColor, alpha: int) -> QColor:
    return QColor(colour.red(), colour.green(), colour.blue(), alpha)
