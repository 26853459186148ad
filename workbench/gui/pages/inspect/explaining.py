"""Maps made on demand for rows that no run explained. Kept for the session, never stored."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from workbench.core.vocabulary import RunStatus
from workbench.gui.pages.inspect.maps import Map, made_maps
from workbench.gui.session.compute import Compute
from workbench.gui.session.tasks import JobTask

_ROOM = 128 * 1024**2  # bytes

Key = tuple[int, int, str]
"""Dataset id, row, explainer."""


class Explaining(QObject):
    """Asks the compute lanes for the maps of one row at a time.

    `changed`: a job began, went on or ended; `made`: new maps are there.
    """

    changed = Signal()
    made = Signal()

    def __init__(self, compute: Compute, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._compute = compute
        self._kept: OrderedDict[Key, dict[int, Map]] = OrderedDict()
        self._asked: Key | None = None
        self.task: JobTask | None = None
        """What is under way."""
        self.fault: BaseException | None = None
        """Why the last job failed, if it did."""

    def maps_of(self, key: Key) -> dict[int, Map]:
        """What was made for a row, by model id."""
        if key not in self._kept:
            return {}
        self._kept.move_to_end(key)
        return dict(self._kept[key])

    def explain(self, key: Key, models: Sequence[int]) -> None:
        """Make the maps of a row under some models; one job at a time."""
        if self.task is not None:
            return
        dataset, row, explainer = key
        self._asked, self.fault = key, None
        self.task = self._compute.submit(
            "explain",
            f"Explaining row {row}",
            models=list(models),
            rows=[row],
            explainer=explainer,
            params={},
            dataset=dataset,
        )
        self.task.changed.connect(self.changed)
        self.task.finished.connect(self._take)
        self.changed.emit()

    def dismiss(self) -> None:
        """Forget why the last job failed."""
        self.fault = None

    def cancel(self) -> None:
        if self.task is not None:
            self.task.cancel()

    def _take(self) -> None:
        task, key, self.task = self.task, self._asked, None
        if task is None or key is None:
            return
        self.fault = task.fault
        if task.progress.state is RunStatus.DONE:
            self._kept[key] = {**self.maps_of(key), **made_maps(task.result)}
            while len(self._kept) > 1 and self._bytes() > _ROOM:
                self._kept.popitem(last=False)
            self.made.emit()
        self.changed.emit()

    def _bytes(self) -> int:
        return sum(one.nbytes for maps in self._kept.values() for one in maps.values())
