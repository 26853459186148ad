"""The process behind `apart`: reads a report, then answers with pages, until its input ends."""

from __future__ import annotations

import json
import os
import sys
from typing import IO

from PySide6.QtGui import QImage, QPainter

from workbench.core.errors import WorkbenchError
from workbench.gui.pdf.apart import LENGTH
from workbench.gui.pdf.printing import Printout, print_pages
from workbench.gui.pdf.style import PAGE_HEIGHT, PAGE_WIDTH
from workbench.report import Report


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer questions about one report, which comes first."""
    (length,) = LENGTH.unpack(questions.read(LENGTH.size))
    report = Report.model_validate_json(questions.read(length))
    try:
        printout = Printout(report)
    except WorkbenchError as fault:
        _say(answers, {"fault": fault.message, "remedy": fault.remedy})
        return
    _say(answers, {"pages": len(printout)})
    for line in questions:
        question = json.loads(line)
        if question["what"] == "pdf":
            content = print_pages(printout)
            _say(answers, {})
        else:
            image = picture(printout, question["number"], question["width"])
            _say(answers, {"height": image.height()})
            content = bytes(image.constBits())
        answers.write(LENGTH.pack(len(content)))
        answers.write(content)
        answers.flush()


def picture(printout: Printout, number: int, width: int) -> QImage:
    """A page, counted from 1, on white."""
    scale = width / PAGE_WIDTH
    image = QImage(width, round(PAGE_HEIGHT * scale), QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.scale(scale, scale)
    printout.paint(painter, number)
    painter.end()
    return image


def _say(answers: IO[bytes], what: dict[str, object]) -> None:
    answers.write(json.dumps(what).encode() + b"\n")
    answers.flush()


def main() -> None:
    # What anything prints must not get among the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
