"""Every built-in plugin: valid manifest, card, light parameters, and code that loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from workbench.core.locations import BUILTIN_PLUGINS
from workbench.core.vocabulary import PluginKind
from workbench.registry import Contributed, Origin, Plugin, Registry

REGISTRY = Registry.discover()
PLUGINS = [plugin for plugin in REGISTRY.plugins if plugin.origin is Origin.BUILTIN]
CONTRIBUTIONS = [
    one
    for kind in PluginKind
    for one in REGISTRY.contributions(kind)
    if one.plugin.origin is Origin.BUILTIN
]


def test_every_manifest_is_valid() -> None:
    manifests = list(BUILTIN_PLUGINS.glob("*/*/plugin.toml"))
    assert not [b for b in REGISTRY.broken if str(BUILTIN_PLUGINS) in str(b.where)]
    assert len(PLUGINS) == len(manifests) > 0


def test_every_kind_is_contributed() -> None:
    assert {one.kind for one in CONTRIBUTIONS} == set(PluginKind)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.id)
def test_every_plugin_has_its_card(plugin: Plugin) -> None:
    card = (plugin.folder / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# ")
    for contribution in plugin.manifest.contributions:
        assert len(plugin.manifest.contributions) == 1 or f"`{contribution.id}`" in card


@pytest.mark.parametrize("one", CONTRIBUTIONS, ids=lambda one: f"{one.kind}-{one.id}")
def test_every_contribution_loads(one: Contributed) -> None:
    assert one.load() is not None


@pytest.mark.parametrize("one", CONTRIBUTIONS, ids=lambda one: f"{one.kind}-{one.id}")
def test_every_parameter_is_described(one: Contributed) -> None:
    fields = one.params_model().model_fields
    assert all(field.description for field in fields.values())


def test_no_parameter_module_imports_torch() -> None:
    script = (
        "import sys; from workbench.registry import Registry\n"
        "from workbench.core.vocabulary import PluginKind\n"
        "r = Registry.discover()\n"
        "print([one.params_model() for kind in PluginKind for one in r.contributions(kind)\n"
        "       if one.plugin.origin == 'builtin'])\n"
        "assert not {'torch', 'captum', 'PySide6'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
