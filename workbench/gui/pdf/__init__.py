"""The report as a PDF file. Importing this loads no Qt; rendering does."""

from __future__ import annotations

from workbench.core.errors import UsageError
from workbench.report import Report


def render_pdf(report: Report) -> bytes:
    """The pages of the HTML report on A4, closed parts opened in an appendix; no display needed.

    On any thread if the application exists already, otherwise on the main thread, where one
    without a display is made. UsageError without Qt, WorkbenchError without any font.
    """
    try:
        from workbench.gui.pdf.printing import print_report
    except ModuleNotFoundError as fault:
        if (fault.name or "").partition(".")[0] != "PySide6":
            raise
        raise UsageError(
            "A PDF needs PySide6, which is not installed.",
            remedy="Install it with: pip install 'unlearning-workbench[gui]'.",
        ) from fault
    return print_report(report)
