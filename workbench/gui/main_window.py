"""The main window: the path, the pages, and the frame around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from workbench import __version__
from workbench.core.errors import WorkbenchError
from workbench.core.locations import user_config_folder
from workbench.gui import dialogs
from workbench.gui.action_set import ActionSet
from workbench.gui.actions import WINDOW, ActionSpec, Condition, Menu
from workbench.gui.faults import Faults, Notice
from workbench.gui.message_bar import MessageBar
from workbench.gui.pages import page_class
from workbench.gui.path_bar import PathBar
from workbench.gui.session.path_state import Step
from workbench.gui.settings import Settings, write_settings
from workbench.gui.start_page import StartPage
from workbench.gui.theme import theme
from workbench.gui.widgets.log_view import LogView

if TYPE_CHECKING:
    # Imported when a project is opened, so that the window paints first.
    from workbench.gui.pages.page import Page
    from workbench.gui.session.session import Session

_WARM_UP = 1500  # milliseconds after a project was opened, so that the window paints first


class MainWindow(QMainWindow):
    """One window, on one project or on the start page."""

    def __init__(
        self, settings: Settings, faults: Faults | None = None, *, in_process: bool = False
    ) -> None:
        super().__init__()
        self.settings = settings
        self.faults = faults or Faults(self)
        self.session: Session | None = None
        self._in_process = in_process
        self._pages: dict[Step, Page] = {}
        self._must_close = False
        self.setAccessibleName("Unlearning Workbench")
        self.setMinimumSize(1024, 660)
        self._build_centre()
        self._build_docks()
        self.actions_ = ActionSet(self, self._perform)
        self._menus = self.actions_.fill(self.menuBar())
        self._build_toolbar()
        self._menus[Menu.VIEW].addSeparator()
        self._menus[Menu.VIEW].addAction(self._log_dock.toggleViewAction())
        self.faults.noticed.connect(self._messages.show_notice)
        self._restore()
        self._show_start()

    # What actions do.

    def new_project(self) -> None:
        """Ask where, and open an empty project there."""
        if not self._may_leave(self.new_project):
            return
        path = dialogs.ask_new_project(self)
        if path is None:
            return
        from workbench.store import Project

        try:
            Project.create(path, path.stem).close()
        except (WorkbenchError, OSError) as fault:
            self.faults.report(fault, kept="No file was changed.")
            return
        self.open_path(path)

    def open_project(self) -> None:
        path = dialogs.ask_project(self)
        if path is not None:
            self.open_path(path)

    def open_path(self, path: Path) -> bool:
        """Open a project in place of the one that is open; whether that was done at once."""
        from workbench.gui.session.session import Session, check_openable

        try:
            check_openable(path)  # before the project that is open is left for it
            if not self._may_leave(partial(self.open_path, path)):
                return False
            self.close_project()
            self.session = Session(
                path, self.faults, self.settings, in_process=self._in_process, parent=self
            )
        except (WorkbenchError, OSError) as fault:
            self.faults.report(fault, kept="Nothing was changed.")
            return False
        self._begin(self.session)
        return True

    def open_demo(self, folder: Path | None = None) -> None:
        """Open the demo project, made if it is not there, and run what is missing of it."""
        if not self._may_leave(partial(self.open_demo, folder)):
            return
        from workbench.gui.demo import demo_folder, demo_plan, demo_project

        try:
            path = demo_project(folder or demo_folder())
        except (WorkbenchError, OSError) as fault:
            self.faults.report(fault, kept="No file was changed.")
            return
        if not self.open_path(path) or self.session is None:
            return
        if self.session.read_only:
            return
        self.show_step(Step.RUNS)
        self.session.run_unless_complete(demo_plan())

    def close_project(self) -> bool:
        """Back to the start page; False if work goes on, which is kept or first has to stop."""
        if not self._may_leave(self.close_project):
            return False
        self._end()
        self._show_start()
        return True

    def undo(self) -> None:
        if self.session:
            self.session.editor.undo()

    def redo(self) -> None:
        if self.session:
            self.session.editor.redo()

    def clear_selection(self) -> None:
        if self.session:
            self.session.selection.clear()

    def show_step(self, step: Step) -> None:
        """Show the page of a step; it is made when it is first shown."""
        if self.session is None:
            return
        if step not in self._pages:
            page = page_class(step)(self.session)
            page.go_to.connect(self.show_step)
            self._pages[step] = page
            self._steps.addWidget(page)
        self._steps.setCurrentWidget(self._pages[step])
        self._path.show_step(step)

    def page(self, step: Step) -> Page:
        """The page of a step, shown."""
        self.show_step(step)
        return self._pages[step]

    def change_settings(self) -> None:
        changed = dialogs.ask_settings(self, self.settings)
        if changed is not None:
            self.settings = self._start.settings = changed
            self.apply_theme()
            self._save_settings()

    def toggle_theme(self) -> None:
        self.settings.theme = "light" if theme.is_dark else "dark"
        self.apply_theme()
        self._save_settings()

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_palette(self) -> None:
        dialogs.show_palette(self, self.actions_.actions)

    def show_about(self) -> None:
        dialogs.show_about(self, __version__)

    def apply_theme(self) -> None:
        """Dress the application as the settings say."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            theme.apply(application, self.settings.theme)

    # Closing.

    def close_without_asking(self) -> None:
        """Stop all work and close; for tests and the end of the program."""
        self._must_close = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._must_close and not self._may_leave(self.close_without_asking):
            event.ignore()
            return
        self._remember()
        self.hide()  # ending the workers takes a moment
        self._end()
        event.accept()

    def _may_leave(self, then: Callable[[], object]) -> bool:
        """Whether nothing is under way; else ask, and call `then` once all was stopped."""
        if self.session is None or not self.session.compute.is_working:
            return True
        if dialogs.ask_stop(self) and self.session is not None:
            self.setEnabled(False)
            self.statusBar().showMessage("Stopping what is running…")
            self.session.compute.stop_then(partial(self._go_on, then))
        return False

    def _go_on(self, then: Callable[[], object]) -> None:
        self.setEnabled(True)
        self.statusBar().clearMessage()
        then()

    # The frame.

    def _build_centre(self) -> None:
        self._messages = MessageBar(self)
        self._reads_only = QLabel()
        self._reads_only.setProperty("banner", "true")
        self._reads_only.setWordWrap(True)
        self._start = StartPage(self.settings)
        self._start.open_requested.connect(self.open_path)
        self._start.new_requested.connect(self.new_project)
        self._start.browse_requested.connect(self.open_project)
        self._start.demo_requested.connect(self._demo_requested)
        self._path = PathBar()
        self._path.chosen.connect(self.show_step)
        self._steps = QStackedWidget()
        self._project_view = QWidget()
        beside = QHBoxLayout(self._project_view)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(0)
        beside.addWidget(self._path)
        beside.addWidget(self._steps, 1)
        self._centre = QStackedWidget()
        self._centre.addWidget(self._start)
        self._centre.addWidget(self._project_view)
        whole = QWidget()
        below = QVBoxLayout(whole)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        for part in (self._messages, self._reads_only):
            below.addWidget(part)
        below.addWidget(self._centre, 1)
        self.setCentralWidget(whole)

    def _build_docks(self) -> None:
        self._log = LogView()
        self._log_dock = QDockWidget("Log", self)
        self._log_dock.setObjectName("log")
        self._log_dock.setWidget(self._log)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self._log_dock)
        self._log_dock.hide()

    def _build_toolbar(self) -> None:
        bar = QToolBar("Actions", self)
        bar.setObjectName("actions")
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        bar.setIconSize(QSize(16, 16))
        bar.setMovable(False)
        self.actions_.fill_toolbar(bar)
        self.addToolBar(bar)
        self._toolbar = bar

    def _show_start(self) -> None:
        self._start.show_recent()
        self._centre.setCurrentWidget(self._start)
        self._reads_only.hide()
        self._toolbar.hide()
        self.setWindowTitle("Unlearning Workbench")
        self._enable()

    def _demo_requested(self) -> None:
        self.open_demo()

    def _begin(self, session: Session) -> None:
        self.settings.remember(session.path)
        self._save_settings()
        session.state_changed.connect(self._show_state)
        session.compute.changed.connect(self._enable)
        session.compute.logged.connect(self._log.append_line)
        session.editor.undo_changed.connect(self._enable)
        session.selection.changed.connect(self._enable)
        from workbench.gui.task_widgets import TaskStrip

        self._log.clear()
        self._strip = TaskStrip(session.compute)
        self.statusBar().addPermanentWidget(self._strip, 1)
        self._reads_only.setText(session.only_reads_because)
        self._reads_only.setVisible(session.read_only)
        self._toolbar.show()
        self._centre.setCurrentWidget(self._project_view)
        self.setWindowTitle(f"{session.project.name} ({session.path.name}) - Unlearning Workbench")
        self.show_step(Step.DATA)
        self._show_state()
        if not session.read_only:
            QTimer.singleShot(_WARM_UP, session, session.warm_up)

    def _end(self) -> None:
        """Close the project, its pages and its work."""
        session, self.session = self.session, None
        if session is None:
            return
        session.close()
        for page in self._pages.values():
            self._steps.removeWidget(page)
            page.deleteLater()
        self._pages.clear()
        self.statusBar().removeWidget(self._strip)
        self._strip.deleteLater()
        del self._strip
        session.deleteLater()

    def _show_state(self) -> None:
        if self.session is not None:
            self._path.show_state(self.session.state)
        self._enable()

    def _enable(self) -> None:
        self.actions_.enable(self._holding())
        session = self.session
        for id_, verb, what in (
            ("window.undo", "Undo", session and session.editor.undo_title),
            ("window.redo", "Redo", session and session.editor.redo_title),
        ):
            if what:
                self.actions_[id_].setToolTip(f"{verb}: {what}")

    def _holding(self) -> frozenset[Condition]:
        session = self.session
        if session is None:
            return frozenset()
        running = session.compute.plan_task is not None
        holding = {
            Condition.PROJECT: True,
            Condition.WRITABLE: not session.read_only,
            Condition.DATA: session.state.datasets > 0,
            Condition.SELECTION: len(session.selection.rows) > 0,
            Condition.LOCKED_PLAN: session.state.locked_plans > 0,
            Condition.RESULTS: session.state.runs_done > 0,
            Condition.RUNNING: running,
            Condition.NOT_RUNNING: not running,
            Condition.UNDO: session.editor.undo_title is not None,
            Condition.REDO: session.editor.redo_title is not None,
        }
        return frozenset(condition for condition, holds in holding.items() if holds)

    def _perform(self, spec: ActionSpec) -> None:
        target = self if spec.on == WINDOW else self.page(Step(spec.on))
        method = getattr(target, spec.method)
        if spec.argument is None:
            method()
        else:
            method(spec.argument)

    # What is remembered.

    def _remember(self) -> None:
        self.settings.geometry = bytes(self.saveGeometry().toBase64().data()).decode()
        self.settings.docks = bytes(self.saveState().toBase64().data()).decode()
        self._save_settings()

    def _restore(self) -> None:
        if self.settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))
        if self.settings.docks:
            self.restoreState(QByteArray.fromBase64(self.settings.docks.encode()))

    def _save_settings(self) -> None:
        try:
            write_settings(self.settings)
        except OSError:
            self.faults.tell(
                Notice(
                    "The settings cannot be written, so they hold until the window is closed.",
                    kept="The project is not affected.",
                    remedy=f"Check the folder {user_config_folder()}.",
                )
            )
