"""Letting a selector propose rows to forget."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from workbench.core.vocabulary import PluginKind
from workbench.gui.session.rows import RowTable
from workbench.gui.session.session import Session
from workbench.gui.session.tasks import Task
from workbench.gui.widgets.blocks import column
from workbench.gui.widgets.job_dialog import JobDialog
from workbench.gui.widgets.plugin_form import PluginForm
from workbench.plugin_api.manifest import Need

_PURPOSE = (
    "A selector looks at the training rows and proposes some of them. They become the selection; "
    "nothing is saved."
)


class ProposeDialog(JobDialog):
    """Succeeds with the rows and a definition that names the selector and its settings."""

    def __init__(
        self, session: Session, table: RowTable, model_id: int | None, parent: QWidget
    ) -> None:
        super().__init__(session, "Propose rows", _PURPOSE, "Propose", parent)
        self._table, self._model_id = table, model_id
        offered = session.registry.contributions(PluginKind.SELECTOR)
        unfit = {
            one.id: "It needs the outputs of a model; train or import one first."
            for one in offered
            if Need.OUTPUTS in one.declared.needs and model_id is None
        }
        unfit |= {
            one.id: f"It is not made for {table.dataset.task}."
            for one in offered
            if table.dataset.task not in one.declared.tasks
        }
        self._selector = PluginForm("Selector", offered, unfit)
        self._selector.changed.connect(self.check)
        entries = column(self._selector)
        entries.addStretch(1)
        self.fill(entries)
        self.resize(480, 400)

    def fault(self) -> str:
        return self._selector.fault()

    def submit(self) -> Task:
        chosen = self._selector.chosen
        needs_outputs = chosen is not None and Need.OUTPUTS in chosen.declared.needs
        return self.session.compute.submit(
            "choose-forget-set",
            "Proposing rows",
            dataset=self._table.dataset_id,
            model=self._model_id if needs_outputs else None,
            choice={
                "name": "proposal",
                "selector": chosen.id if chosen else "",
                "params": self._selector.values(),
            },
        )
