"""The command line. Only the module of the command that was asked for is imported."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from workbench import __version__
from workbench.cli.output import Output
from workbench.core.errors import UsageError, WorkbenchError

COMMANDS = {
    "gui": "open the window, on a project if one is named; so does no command at all",
    "demo": "the whole story on bundled real data, in minutes, without any download",
    "init": "make an empty project",
    "import-data": "read a dataset into a project",
    "import-model": "read a model's weights into a project",
    "select": "choose a forget set by a rule or a selector",
    "plan": "lock a plan, add exploratory criteria to it, or write it to a file",
    "run": "run a plan: unlearn, retrain, audit, judge",
    "report": "write the report of a project",
    "verify": "check that nothing in a project was changed afterwards",
    "plugins": "list, show and trust plugins",
    "metrics": "list and explain the metrics",
    "doctor": "check this installation and repeat the known answers",
}


class Interrupted(WorkbenchError):  # noqa: N818 - not a fault of anything
    """Ctrl-C."""

    exit_code = 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sentence = message[0].upper() + message[1:].rstrip(".")
        raise UsageError(f"{sentence}.", remedy=f"See '{self.prog} --help'.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (see `workbench --help`)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    output = Output(json="--json" in arguments)
    try:
        return _run(arguments, output)
    except WorkbenchError as error:
        failure = error
    except KeyboardInterrupt:
        failure = Interrupted("Interrupted.", remedy="What was finished is kept.")
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as fault:
        where = f" ({fault.filename})" if fault.filename else ""
        failure = WorkbenchError(f"{fault.strerror or fault}{where}.", remedy="Check it.")
    output.failure(failure)
    return failure.exit_code


def _run(arguments: Sequence[str], output: Output) -> int:
    parser = _parser(chosen=next((word for word in arguments if not word.startswith("-")), ""))
    options = parser.parse_args(arguments)
    if not options.command:
        from workbench.gui.launch import run_window

        return run_window()
    return int(options.execute(options, output))


def _parser(chosen: str) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="workbench",
        description="Audit whether a trained model has forgotten what it was asked to forget.",
        epilog="Exit codes: 0 success or PASS, 1 error, 2 usage, 10 FAIL, 11 INCONCLUSIVE, "
        "12 INVALID, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if name == chosen:
            module = import_module(f"workbench.cli.{name.replace('-', '_')}")
            module.configure(command)
            command.set_defaults(execute=module.execute)
        command.add_argument(
            "--json", action="store_true", help="print one JSON document on standard output"
        )
    return parser
