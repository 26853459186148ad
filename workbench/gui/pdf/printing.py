"""From a report to the bytes of a PDF file."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPageSize, QPainter, QPdfWriter

from workbench.core import palette
from workbench.gui.pdf.application import require_fonts
from workbench.gui.pdf.composing import Composer
from workbench.gui.pdf.markup import parse
from workbench.gui.pdf.pages import Place, page_numbers, paginate
from workbench.gui.pdf.style import (
    BOTTOM,
    DOTS_PER_INCH,
    HEIGHT,
    MARGIN,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    POINT,
    TOP,
    WIDTH,
    Face,
    font_of,
)
from workbench.report import Report, render_html
from workbench.report.display import moment

_HASH_SHOWN = 12


def print_report(report: Report) -> bytes:
    """As `render_pdf` says, where Qt is installed."""
    return print_pages(Printout(report))


def print_pages(printout: Printout) -> bytes:
    """All pages as a PDF file."""
    report = printout.report
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setResolution(DOTS_PER_INCH)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setTitle(report.title)
    writer.setCreator(f"Unlearning Workbench {report.tool_version}")
    painter = QPainter(writer)
    for number in range(1, len(printout) + 1):
        if number > 1:
            writer.newPage()
        printout.paint(painter, number)
    painter.end()
    buffer.close()
    return bytes(content.data())


class Printout:
    """A report laid out on pages, which can be painted one by one.

    On any thread, but on one at a time.
    """

    def __init__(self, report: Report) -> None:
        """WorkbenchError without any font."""
        require_fonts()
        self.report = report
        page_of: dict[str, int] = {}
        items = Composer(page_of).compose(parse(render_html(report)))
        self._pages = paginate(items, HEIGHT)
        page_of |= page_numbers(self._pages)

    def __len__(self) -> int:
        """How many pages there are."""
        return len(self._pages)

    def paint(self, painter: QPainter, number: int) -> None:
        """Paint a page, counted from 1, in dots of `DOTS_PER_INCH`."""
        report = self.report
        if number > 1:
            _paint_line(painter, TOP - 32 * POINT, report.title, report.project.name)
        for place in self._pages[number - 1].places:
            _paint_place(painter, place)
        plan = f"Plan {report.plan.hash[:_HASH_SHOWN]}, made {moment(report.generated)}"
        foot = PAGE_HEIGHT - BOTTOM + 22 * POINT
        _paint_line(painter, foot, plan, f"Page {number} of {len(self._pages)}")


def _paint_place(painter: QPainter, place: Place) -> None:
    start, end = place.part
    painter.save()
    if end - start < place.piece.height:
        painter.setClipRect(QRectF(0, TOP + place.top, PAGE_WIDTH, end - start))
    place.piece.paint(painter, MARGIN, TOP + place.top - start)
    painter.restore()


def _paint_line(painter: QPainter, top: float, left: str, right: str) -> None:
    """A line of small print over the whole width."""
    painter.setFont(font_of(Face(size=7.5)))
    painter.setPen(QColor(palette.MUTED.light))
    line = QRectF(QPointF(MARGIN, top), QPointF(MARGIN + WIDTH, top + 12 * POINT))
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft, left)
    painter.drawText(line, Qt.AlignmentFlag.AlignRight, right)
