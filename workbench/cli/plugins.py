"""`workbench plugins list | show ID | trust ID`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workbench.cli.options import add_plugin_folders
from workbench.cli.output import Output, table
from workbench.core.errors import UsageError
from workbench.core.validation import did_you_mean
from workbench.core.vocabulary import PluginKind
from workbench.registry import Contributed, Plugin, Registry, trust


def configure(command: argparse.ArgumentParser) -> None:
    add_plugin_folders(command)
    command.add_argument("action", choices=["list", "show", "trust"])
    command.add_argument("id", nargs="?", help="a plugin (trust), or what it contributes (show)")


def execute(options: argparse.Namespace, output: Output) -> int:
    registry = Registry.discover(options.plugins)
    if options.action == "list":
        return _list(registry, output)
    if not options.id:
        raise UsageError(f"'plugins {options.action}' needs an id.", remedy="See 'plugins list'.")
    if options.action == "trust":
        return _trust(registry, options.id, output)
    return _show(registry, options.id, output)


def _list(registry: Registry, output: Output) -> int:
    contributed = [one for kind in PluginKind for one in registry.contributions(kind)]
    document = {
        "contributions": [
            {
                "kind": str(one.kind),
                "id": one.id,
                "title": one.declared.title,
                "plugin": one.plugin.id,
                "version": one.plugin.manifest.version,
                "origin": str(one.plugin.origin),
            }
            for one in contributed
        ],
        "broken": [
            {"where": str(broken.where), "problem": broken.problem} for broken in registry.broken
        ],
    }
    rows = [[str(c.kind), c.id, c.declared.title, str(c.plugin.origin)] for c in contributed]
    lines = table(rows, ["KIND", "ID", "TITLE", "ORIGIN"])
    lines += [f"broken: {broken.problem}" for broken in registry.broken]
    output.result(document, lines)
    return 0


def _show(registry: Registry, wanted: str, output: Output) -> int:
    found = [one for kind in PluginKind for one in registry.contributions(kind) if one.id == wanted]
    if not found:
        known = [one.id for kind in PluginKind for one in registry.contributions(kind)]
        raise UsageError(
            f"No plugin contributes {wanted!r}{did_you_mean(wanted, known)}",
            remedy="See 'workbench plugins list'.",
        )
    cards = [_card(one) for one in found]
    lines: list[str] = []
    for one, card in zip(found, cards, strict=True):
        lines += [f"{one.declared.title} ({one.kind} {one.id}, plugin {one.plugin.id})"]
        lines += [one.declared.summary]
        lines += [f"needs: {', '.join(one.declared.needs) or 'nothing'}"]
        lines += [f"cost: {one.declared.cost or 'not stated'}"]
        lines += [f"source: {one.declared.citation or 'not stated'}"]
        lines += [
            f"  {field['name']} = {field['default']}  {field['description']}"
            for field in card["params"]
        ]
        lines += [""]
    output.result({"contributions": cards}, lines)
    return 0


def _card(one: Contributed) -> dict[str, Any]:
    schema = one.params_model().model_json_schema()
    params = [
        {
            "name": name,
            "default": field.get("default"),
            "description": field.get("description", ""),
        }
        for name, field in schema.get("properties", {}).items()
    ]
    return {
        **one.declared.model_dump(mode="json"),
        "params": params,
        "plugin": one.plugin.id,
        "version": one.plugin.manifest.version,
        "origin": str(one.plugin.origin),
        "hash": one.plugin.hash,
    }


def _trust(registry: Registry, wanted: str, output: Output) -> int:
    plugin = next((one for one in registry.plugins if one.id == wanted), None)
    if plugin is None:
        raise UsageError(
            f"There is no plugin {wanted!r}{did_you_mean(wanted, [p.id for p in registry.plugins])}"
        )
    trust(plugin)
    output.result(_trusted(plugin), [f"Trusted {plugin.id} in {plugin.folder}."])
    return 0


def _trusted(plugin: Plugin) -> dict[str, object]:
    return {"trusted": plugin.id, "hash": plugin.hash, "folder": str(Path(plugin.folder))}
