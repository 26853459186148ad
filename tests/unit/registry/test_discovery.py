"""Finding plugins: from files alone, and without one broken plugin hiding the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.registry.conftest import MANIFEST, MakePlugin
from workbench.core.errors import UsageError
from workbench.core.vocabulary import PluginKind
from workbench.registry import Origin, Registry
from workbench.registry import registry as registry_module

EXPLODES = "raise RuntimeError('imported')\n"


def only_problem(folder: Path) -> str:
    registry = Registry.discover([folder])
    assert [plugin.id for plugin in registry.plugins if plugin.origin is Origin.FOLDER] == []
    [broken] = registry.broken
    return broken.problem


def test_discovery_reads_manifests_and_runs_no_code(make_plugin: MakePlugin) -> None:
    folder = make_plugin(code_py=EXPLODES, options_py=EXPLODES)
    before = set(sys.modules)

    registry = Registry.discover([folder.parent])

    assert registry.broken == ()
    assert registry.get(PluginKind.SELECTOR, "one-everything").plugin.folder == folder
    assert not [name for name in set(sys.modules) - before if "plugins" in name]


def test_discovering_the_built_in_plugins_imports_none_of_their_code() -> None:
    script = (
        "import sys; from workbench.registry import Registry; r = Registry.discover()\n"
        "assert r.plugins and not {'torch', 'captum', 'sklearn'} & set(sys.modules)\n"
        "assert not [m for m in sys.modules if m.startswith('workbench_plugins')]"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


@pytest.mark.parametrize("depth", ["", "plugins", "plugins/family"])
def test_a_folder_may_be_a_plugin_or_hold_them_one_or_two_levels_down(
    make_plugin: MakePlugin, tmp_path: Path, depth: str
) -> None:
    make_plugin(f"given/{depth}")
    registry = Registry.discover([tmp_path / "given"])
    assert [p.id for p in registry.plugins if p.origin is Origin.FOLDER] == ["one"]
    assert registry.broken == ()


def test_the_user_folder_is_searched(make_plugin: MakePlugin) -> None:
    make_plugin("user-plugins/mine", plugin_id="mine")
    assert "mine" in [plugin.id for plugin in Registry.discover().plugins]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("api = 1", "api = = 1"), "is not valid TOML"),
        (("api = 1", "api = 1\nlicense = 'MIT'"), "has no key 'license'; did you mean 'licence'?"),
        (("title =", "titel ="), "lacks the key"),
        (("api = 1\n", "api = 99\nnew_key = 1\n"), "is written for plugin API 99"),
        (("api = 1\n", ""), "lacks the key 'api'"),
        (('kind = "selector"', 'kind = "sorter"'), "contributions.0.kind must be"),
        (('summary = "Selects', 'sumary = "Selects'), "lacks the key 'contributions.0.summary'"),
        (
            ('params = "opt', 'parms = "opt'),
            "no key 'contributions.0.parms'; did you mean 'params'",
        ),
        (("code:Everything", "no_code:Everything"), "the folder holds no such module"),
        (("options:Options", "os.path:Options"), "the folder holds no such module"),
        (("code:Everything", "../code:Everything"), "contributions.0.object must match pattern"),
        (('id = "one"', 'id = "One Plugin"'), "id must match pattern"),
    ],
)
def test_a_broken_manifest_is_one_sentence_that_names_the_file(
    make_plugin: MakePlugin, change: tuple[str, str], expected: str
) -> None:
    good = MANIFEST.format(id="one")
    assert change[0] in good
    folder = make_plugin(plugin_toml=good.replace(*change, 1))

    problem = only_problem(folder)

    assert expected in problem
    assert str(folder / "plugin.toml") in problem
    assert "\n" not in problem
    assert problem.endswith((".", "?"))


def test_a_toml_error_names_the_line(make_plugin: MakePlugin) -> None:
    folder = make_plugin(plugin_toml="api = 1\nid = one\n")
    assert "line 2" in only_problem(folder)


def test_a_manifest_that_is_not_text(make_plugin: MakePlugin) -> None:
    folder = make_plugin()
    (folder / "plugin.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read as text" in only_problem(folder)


def test_a_contribution_declared_twice(make_plugin: MakePlugin) -> None:
    manifest = MANIFEST.format(id="one")
    twice = manifest + manifest[manifest.index("[[") :]
    problem = only_problem(make_plugin(plugin_toml=twice))
    assert "declares the selector 'one-everything' twice" in problem


def test_a_module_that_is_a_link_out_of_the_folder(make_plugin: MakePlugin, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("class Everything: ...\n")
    folder = make_plugin(code_py=None)
    (folder / "code.py").symlink_to(elsewhere)
    assert "the folder holds no such module" in only_problem(folder)


def test_one_broken_plugin_does_not_hide_the_others(make_plugin: MakePlugin) -> None:
    make_plugin("plugins/bad", plugin_toml="=")
    folder = make_plugin("plugins/good", plugin_id="good")
    registry = Registry.discover([folder.parent])
    assert registry.get(PluginKind.SELECTOR, "good-everything")
    assert len(registry.broken) == 1


def test_two_plugins_with_one_id_name_each_other(make_plugin: MakePlugin) -> None:
    first, second = make_plugin("plugins/a"), make_plugin("plugins/b")
    registry = Registry.discover([first.parent])
    [broken] = registry.broken
    assert broken.where == second
    assert str(first) in broken.problem
    assert str(second) in broken.problem


def test_a_contribution_that_another_plugin_already_made(make_plugin: MakePlugin) -> None:
    first = make_plugin("plugins/a")
    make_plugin("plugins/b", plugin_toml=MANIFEST.format(id="one").replace('"one"', '"two"', 1))
    [broken] = Registry.discover([first.parent]).broken
    assert "'one-everything'" in broken.problem
    assert str(first) in broken.problem


def test_a_given_folder_without_plugins_is_reported(tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere") in only_problem(tmp_path / "nowhere")


def install(site: Path, entry_point: str) -> None:
    """Lay out an installed distribution as an installer would."""
    information = site / "their_plugin-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: their-plugin\nVersion: 1.0")
    (information / "entry_points.txt").write_text(
        f"[unlearning_workbench.plugins]\ntheirs = {entry_point}\n"
    )


@pytest.mark.parametrize("package", ["their_package", "their_package.inner"])
def test_an_installed_plugin_is_found_without_importing_its_package(
    make_plugin: MakePlugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    site = tmp_path / "site"
    (site / "their_package").mkdir(parents=True)
    (site / "their_package" / "__init__.py").write_text(EXPLODES)
    folder = make_plugin(f"site/{package.replace('.', '/')}", "theirs", __init___py=EXPLODES)
    install(site, f"{package}:plugin.toml")
    monkeypatch.syspath_prepend(site)

    registry = Registry.discover()

    found = registry.get(PluginKind.SELECTOR, "theirs-everything").plugin
    assert found.origin is Origin.DISTRIBUTION
    assert found.folder == folder
    assert "their_package" not in sys.modules


@pytest.mark.parametrize(
    "entry_point",
    [
        "no_such_package:plugin.toml",
        "json:plugin.toml",
        "json.no.part:plugin.toml",
        ":plugin.toml",
        "__main__:x",
    ],
)
def test_an_entry_point_that_names_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry_point: str
) -> None:
    install(tmp_path / "site", entry_point)
    monkeypatch.syspath_prepend(tmp_path / "site")
    [broken] = Registry.discover().broken
    assert broken.where == "theirs"
    assert entry_point in broken.problem


def test_an_unknown_id_gets_a_suggestion(make_plugin: MakePlugin) -> None:
    registry = Registry.discover([make_plugin()])
    with pytest.raises(UsageError, match="no selector 'one-everythin'; did you mean 'one-every"):
        registry.get(PluginKind.SELECTOR, "one-everythin")


def test_an_id_of_another_kind_is_not_found(
    make_plugin: MakePlugin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(registry_module, "BUILTIN_PLUGINS", tmp_path / "none")
    registry = Registry.discover([make_plugin()])
    with pytest.raises(UsageError, match=r"There is no method 'one-everything'\. Known: none\."):
        registry.get(PluginKind.METHOD, "one-everything")
