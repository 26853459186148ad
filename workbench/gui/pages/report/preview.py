"""The pages of the report as they are printed, one at a time."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QScrollArea,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.faults import notice_of
from workbench.gui.pdf.apart import Picture, PrintingProcess
from workbench.gui.session.session import Session
from workbench.gui.widgets.blocks import EmptyState, button, row
from workbench.report import Report

_INCH = 96.0  # pixels of a screen at 100 %
_WIDTH_AT_100 = round(8.27 * _INCH)
_ZOOMS = {
    "Fit width": None,
    "50 %": 0.5,
    "75 %": 0.75,
    "100 %": 1.0,
    "150 %": 1.5,
    "200 %": 2.0,
}
_SMALLEST, _AROUND = 300, 24  # pixels: of a page that fits the width, and beside it


class Preview(QWidget):
    """Has the report laid out once it is looked at, and shows one page at a time."""

    page_shown = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._report: Report | None = None
        self._pages: PrintingProcess | None = None
        self._waiting = EmptyState()
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._scroll = _PageScroll()
        self._scroll.setWidget(self._picture)
        self._scroll.turned.connect(self._turn)
        self._previous = button("Previous")
        self._next = button("Next")
        self._number = QSpinBox()
        self._number.setAccessibleName("Page")
        self._number.setKeyboardTracking(False)
        self._count = QLabel()
        self._zoom = QComboBox()
        self._zoom.setAccessibleName("Zoom")
        self._zoom.addItems(list(_ZOOMS))
        self._stack = QStackedWidget()
        self._stack.addWidget(self._waiting)
        self._stack.addWidget(self._arranged())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.addWidget(self._stack)
        self._previous.clicked.connect(lambda: self._turn(-1))
        self._next.clicked.connect(lambda: self._turn(1))
        self._number.valueChanged.connect(self._ask_picture)
        self._zoom.currentIndexChanged.connect(self._ask_picture)

    @property
    def n_pages(self) -> int:
        """0 while they are not laid out."""
        return len(self._pages) if self._pages else 0

    def show_report(self, report: Report) -> None:
        """Lay these pages out as soon as somebody looks."""
        self._report, self._pages = report, None
        if self.isVisible():
            self.lay_out()

    def lay_out(self) -> None:
        """Make the pages, unless they are there."""
        report = self._report
        if report is None or self._pages is not None:
            return
        self._say("Laying out the pages…", "They are the same as in the PDF")
        self._session.reader.ask(
            self, "pages", lambda _: PrintingProcess(report), self._take_pages, self._fail
        )

    def show_page(self, number: int) -> None:
        """Show a page, counted from 1."""
        self._number.setValue(number)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if _ZOOMS[self._zoom.currentText()] is None:
            self._ask_picture()

    def _take_pages(self, pages: PrintingProcess) -> None:
        self._pages = pages
        with QSignalBlocker(self._number):
            self._number.setRange(1, len(pages))
        self._count.setText(f"of {len(pages)}")
        self._stack.setCurrentIndex(1)
        self._ask_picture()

    def _turn(self, by: int) -> None:
        self._number.setValue(self._number.value() + by)

    def _ask_picture(self) -> None:
        pages, number = self._pages, self._number.value()
        if pages is None:
            return
        self._previous.setEnabled(number > 1)
        self._next.setEnabled(number < len(pages))
        dots = self.devicePixelRatioF()
        width = round(self._width() * dots)
        self._session.reader.ask(
            self,
            "picture",
            lambda _: pages.picture(number, width),
            lambda picture: self._take_picture(picture, number, dots),
            self._fail,
        )

    def _width(self) -> int:
        zoom = _ZOOMS[self._zoom.currentText()]
        if zoom is None:
            bar = self._scroll.verticalScrollBar().sizeHint().width()
            return max(_SMALLEST, self._scroll.width() - bar - _AROUND)
        return round(zoom * _WIDTH_AT_100)

    def _take_picture(self, picture: Picture, number: int, dots: float) -> None:
        size = (picture.width, picture.height, 4 * picture.width)
        shown = QPixmap.fromImage(QImage(picture.pixels, *size, QImage.Format.Format_RGB32))
        shown.setDevicePixelRatio(dots)
        self._picture.setPixmap(shown)
        self._picture.setAccessibleName(f"Page {number} of the report")
        self._picture.adjustSize()
        self.page_shown.emit()

    def _fail(self, fault: Exception) -> None:
        self._pages = None
        notice = notice_of(fault)
        self._say(notice.message, notice.remedy)
        self.page_shown.emit()

    def _say(self, sentence: str, hint: str = "") -> None:
        self._waiting.say(sentence, hint)
        self._stack.setCurrentIndex(0)

    def _arranged(self) -> QWidget:
        page = QWidget()
        caption, zoom = QLabel("Page"), QLabel("Zoom")
        caption.setBuddy(self._number)
        zoom.setBuddy(self._zoom)
        bar = row(self._previous, caption, self._number, self._count, self._next)
        bar.addWidget(zoom)
        bar.addWidget(self._zoom)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(bar)
        layout.addWidget(self._scroll, 1)
        return page


class _PageScroll(QScrollArea):
    """Page up and page down turn the page at its ends, home and end go to them."""

    turned = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setAccessibleName("Page of the report")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.verticalScrollBar()
        if event.key() == Qt.Key.Key_PageDown and bar.value() == bar.maximum():
            bar.setValue(bar.minimum())
            self.turned.emit(1)
        elif event.key() == Qt.Key.Key_PageUp and bar.value() == bar.minimum():
            bar.setValue(bar.maximum())
            self.turned.emit(-1)
        else:
            super().keyPressEvent(event)
