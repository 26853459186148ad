"""Which numbers the scoreboard shows: all, those with a criterion, or one family."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from workbench.gui.pages.compare.scores import ScoreGroup
from workbench.report.display import count

_ALL, _JUDGED = "All", "With a criterion"


class NumberFilter(QComboBox):
    """Offers what there is, with how many; what was chosen stays chosen for the next models."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen = _ALL
        self.setAccessibleName("Numbers that are shown")
        self.setToolTip("Show all numbers, those the plan has a criterion on, or one family")
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.activated.connect(self._choose)

    def offer(self, groups: Sequence[ScoreGroup]) -> None:
        """Offer what these groups hold."""
        offered = {
            _ALL: groups,
            _JUDGED: _judged(groups),
            **{group.title: (group,) for group in groups},
        }
        with QSignalBlocker(self):
            self.clear()
            for title, of_title in offered.items():
                n = sum(len(group.scores) for group in of_title)
                if n:
                    self.addItem(f"{title}: {count(n, 'number')}", title)
            self.setCurrentIndex(max(0, self.findData(self._chosen)))

    def matching(self, groups: Sequence[ScoreGroup]) -> tuple[ScoreGroup, ...]:
        """The groups that are to be shown, each with what is to be shown of it."""
        match self.currentData():
            case title if title == _JUDGED:
                return _judged(groups)
            case title if title not in (None, _ALL):
                return tuple(group for group in groups if group.title == title)
        return tuple(groups)

    def _choose(self) -> None:
        self._chosen = self.currentData()
        self.changed.emit()


def _judged(groups: Sequence[ScoreGroup]) -> tuple[ScoreGroup, ...]:
    found = (
        ScoreGroup(group.title, tuple(score for score in group.scores if score.standing))
        for group in groups
    )
    return tuple(group for group in found if group.scores)
