"""What a linter cannot see: what is really loaded, and what plugins reach for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGIN_FILES = sorted((ROOT / "plugins").rglob("*.py"))
ALLOWED_TO_PLUGINS = ("workbench.plugin_api", "workbench.metrics")

TORCH_FREE = [
    "workbench.cli",
    "workbench.cli.run",
    "workbench.cli.demo",
    "workbench.cli.report",
    "workbench.cli.verify",
    "workbench.cli.plugins",
    "workbench.jobs.campaign",
    "workbench.jobs.lane",
]


@pytest.mark.parametrize("module", TORCH_FREE)
def test_imports_neither_torch_nor_qt(module):
    code = (
        f"import sys, {module}\n"
        "heavy = {'torch', 'captum', 'sklearn', 'PySide6', 'pyqtgraph'} & set(sys.modules)\n"
        "sys.exit(f'loaded {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_asking_for_help_loads_no_room_but_the_command_line():
    code = (
        "import sys, contextlib, io\n"
        "from workbench.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main(['--help'])\n"
        "heavy = {'torch', 'numpy', 'scipy', 'pydantic', 'sqlite_utils'} & set(sys.modules)\n"
        "sys.exit(f'loaded {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", PLUGIN_FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_plugins_use_only_the_plugin_api_and_the_metrics(file):
    reached = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            reached += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            reached.append(node.module or "")
    ours = [name for name in reached if name.split(".")[0] == "workbench"]
    assert all(name.startswith(ALLOWED_TO_PLUGINS) for name in ours), ours


def test_no_file_is_longer_than_a_reader_holds_in_mind():
    files = [*(ROOT / "workbench").rglob("*.py"), *PLUGIN_FILES]
    too_long = [f for f in files if len(f.read_text().splitlines()) > 400]
    assert files
    assert not too_long
