"""Every action of the window, declared once: menus, toolbar, shortcuts and palette follow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workbench.gui.session.path_state import Step


class Condition(StrEnum):
    """What must hold for an action. The value tells a user what is missing."""

    PROJECT = "Open a project first"
    WRITABLE = "This window only reads the project"
    DATA = "Import a dataset first"
    SELECTION = "Select some rows first"
    LOCKED_PLAN = "Lock a plan first"
    RESULTS = "No run has finished yet"
    NOT_RUNNING = "A plan is running"
    RUNNING = "No plan is running"
    UNDO = "There is nothing to undo"
    REDO = "There is nothing to redo"


class Menu(StrEnum):
    """The menus, in their order."""

    PROJECT = "&Project"
    EDIT = "&Edit"
    GO = "&Go"
    RUN = "&Run"
    VIEW = "&View"
    HELP = "&Help"


WINDOW = "window"
_WRITES = (Condition.PROJECT, Condition.WRITABLE)


@dataclass(frozen=True)
class ActionSpec:
    """One action. `on` is the window or the page whose method `method` does it.

    An action of a page shows the page first. `group` separates actions in a menu.
    """

    title: str
    menu: Menu
    on: str
    method: str
    shortcut: str = ""
    needs: tuple[Condition, ...] = ()
    group: int = 0
    in_toolbar: bool = False
    argument: Step | None = None

    @property
    def id(self) -> str:
        return f"{self.on}.{self.method}" + (f".{self.argument}" if self.argument else "")


def _go(number: int, step: Step) -> ActionSpec:
    return ActionSpec(
        str(step), Menu.GO, WINDOW, "show_step", f"Ctrl+{number}", (Condition.PROJECT,), 0,
        argument=step,
    )  # fmt: skip


def _project(title: str, method: str, shortcut: str = "", group: int = 0) -> ActionSpec:
    return ActionSpec(title, Menu.PROJECT, WINDOW, method, shortcut, group=group)


ACTIONS: tuple[ActionSpec, ...] = (
    _project("New project…", "new_project", "Ctrl+N"),
    _project("Open project…", "open_project", "Ctrl+O"),
    _project("Open the demo", "open_demo"),
    ActionSpec(
        "Close project", Menu.PROJECT, WINDOW, "close_project", "Ctrl+W", (Condition.PROJECT,)
    ),
    ActionSpec(
        "Import data…", Menu.PROJECT, Step.DATA, "import_data", "Ctrl+I", _WRITES, 1, True
    ),
    ActionSpec(
        "Train a model…", Menu.PROJECT, Step.DATA, "train_model", "",
        (*_WRITES, Condition.DATA), 1,
    ),
    ActionSpec(
        "Import a model…", Menu.PROJECT, Step.DATA, "import_model", "",
        (*_WRITES, Condition.DATA), 1,
    ),
    ActionSpec(
        "Import a plan…", Menu.PROJECT, Step.PLAN, "import_plan", "", _WRITES, 1
    ),
    ActionSpec(
        "Export the plan…", Menu.PROJECT, Step.PLAN, "export_plan", "", (Condition.PROJECT,), 2
    ),
    ActionSpec(
        "Export report…", Menu.PROJECT, Step.REPORT, "export_report", "Ctrl+E",
        (*_WRITES, Condition.LOCKED_PLAN), 2, True,
    ),
    _project("Settings…", "change_settings", "Ctrl+,", 3),
    _project("Quit", "close", "Ctrl+Q", 3),
    ActionSpec(
        "Undo", Menu.EDIT, WINDOW, "undo", "Ctrl+Z", (*_WRITES, Condition.UNDO), 0, True
    ),
    ActionSpec(
        "Redo", Menu.EDIT, WINDOW, "redo", "Ctrl+Shift+Z", (*_WRITES, Condition.REDO), 0, True
    ),
    ActionSpec(
        "Clear the selection", Menu.EDIT, WINDOW, "clear_selection", "Ctrl+Shift+A",
        (Condition.PROJECT, Condition.SELECTION), 1,
    ),
    ActionSpec(
        "Copy the scoreboard", Menu.EDIT, Step.COMPARE, "copy_scoreboard", "",
        (Condition.PROJECT, Condition.RESULTS), 2,
    ),
    ActionSpec(
        "Propose rows…", Menu.EDIT, Step.FORGET_SET, "propose_rows", "",
        (*_WRITES, Condition.DATA), 1,
    ),
    ActionSpec(
        "Save the selection as a forget set…", Menu.EDIT, Step.FORGET_SET, "save_forget_set",
        "Ctrl+S", (*_WRITES, Condition.SELECTION), 1, True,
    ),
    *(_go(number, step) for number, step in enumerate(Step, start=1)),
    ActionSpec(
        "Start or resume the runs", Menu.RUN, Step.RUNS, "start_or_resume", "Ctrl+R",
        (*_WRITES, Condition.LOCKED_PLAN, Condition.NOT_RUNNING), 0, True,
    ),
    ActionSpec(
        "Stop all runs", Menu.RUN, Step.RUNS, "stop_all", "Ctrl+.",
        (Condition.PROJECT, Condition.RUNNING), 0, True,
    ),
    ActionSpec(
        "Stop this run", Menu.RUN, Step.RUNS, "cancel_run", "",
        (Condition.PROJECT, Condition.RUNNING), 0,
    ),
    ActionSpec(
        "Start a plan", Menu.RUN, Step.PLAN, "start_plan", "", (*_WRITES, Condition.DATA), 1
    ),
    ActionSpec("Discard the draft", Menu.RUN, Step.PLAN, "discard_draft", "", _WRITES, 1),
    ActionSpec(
        "Lock the plan…", Menu.RUN, Step.PLAN, "lock_plan", "Ctrl+L", (*_WRITES, Condition.DATA), 1
    ),
    ActionSpec(
        "Add an exploratory criterion…", Menu.RUN, Step.PLAN, "add_exploratory_criterion", "",
        (*_WRITES, Condition.LOCKED_PLAN), 1,
    ),
    ActionSpec(
        "Next row", Menu.GO, Step.INSPECT, "next_row", "", (Condition.PROJECT, Condition.RESULTS), 1
    ),
    ActionSpec(
        "Previous row", Menu.GO, Step.INSPECT, "previous_row", "",
        (Condition.PROJECT, Condition.RESULTS), 1,
    ),
    ActionSpec(
        "Explain this row", Menu.RUN, Step.INSPECT, "explain_row", "",
        (*_WRITES, Condition.RESULTS), 2,
    ),
    ActionSpec("Light or dark", Menu.VIEW, WINDOW, "toggle_theme", "Ctrl+T"),
    ActionSpec("Full screen", Menu.VIEW, WINDOW, "toggle_full_screen", "F11"),
    ActionSpec("Find an action…", Menu.HELP, WINDOW, "show_palette", "Ctrl+K"),
    ActionSpec("About the workbench", Menu.HELP, WINDOW, "show_about", group=1),
)  # fmt: skip
