"""The pages of a report, laid out and painted by a process of their own.

Not on a thread beside the window: PySide keeps Python's lock while Qt's text layout waits for a
lock that the window's thread holds while it waits for Python's. And pages are seconds of work.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
import threading
import weakref
from dataclasses import dataclass
from typing import IO, Any

from workbench.core.errors import WorkbenchError
from workbench.jobs.worker_process import worker_environment
from workbench.report import Report

LENGTH = struct.Struct("<Q")
_LAST_WORDS = 4000  # characters of what the process said before it ended


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as `width` times `height` pixels of 4 bytes: blue, green, red, and nothing."""

    width: int
    height: int
    pixels: bytes


class PrintingProcess:
    """Lays a report out, then paints pages as they are asked for, from any thread.

    It ends with `close`, and with the last reference to it.
    """

    def __init__(self, report: Report) -> None:
        """Blocks while pages are laid out. WorkbenchError if that fails, or there is no font."""
        self._talking = threading.Lock()
        self._faults = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = _start(self._faults)
        self._end = weakref.finalize(self, _end, self._process, self._faults)
        content = report.model_dump_json().encode()
        answer = self._ask(LENGTH.pack(len(content)) + content)
        if "fault" in answer:
            self.close()
            raise WorkbenchError(answer["fault"], remedy=answer["remedy"])
        self._n_pages = int(answer["pages"])

    def __len__(self) -> int:
        """How many pages there are."""
        return self._n_pages

    def pdf(self) -> bytes:
        """All pages as a PDF file."""
        with self._talking:
            self._ask(b'{"what": "pdf"}\n')
            return self._bytes()

    def picture(self, number: int, width: int) -> Picture:
        """A page, counted from 1, `width` pixels wide."""
        question = {"what": "picture", "number": number, "width": width}
        with self._talking:
            answer = self._ask(json.dumps(question).encode() + b"\n")
            return Picture(width, int(answer["height"]), self._bytes())

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._end()

    def _ask(self, message: bytes) -> dict[str, Any]:
        writer, reader = self._pipes()
        try:
            writer.write(message)
            writer.flush()
            line = reader.readline()
        except OSError:
            line = b""
        if not line:
            raise self._died()
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _bytes(self) -> bytes:
        _, reader = self._pipes()
        (length,) = LENGTH.unpack(reader.read(LENGTH.size).ljust(LENGTH.size, b"\0"))
        found = reader.read(length)
        if not length or len(found) < length:
            raise self._died()
        return found

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        writer, reader = self._process.stdin, self._process.stdout
        if writer is None or reader is None or writer.closed:
            raise self._died()
        return writer, reader

    def _died(self) -> WorkbenchError:
        fault = WorkbenchError(
            "The pages of the report could not be made.",
            remedy="Export it as a web page, which any browser prints.",
        )
        if not self._faults.closed:
            self._faults.seek(0)
            fault.add_note(self._faults.read().decode(errors="replace")[-_LAST_WORDS:])
        return fault


def render_pdf_apart(report: Report) -> bytes:
    """As `render_pdf`, in another process; for callers that have a window."""
    printing = PrintingProcess(report)
    try:
        return printing.pdf()
    finally:
        printing.close()


def _start(faults: IO[bytes]) -> subprocess.Popen[bytes]:
    frozen = getattr(sys, "frozen", False)
    program = ["printing"] if frozen else ["-P", "-m", "workbench.gui.pdf.printing_process"]
    return subprocess.Popen(
        [sys.executable, *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=faults,
        env=worker_environment(1, {}),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _end(process: subprocess.Popen[bytes], faults: IO[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, faults):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what was not yet sent goes nowhere
                continue
