"""Opens the real window in a process of its own and prints what it measured as JSON."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QElapsedTimer, QEvent, QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

_TICK = 10  # milliseconds


class FirstPaint(QObject):
    """Ends the program's wait once the window has painted."""

    def __init__(self, loop: QEventLoop) -> None:
        super().__init__()
        self._loop = loop

    def eventFilter(self, _: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self._loop.quit)
        return False


class Ticker(QObject):
    """Milliseconds between the ticks of a timer that should tick every `_TICK`."""

    def __init__(self) -> None:
        super().__init__()
        self.intervals: list[float] = []
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def measure(self, seconds: float) -> dict[str, float]:
        self.intervals.clear()
        self._clock.start()
        self._timer.start(_TICK)
        wait(seconds)
        self._timer.stop()
        ordered = sorted(self.intervals)
        return {
            "median": ordered[len(ordered) // 2],
            "p99": ordered[int(len(ordered) * 0.99)],
            "worst": ordered[-1],
        }

    def _tick(self) -> None:
        self.intervals.append(self._clock.nsecsElapsed() / 1e6)
        self._clock.restart()


def wait(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


def start() -> dict[str, Any]:
    """The window, as `workbench` opens it, until it has painted."""
    from workbench.gui.launch import make_application

    make_application()
    from workbench.gui.main_window import MainWindow
    from workbench.gui.settings import read_settings

    window = MainWindow(read_settings()[0])
    window.apply_theme()
    loop = QEventLoop()
    painted = FirstPaint(loop)
    window.installEventFilter(painted)
    window.show()
    loop.exec()
    return {"torch": "torch" in sys.modules}


def opening(project: Path) -> dict[str, Any]:
    """Seconds from asking for a project until its Runs page shows all it asked for."""
    from workbench.gui.main_window import MainWindow
    from workbench.gui.session.path_state import Step
    from workbench.gui.settings import Settings
    from workbench.gui.testing import is_settled

    application = QApplication([])
    window = MainWindow(Settings())
    window.resize(1400, 900)
    window.show()
    application.sendPostedEvents()
    begin = time.perf_counter()
    assert window.open_path(project)
    window.show_step(Step.RUNS)
    quiet = 0
    seconds = 0.0
    while quiet < 5:
        wait(0.005)
        quiet = quiet + 1 if is_settled(window.session) else 0
        if quiet == 1:
            seconds = time.perf_counter() - begin
    window.close_without_asking()
    return {"seconds": seconds}


def event_loop(seconds: float) -> dict[str, Any]:
    """Intervals of the event loop: idle, and while the demo trains with its live curves shown."""
    from workbench.gui.main_window import MainWindow
    from workbench.gui.session.path_state import Step
    from workbench.gui.settings import Settings
    from workbench.gui.testing import settle

    QApplication([])
    window = MainWindow(Settings(theme="light"))
    window.resize(1400, 900)
    window.show()
    ticker = Ticker()
    with tempfile.TemporaryDirectory() as folder:
        window.open_demo(Path(folder))
        settle(window.session)
        while not any(run.curves for run in _runs(window)):
            wait(0.2)
        page = window.page(Step.RUNS)
        training = ticker.measure(seconds)
        still = any(run.curves for run in _runs(window))
        window.session.compute.stop_all()
        while window.session.compute.is_working:
            wait(0.1)
        wait(1)
        idle = ticker.measure(seconds)
        assert page.isVisible()
        window.close_without_asking()
    return {"training": training, "idle": idle, "still_training": still}


def _runs(window: Any) -> list[Any]:
    task = window.session.compute.plan_task
    return list(task.runs.values()) if task else []


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    match what:
        case "start":
            found = start()
        case "open":
            found = opening(Path(rest[0]))
        case "loop":
            found = event_loop(float(rest[0]))
        case _:
            raise SystemExit(f"no measurement {what!r}")
    print(json.dumps(found), flush=True)
    os._exit(0)  # what follows is not part of what is measured
