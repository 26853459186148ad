"""What has changed in the project, whoever changed it: this window, a worker, another program."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.gui.session.reading import Reader
from workbench.store import Project

_INTERVAL = 400  # milliseconds

Seen = tuple[int, frozenset[str]]


class Changes(QObject):
    """Reads the event log as it grows and says which tables were written.

    Every write appends an event that names the rows it touched, so the log is the one place that
    knows all changes. The kinds of change are the names of the tables.
    """

    changed = Signal(frozenset)

    def __init__(self, reader: Reader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self._seen: int | None = None
        self._is_looking = False
        self._look_again = False
        self._is_blind = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(_INTERVAL)
        self.look()

    def look(self) -> None:
        """Look now rather than at the next tick."""
        if self._is_looking:
            self._look_again = True
            return
        self._is_looking = True
        seen = self._seen
        self._reader.ask(
            self, "look", lambda project: _tables_since(project, seen), self._noted, self._failed
        )

    def stop(self) -> None:
        self._timer.stop()
        self._reader.drop(self, "look")

    def _noted(self, answer: Seen) -> None:
        self._is_looking = self._is_blind = False
        self._seen, tables = answer
        if tables:
            self.changed.emit(tables)
        if self._look_again:
            self._look_again = False
            self.look()

    def _failed(self, fault: Exception) -> None:
        """Go on looking; what hinders it is told once."""
        self._is_looking = False
        if not self._is_blind:
            self._is_blind = True
            self._reader.report(fault)


def _tables_since(project: Project, seen: int | None) -> Seen:
    project.check_in_place()
    last = project.row("SELECT max(seq) AS seq FROM event")
    newest = int(last["seq"] or 0) if last else 0
    if seen is None or newest <= seen:
        return newest, frozenset()
    rows = project.rows(
        "SELECT DISTINCT touched.key AS name FROM event, "
        "json_each(event.payload, '$.rows') AS touched WHERE seq > ? AND seq <= ?",
        seen,
        newest,
    )
    return newest, frozenset(str(row["name"]) for row in rows)
