"""A plan in full: its sections on tabs, and beside them what it will do."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QTabWidget, QWidget

from workbench.core import palette
from workbench.gui.pages.plan.criteria import CriteriaSection
from workbench.gui.pages.plan.document import PlanDocument
from workbench.gui.pages.plan.forget_sets import ForgetSetsSection
from workbench.gui.pages.plan.measures import MeasuresSection
from workbench.gui.pages.plan.methods import MethodsSection
from workbench.gui.pages.plan.reference import ReferenceSection
from workbench.gui.pages.plan.section import PlanView, Section
from workbench.gui.pages.plan.setup import SetupSection
from workbench.gui.pages.plan.summary import Summary
from workbench.gui.theme import theme

_SECTIONS: tuple[type[Section], ...] = (
    SetupSection,
    ForgetSetsSection,
    MethodsSection,
    ReferenceSection,
    MeasuresSection,
    CriteriaSection,
)


class PlanPanes(QWidget):
    """Only the section that is seen follows the plan; the others do when they are chosen."""

    trust_asked = Signal(object)
    amend_asked = Signal()

    def __init__(self, document: PlanDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.summary = Summary()
        self.summary.fault_chosen.connect(self.go_to_fault)
        self._view: PlanView | None = None
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.setAccessibleName("Parts of the plan")
        self._sections = [kind(document) for kind in _SECTIONS]
        for section in self._sections:
            index = self._tabs.addTab(section, section.title)
            self._tabs.setTabToolTip(index, section.tip)
            if isinstance(section, MethodsSection):
                section.trust_asked.connect(self.trust_asked)
            if isinstance(section, CriteriaSection):
                section.amend_asked.connect(self.amend_asked)
        self._tabs.currentChanged.connect(self._show_section)
        theme.changed.connect(self._show_tabs)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._tabs, 1)
        layout.addWidget(self.summary)

    def show_plan(self, view: PlanView) -> None:
        self._view = view
        self._show_section()
        self._show_tabs()

    def show_section(self, kind: type[Section]) -> None:
        """Bring a section to the front."""
        self._tabs.setCurrentIndex(_SECTIONS.index(kind))

    def go_to_fault(self, path: str) -> None:
        """Show the section that a path in the plan belongs to, and go to the place itself."""
        root = path.partition(".")[0]
        for section in self._sections:
            if root in section.roots:
                self._tabs.setCurrentWidget(section)
                section.go_to(path)
                return

    def _show_section(self) -> None:
        section = self._tabs.currentWidget()
        if self._view is not None and isinstance(section, Section):
            section.show_plan(self._view)

    def _show_tabs(self) -> None:
        """A section with faults has their number beside its title."""
        if self._view is None:
            return
        assessment = None if self._view.read_only else self._view.assessment
        for index, section in enumerate(self._sections):
            n_faults = len(assessment.faults_below(*section.roots)) if assessment else 0
            text = f"{section.title} ({n_faults})" if n_faults else section.title
            self._tabs.setTabText(index, text)
            tone = palette.FAILED if n_faults else palette.INK
            self._tabs.tabBar().setTabTextColor(index, theme.colour(tone))
