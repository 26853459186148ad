"""The report on a plan: collected once as data, then written as HTML or JSON."""

from workbench.report.contents import collect
from workbench.report.document import Report
from workbench.report.html import render_html
from workbench.report.writing import (
    FORMATS,
    PROFILES,
    RENDERERS,
    Renderer,
    render_json,
    write_report,
)

__all__ = [
    "FORMATS",
    "PROFILES",
    "RENDERERS",
    "Renderer",
    "Report",
    "collect",
    "render_html",
    "render_json",
    "write_report",
]
