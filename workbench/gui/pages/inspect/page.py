"""The Inspect page: one row, what every model answers to it, and where each of them looks."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.core.pictures import is_image
from workbench.core.vocabulary import PluginKind
from workbench.gui.faults import notice_of
from workbench.gui.pages.compared_runs import compared_runs
from workbench.gui.pages.inspect.answers_table import AnswersTable
from workbench.gui.pages.inspect.attribution_panel import AttributionPanel
from workbench.gui.pages.inspect.contents import (
    Compared,
    RowList,
    RowView,
    Scope,
    read_compared,
    rows_in,
    view_row,
)
from workbench.gui.pages.inspect.explaining import Explaining
from workbench.gui.pages.inspect.maps import MapsView, view_maps
from workbench.gui.pages.inspect.predictions import Predictions
from workbench.gui.pages.inspect.row_card import RowCard
from workbench.gui.pages.inspect.strip import RowStrip
from workbench.gui.pages.page import Page
from workbench.gui.session.path_state import Step
from workbench.gui.session.session import Session
from workbench.gui.widgets.blocks import EmptyState, button, page_head, row
from workbench.gui.widgets.choice_bar import ChoiceBar
from workbench.gui.widgets.thumbnails import images_of
from workbench.store import Project

_PURPOSE = "One row, as every model sees it"

RowAnswer = tuple[RowView, MapsView, QImage]


class InspectPage(Page):
    """Goes through the rows of a scope; the row itself is part of the shared choice."""

    step = Step.INSPECT
    watches = frozenset({"run_artifact"})

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._compared: Compared | None = None
        self._view: RowView | None = None
        self._maps: MapsView | None = None
        self._explaining = Explaining(session.compute, self)
        self._empty = EmptyState()
        self._scope = QComboBox()
        self._previous, self._next = button("Previous"), button("Next")
        self._number = QSpinBox()
        self._strip = RowStrip(session.reader.background)
        self._card = RowCard()
        self._predictions = Predictions()
        self._answers = AnswersTable()
        self._attribution = AttributionPanel(self._explaining)
        self._name_controls()
        self._lay_out()
        self._connect()

    @property
    def view(self) -> RowView | None:
        """The row that is shown, None if none is."""
        return self._view

    @property
    def maps(self) -> MapsView | None:
        """Its maps, or why there are none."""
        return self._maps

    def refresh(self) -> None:
        choice = self.session.choice
        plan, forget_set, runs = choice.plan, choice.chosen.forget_set, compared_runs(choice)
        if plan is None or forget_set is None or not runs.all:
            for key in ("compared", "rows", "row"):
                self.session.reader.drop(self, key)
            self._say(self.session.state.missing(self.step) or "No run has finished yet")
            return

        def read(project: Project) -> Compared:
            return read_compared(project, plan, forget_set, runs)

        self.session.reader.ask(self, "compared", read, self._take_compared, self._fail)

    def next_row(self) -> None:
        """Show the next row of the scope."""
        self._strip.step(1)

    def previous_row(self) -> None:
        """Show the row before in the scope."""
        self._strip.step(-1)

    def explain_row(self) -> None:
        """Make the maps of this row, if no run did."""
        compared, view, maps = self._compared, self._view, self._maps
        if compared is None or view is None or maps is None or not maps.missing:
            return
        key = (compared.dataset_id, view.row, self._attribution.explainer)
        self._explaining.explain(key, maps.missing)

    def _take_compared(self, compared: Compared) -> None:
        self._compared = compared
        dataset = compared.dataset
        self._strip.use(dataset)
        with QSignalBlocker(self._number):
            self._number.setRange(0, len(dataset) - 1)
        self._attribution.offer(
            self._offered_explainers(compared),
            [run.seed for run in compared.runs.references],
            self.session.only_reads_because,
        )
        self._stack.setCurrentIndex(1)
        self._ask_rows()
        self._ask_row()

    def _offered_explainers(self, compared: Compared) -> list[tuple[str, str]]:
        """Those of the plan; every one there is where the plan has none."""
        known = self.session.registry.contributions(PluginKind.ATTRIBUTION)
        titles = {one.id: one.declared.title for one in known}
        return [(id_, titles.get(id_, id_)) for id_ in compared.explainers or titles]

    @property
    def _chosen_scope(self) -> Scope:
        return Scope(self._scope.currentText())

    def _choose_scope(self) -> None:
        self._ask_rows(then_go=True)

    def _ask_rows(self, *, then_go: bool = False) -> None:
        """`then_go`: to the first of the rows, if the one that is shown is not among them."""
        compared, scope = self._compared, self._chosen_scope
        if compared is None:
            return
        selection = self.session.selection
        table = selection.table
        is_same = table is not None and table.dataset_id == compared.dataset_id
        selected = selection.rows if is_same else np.empty(0, dtype=np.int64)
        self.session.reader.ask(
            self,
            "rows",
            lambda _: rows_in(scope, compared, selected),
            lambda rows: self._take_rows(rows, then_go),
            self._fail,
        )

    def _take_rows(self, rows: RowList, then_go: bool) -> None:
        self._strip.show_rows(rows)
        shown = self.session.choice.chosen.row
        if len(rows.rows) and (shown is None or (then_go and shown not in rows.rows)):
            self.session.choice.set(row=int(rows.rows[0]))

    def _ask_row(self) -> None:
        compared, row_id = self._compared, self.session.choice.chosen.row
        if compared is None or row_id is None:
            return
        row_id = min(row_id, len(compared.dataset) - 1)
        explainer, seed = self._attribution.explainer, self._attribution.seed
        made = self._explaining.maps_of((compared.dataset_id, row_id, explainer))

        def read(_: Project) -> RowAnswer:
            view = view_row(compared, row_id)
            picture = QImage()
            if is_image(view.inputs.shape):
                picture = images_of(view.inputs[None], view.white)[0]
            return view, view_maps(compared, row_id, explainer, seed, made), picture

        self.session.reader.ask(self, "row", read, self._take_row, self._fail)

    def _take_row(self, answer: RowAnswer) -> None:
        self._view, self._maps, picture = answer
        self._explaining.dismiss()
        self._card.show_row(self._view)
        self._predictions.show_row(self._view)
        self._answers.show_row(self._view)
        self._attribution.show_maps(self._maps, picture)
        self._strip.mark(self._view.row)
        with QSignalBlocker(self._number):
            self._number.setValue(self._view.row)
        self.refreshed.emit()

    def _row_chosen(self) -> None:
        if self.isVisible() and self._compared is not None:
            self._ask_row()
        else:
            self.invalidate()

    def _selection_changed(self) -> None:
        if self._chosen_scope is not Scope.SELECTED:
            return
        if self.isVisible():
            self._ask_rows()
        else:
            self.invalidate()

    def _choose_row(self, row_id: int) -> None:
        self.session.choice.set(row=row_id)

    def _fail(self, fault: Exception) -> None:
        self.session.faults.report(fault)
        notice = notice_of(fault)
        self._say(notice.message, notice.remedy)

    def _say(self, sentence: str, hint: str = "") -> None:
        self._compared = self._view = self._maps = None
        self._empty.say(sentence, hint)
        self._stack.setCurrentIndex(0)
        self.refreshed.emit()

    def _name_controls(self) -> None:
        self._scope.setAccessibleName("Rows to look at")
        self._scope.setToolTip("Which rows are offered in the column on the left")
        for scope in Scope:
            self._scope.addItem(str(scope))
        self._number.setAccessibleName("Row number")
        self._number.setToolTip("Go to a row by its number in the dataset")
        self._number.setKeyboardTracking(False)
        for step_button, key in ((self._previous, "Alt+Up"), (self._next, "Alt+Down")):
            step_button.setShortcut(key)
            step_button.setToolTip(f"{step_button.text()} row of these ({key})")

    def _lay_out(self) -> None:
        offered, number = QLabel("Rows"), QLabel("Row")
        offered.setBuddy(self._scope)
        number.setBuddy(self._number)
        upper = QHBoxLayout()
        upper.setSpacing(12)
        for part, stretch in ((self._card, 3), (self._predictions, 7), (self._answers, 7)):
            upper.addWidget(part, stretch)
        right = QVBoxLayout()
        right.addLayout(upper, 1)
        right.addWidget(self._attribution, 1)
        body = QHBoxLayout()
        body.setSpacing(12)
        body.addWidget(self._strip)
        body.addLayout(right, 1)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(
            row(offered, self._scope, self._previous, self._next, number, self._number)
        )
        layout.addLayout(body, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(content)
        page = QVBoxLayout(self)
        page.setContentsMargins(16, 16, 16, 16)
        page.addLayout(page_head(self.step, _PURPOSE))
        page.addWidget(ChoiceBar(self.session.choice))
        page.addWidget(self._stack, 1)

    def _connect(self) -> None:
        choice = self.session.choice
        self.follow(choice.changed, self.session.state_changed)
        choice.row_changed.connect(self._row_chosen)
        self.session.selection.changed.connect(self._selection_changed)
        self._scope.activated.connect(self._choose_scope)
        self._previous.clicked.connect(self.previous_row)
        self._next.clicked.connect(self.next_row)
        self._number.valueChanged.connect(self._choose_row)
        self._strip.chosen.connect(self._choose_row)
        self._attribution.choice_changed.connect(self._ask_row)
        self._attribution.explain_asked.connect(self.explain_row)
        self._explaining.made.connect(self._ask_row)
