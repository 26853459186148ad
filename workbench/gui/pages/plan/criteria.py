"""The criteria of a plan: what counts as passing, fixed before any result is seen."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from workbench.audit.plan import Plan
from workbench.gui.metric_card import metric_tip
from workbench.gui.pages.plan.criteria_model import CriteriaModel
from workbench.gui.pages.plan.criterion_row import Column, Offers
from workbench.gui.pages.plan.document import PlanDocument
from workbench.gui.pages.plan.section import PlanView, Section
from workbench.gui.pages.plan.starting import added, free_label, standard_criteria
from workbench.gui.widgets.blocks import button, fault_label, muted, row, set_fault
from workbench.gui.widgets.params_form import ParamsForm

_WIDTHS = {
    Column.METRIC: 112,
    Column.SPLIT: 64,
    Column.GROUP: 58,
    Column.REQUIREMENT: 106,
    Column.VALUE: 54,
    Column.PRIMARY: 76,
}
_NEW = {"metric": "accuracy", "split": "forget", "margin": 0.05}


class CriteriaSection(Section):
    """`amend_asked`: a criterion is to be added to the locked plan that is shown."""

    amend_asked = Signal()
    title = "Criteria"
    tip = "What counts as passing; locked with the plan, before any result"
    roots = ("criteria", "alpha")
    widest = 1600

    def __init__(self, document: PlanDocument, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._model = CriteriaModel(self._change, self)
        self._table = QTableView()
        self._table.setAccessibleName("Criteria")
        self._table.setModel(self._model)
        self._table.setItemDelegate(_ChoiceDelegate(self._table))
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.SelectedClicked
        )
        self._table.setTabKeyNavigation(False)
        self._table.verticalHeader().hide()
        self._table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._size_columns()
        self._faults = fault_label()
        self._add = button("Add a criterion")
        self._add.clicked.connect(self.add)
        self._standard = button("Add standard criteria")
        self._standard.setToolTip(
            "<p>Six criteria of equivalence to retraining, with margins to "
            "think about before the plan is locked.</p>"
        )
        self._standard.clicked.connect(self.add_standard)
        self._remove = button("Remove", "Remove the chosen criteria")
        self._remove.clicked.connect(self.remove)
        self._amend = button("Add an exploratory criterion…")
        self._amend.setToolTip("It is judged and marked as exploratory, and decides nothing")
        self._amend.clicked.connect(self.amend_asked)
        self._alpha = ParamsForm(Plan, only=("alpha",))
        self._alpha.changed.connect(
            lambda: document.set(
                ("alpha",), self._alpha.values().get("alpha"), "Change the error rate"
            )
        )
        self._build()

    def show_plan(self, view: PlanView) -> None:
        faults: dict[int, str] = {}
        for fault in view.assessment.faults_below("criteria") if view.assessment else ():
            index = fault.path.split(".")[1:2]
            if index and index[0].isdecimal():
                faults.setdefault(int(index[0]), fault.message)
        self._model.show(
            view.content.get("criteria", []),
            faults,
            Offers.of(view.content),
            read_only=view.read_only,
            exploratory=view.exploratory,
        )
        set_fault(
            self._faults,
            "\n".join(f"Criterion {index + 1}: {text}" for index, text in sorted(faults.items())),
        )
        alpha = view.content.get("alpha")
        self._alpha.set_values({} if alpha is None else {"alpha": alpha})
        self._alpha.set_read_only(view.read_only)
        for one in (self._add, self._standard, self._remove):
            one.setVisible(not view.read_only)
        self._amend.setVisible(view.may_amend)

    def go_to(self, path: str) -> None:
        first, _, rest = path.partition(".")
        index = rest.partition(".")[0]
        if first == "alpha":
            self._alpha.focus("alpha")
            return
        if index.isdecimal():
            self._table.selectRow(int(index))
        self._table.setFocus()

    def add(self) -> None:
        """Add one criterion to be filled in."""
        taken = [str(one.get("name", "")) for one in self._criteria()]
        new = {"name": free_label("new criterion", taken), **_NEW}
        self._change([*self._criteria(), new], "Add a criterion")
        self._table.selectRow(self._model.rowCount() - 1)

    def add_standard(self) -> None:
        """Add the standard criteria that are not there yet."""
        content = self.document.content
        standard = standard_criteria(
            content.get("attacks", ["loss"]),
            has_recovery=content.get("recovery", {}) is not None,
        )
        self._change(added(self._criteria(), standard), "Add standard criteria")

    def remove(self) -> None:
        """Remove the criteria whose rows are chosen."""
        chosen = {index.row() for index in self._table.selectionModel().selectedRows()}
        if chosen:
            left = [one for i, one in enumerate(self._criteria()) if i not in chosen]
            self._change(left, "Remove criteria")

    def _criteria(self) -> list[dict[str, Any]]:
        return list(self.document.content.get("criteria", []))

    def _change(self, criteria: list[dict[str, Any]], title: str) -> None:
        self.document.set(("criteria",), criteria, title)

    def _build(self) -> None:
        self.parts.addWidget(
            muted(
                "An unlearned model passes if it meets every criterion that decides. Margins are "
                "a judgement: think of the largest difference from retraining that nobody minds"
            )
        )
        self.parts.addLayout(row(self._add, self._standard, self._remove, self._amend))
        self.parts.addWidget(self._table, 1)
        self.parts.addWidget(self._faults)
        self.parts.addWidget(self._alpha)

    def _size_columns(self) -> None:
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(Column.NAME, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(48)
        for column, width in _WIDTHS.items():
            self._table.setColumnWidth(column, width)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class _ChoiceDelegate(QStyledItemDelegate):
    """A combo box where a cell offers choices, a line of text elsewhere."""

    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> QWidget:
        pairs = _model(index).choices(index)
        if not pairs:
            editor = super().createEditor(parent, option, index)
            if isinstance(editor, QLineEdit):
                editor.setPlaceholderText(_model(index).placeholder(index))
            return editor
        box = QComboBox(parent)
        box.setAccessibleName(
            str(index.model().headerData(index.column(), Qt.Orientation.Horizontal))
        )
        for data, words in pairs:
            box.addItem(words, data)
            if index.column() == Column.METRIC:
                tip = metric_tip(str(data))
                box.setItemData(box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        box.activated.connect(lambda: self._commit(box))
        return box

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        if isinstance(editor, QComboBox):
            data = [pair[0] for pair in _model(index).choices(index)]
            value = index.data(Qt.ItemDataRole.EditRole)
            editor.setCurrentIndex(data.index(value) if value in data else -1)
            editor.showPopup()
        else:
            super().setEditorData(editor, index)

    def setModelData(
        self,
        editor: QWidget,
        model: QAbstractItemModel,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        if not isinstance(editor, QComboBox):
            super().setModelData(editor, model, index)
        elif editor.currentIndex() >= 0:
            data = _model(index).choices(index)[editor.currentIndex()][0]
            model.setData(index, data, Qt.ItemDataRole.EditRole)

    def _commit(self, box: QComboBox) -> None:
        self.commitData.emit(box)
        self.closeEditor.emit(box)


def _model(index: QModelIndex | QPersistentModelIndex) -> CriteriaModel:
    model = index.model()
    assert isinstance(model, CriteriaModel)  # noqa: S101 - this delegate serves no other
    return model
