"""What an attack finds under each model, as a table: at the threshold, and at fixed rates."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Unit
from workbench.gui.metric_card import metric_tip
from workbench.gui.pages.privacy.contents import RATES, Attacked, AttackView, Called, FixedRate
from workbench.report.display import MISSING, THIN, chosen, count, number, percent, points, span

Cell = tuple[str, str]
"""Text and tooltip."""

_ROW_HEIGHT, _TALLEST_ROW = 21, 30
_COLUMN_WIDTH = 52
_AT_THRESHOLD = (
    (
        "Forget rows called",
        "True positive rate: forget rows with a score above the threshold",
    ),
    (
        "Non-members called",
        "False positive rate: comparable rows that no model saw, with a score above the threshold",
    ),
    ("Advantage", "True positive rate minus false positive rate; 0 is guessing (Yeom et al. 2018)"),
    (
        "Precision",
        "Share of forget rows among the rows called members, were there equally many of both",
    ),
)
_AUC = (
    ("AUC", metric_tip("membership_auc")),
    ("95 % interval", "Over the rows at hand; blank for the range of several models"),
)
_NO_AUC = "No such number was stored"
_AT_RATE = (
    "Largest share of forget rows that can be called members while at most this share of "
    "non-members is (Carlini et al. 2022)"
)


class Numbers(QTableWidget):
    """Models as columns; the first rows follow the threshold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Attack results by model")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(_COLUMN_WIDTH)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setMinimumSectionSize(_ROW_HEIGHT)
        self.verticalHeader().setHighlightSections(False)
        self._view: AttackView | None = None
        titles = [*_AT_THRESHOLD, *_AUC]
        titles += [(f"TPR at {chosen(rate, Unit.FRACTION)} FPR", _rate_tip(rate)) for rate in RATES]
        self.setRowCount(len(titles))
        for row, (title, tip) in enumerate(titles):
            header = QTableWidgetItem(title)
            header.setToolTip(tip)
            self.setVerticalHeaderItem(row, header)

    def show_view(self, view: AttackView) -> None:
        self._view = view
        headers = [(_name(view, model), model.run.title) for model in view.models]
        if view.references:
            headers.append(("Retrained", f"Range over {len(view.references)} retrained models"))
        self.setColumnCount(len(headers))
        for column, (title, tip) in enumerate(headers):
            header = QTableWidgetItem(title)
            header.setToolTip(tip)
            self.setHorizontalHeaderItem(column, header)
        for row, cells in enumerate(_auc_cells(view), start=len(_AT_THRESHOLD)):
            self._write(row, cells)
        for row in range(len(RATES)):
            cells = [_rate_cell([model.fixed[row]]) for model in view.models]
            if view.references:
                cells.append(_rate_cell([model.fixed[row] for model in view.references]))
            self._write(len(_AT_THRESHOLD) + len(_AUC) + row, cells)
        self.set_threshold(view.threshold)
        if view.references:
            ranges = len(headers) - 1  # wider than single numbers
            mode = QHeaderView.ResizeMode.ResizeToContents
            self.horizontalHeader().setSectionResizeMode(ranges, mode)
        around = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()
        self.setMinimumHeight(_ROW_HEIGHT * self.rowCount() + around)
        self.setMaximumHeight(_TALLEST_ROW * self.rowCount() + around)

    def set_threshold(self, threshold: float) -> None:
        view = self._view
        if view is None:
            return
        columns = [_called_cells([model.called(threshold)]) for model in view.models]
        if view.references:
            columns.append(_called_cells([model.called(threshold) for model in view.references]))
        for row in range(len(_AT_THRESHOLD)):
            self._write(row, [cells[row] for cells in columns])

    def _write(self, row: int, cells: Sequence[Cell]) -> None:
        for column, (text, tip) in enumerate(cells):
            item = self.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                self.setItem(row, column, item)
            item.setText(text)
            item.setToolTip(tip)


def _rate_tip(rate: float) -> str:
    """The card of the metric that the audit stores at this rate, if it stores one."""
    return metric_tip(f"membership_tpr_at_fpr_{rate:g}") or _AT_RATE


def missing_reasons(view: AttackView) -> str:
    """Why rates were not computed; "" if all were."""
    reasons = [one.reason for model in view.models for one in model.fixed if one.reason]
    return " ".join(dict.fromkeys(reasons))


def _name(view: AttackView, model: Attacked) -> str:
    if model is view.original:
        return "Original"
    return "A and B" if view.a is view.b else ("A" if model is view.a else "B")


def _called_cells(called: Sequence[Called]) -> list[Cell]:
    """The cells of one model, or of the range of several."""
    precise = [one.precision for one in called if one.precision is not None]
    return [
        (
            _shares([one.tpr for one in called]),
            _range_of_counts([one.hits for one in called], called[0].n_forget, "forget row"),
        ),
        (
            _shares([one.fpr for one in called]),
            _range_of_counts(
                [one.false_alarms for one in called], called[0].n_non_members, "non-member"
            ),
        ),
        (_differences([one.advantage for one in called]), ""),
        (_shares(precise), "") if precise else (MISSING, "No row is called a member"),
    ]


def _auc_cells(view: AttackView) -> tuple[list[Cell], list[Cell]]:
    """The row of the AUCs and the row of their intervals."""
    values = [_auc_cell(model.auc) for model in view.models]
    intervals = [_interval_cell(model.auc) for model in view.models]
    if view.references:
        known = [one.auc.value for one in view.references if one.auc and one.auc.value is not None]
        values.append((_range(known), "") if known else (MISSING, _NO_AUC))
        intervals.append(("", ""))
    return values, intervals


def _auc_cell(auc: MetricValue | None) -> Cell:
    if auc is None or auc.value is None:
        return MISSING, auc.reason if auc else _NO_AUC
    return number(auc.value), ""


def _interval_cell(auc: MetricValue | None) -> Cell:
    if auc is None or auc.ci_low is None or auc.ci_high is None:
        return MISSING, auc.reason if auc else _NO_AUC
    return span(auc.ci_low, auc.ci_high, auc.unit), auc.ci_method


def _range(values: Sequence[float]) -> str:
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"


def _rate_cell(rates: Sequence[FixedRate]) -> Cell:
    values = [one.value for one in rates if one.value is not None]
    if not values:
        return MISSING, f"Not computed: {rates[0].reason}"
    one = rates[0]
    tip = f"95 % interval {span(one.low, one.high, Unit.FRACTION)}" if len(rates) == 1 else ""
    return _shares(values), tip


def _shares(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return percent(low) if low == high else span(low, high, Unit.FRACTION)


def _differences(values: Sequence[float]) -> str:
    low, high = points(min(values)), points(max(values))
    return low if low == high else f"{low.partition(THIN)[0]} to {high}"


def _range_of_counts(values: Sequence[int], total: int, noun: str) -> str:
    low, high = min(values), max(values)
    amount = str(low) if low == high else f"{low} to {high}"
    return f"{amount} of {count(total, noun)}"
