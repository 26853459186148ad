"""Plans as files, and the command line called as a function."""

import copy
import json

import pytest

from workbench.cli import main


def to_toml(value):
    """TOML for plain dicts, lists and scalars: every table inline."""
    match value:
        case dict():
            return "{" + ", ".join(f"{k} = {to_toml(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(to_toml, value)) + "]"
    return json.dumps(value)


@pytest.fixture
def write_plan(tmp_path, tiny_plan):
    """Write the tiny plan, changed by dotted keys, and return its path."""

    def write(**changes):
        plan = copy.deepcopy(tiny_plan)
        for dotted, value in changes.items():
            *path, last = dotted.split("__")
            table = plan
            for part in path:
                table = table[int(part) if part.isdigit() else part]
            table[int(last) if last.isdigit() else last] = value
        file = tmp_path / "plan.toml"
        file.write_text("\n".join(f"{key} = {to_toml(value)}" for key, value in plan.items()))
        return file

    return write


@pytest.fixture
def workbench(capsys):
    """Run a command in this process: (exit code, standard output, standard error)."""

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stop:  # argparse ends this way on usage errors
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def project(tmp_path, workbench):
    path = tmp_path / "p.audit"
    assert workbench("init", path)[0] == 0
    return path


@pytest.fixture
def finished(project, write_plan, workbench):
    code, _, err = workbench("run", write_plan(), "--project", project, "--in-process")
    assert code in (0, 10, 11, 12), err
    return project
