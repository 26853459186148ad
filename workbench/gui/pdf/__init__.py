"""The report as a PDF file. Importing this loads no Qt; rendering does."""

from __future__ import annotations

from workbench.core.errors import UsageError
from workbench.report import Report


def render_pdf(report: Report) -> bytes:
    """The pages of the HTML report on A4, closed parts opened in an appendix; no display needed.

    On the main thread, where an application without a display is made if there is none; a program
    with a window calls `apart.render_pdf_apart`. UsageError without Qt, WorkbenchError without any
    font.
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
