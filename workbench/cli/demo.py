"""`workbench demo [--headless] [--out DIR]`: the whole story on scikit-learn's bundled digits."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.audit.plan import read_plan
from workbench.cli.lanes import open_pool
from workbench.cli.options import add_lanes
from workbench.cli.output import Output
from workbench.cli.run import document, summary
from workbench.core.errors import UsageError
from workbench.core.locations import DEMO_PLAN
from workbench.jobs.campaign import Campaign
from workbench.report import write_report
from workbench.store import Project


def configure(command: argparse.ArgumentParser) -> None:
    command.add_argument("--headless", action="store_true", help="without the window")
    command.add_argument("--out", metavar="DIR", type=Path, default=Path("workbench-demo"))
    command.add_argument("--resume", action="store_true", help="do only what is missing")
    add_lanes(command)


def execute(options: argparse.Namespace, output: Output) -> int:
    if not options.out.name:
        raise UsageError("The demo needs a folder of its own.", remedy="Use --out FOLDER.")
    return _headless(options, output) if options.headless else _window(options.out)


def _window(folder: Path) -> int:
    """Live: the window opens on the demo, and what is missing of it runs before your eyes."""
    from workbench.gui.launch import run_window

    return run_window(lambda window: window.open_demo(folder))


def _headless(options: argparse.Namespace, output: Output) -> int:
    plan = read_plan(DEMO_PLAN)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "digits.audit"
    if path.exists() and not options.resume:
        raise UsageError(
            f"There is already a demo in {options.out}.",
            remedy="Choose another --out folder, or add --resume to finish it.",
        )
    opened = Project.open(path) if path.exists() else Project.create(path, "Digits demo")
    with opened as project:
        campaign = Campaign(
            project, plan, folder=DEMO_PLAN.parent, resume=options.resume, say=output.note
        )
        with open_pool(options) as pool:
            result = campaign.run(pool)
        report = write_report(project, options.out / "report.html", "html", plan_id=result.plan_id)
    output.result(
        {**document(result), "project": str(path), "report": str(report)},
        [*summary(result), f"Project: {path}", f"Report: {report}"],
    )
    return 0 if not result.failed else 1
