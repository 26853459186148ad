"""All plugins this workbench can see, by kind and id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from workbench.core.errors import UsageError
from workbench.core.locations import BUILTIN_PLUGINS, user_plugin_folder
from workbench.core.validation import did_you_mean
from workbench.core.vocabulary import PluginKind
from workbench.registry.contributed import Contributed
from workbench.registry.discovery import installed_plugins, manifests_below, read_plugin
from workbench.registry.plugin import BrokenPlugin, Origin, Plugin


class Registry:
    """Plugins found, in a stable order, and one sentence for each that cannot be used."""

    def __init__(self, found: Iterable[Plugin | BrokenPlugin]) -> None:
        self._contributed: dict[tuple[PluginKind, str], Contributed] = {}
        plugins: dict[str, Plugin] = {}
        broken: list[BrokenPlugin] = []
        for candidate in found:
            if isinstance(candidate, BrokenPlugin):
                broken.append(candidate)
            elif problem := self._clash(candidate, plugins):
                broken.append(BrokenPlugin(candidate.folder, problem))
            else:
                plugins[candidate.id] = candidate
                for declared in candidate.manifest.contributions:
                    one = Contributed(declared, candidate)
                    self._contributed[one.kind, one.id] = one
        self.plugins = tuple(plugins.values())
        self.broken = tuple(broken)

    @classmethod
    def discover(cls, folders: Sequence[Path] = ()) -> Registry:
        """Read the manifests of all plugins: built in, the user's, installed, in `folders`.

        No plugin code is imported. A folder may be a plugin, or hold plugins one or two levels
        down.
        """
        return cls(_found(folders))

    def contributions(self, kind: PluginKind) -> tuple[Contributed, ...]:
        """Everything of one kind, ascending by id."""
        return tuple(one for (k, _), one in sorted(self._contributed.items()) if k is kind)

    def get(self, kind: PluginKind, id: str) -> Contributed:  # noqa: A002 - the field's word
        """The contribution of this kind and id. UsageError names the nearest one there is."""
        try:
            return self._contributed[kind, id]
        except KeyError:
            known = [one.id for one in self.contributions(kind)]
            raise UsageError(
                f"There is no {kind} {id!r}{did_you_mean(id, known)}",
                remedy=f"Known: {', '.join(known) or 'none'}.",
            ) from None

    def _clash(self, plugin: Plugin, plugins: dict[str, Plugin]) -> str | None:
        if other := plugins.get(plugin.id):
            return f"The plugin id {plugin.id!r} of {plugin.folder} is taken by {other.folder}."
        for declared in plugin.manifest.contributions:
            if taken := self._contributed.get((declared.kind, declared.id)):
                return (
                    f"The {declared.kind} {declared.id!r} of {plugin.folder} is already "
                    f"contributed by {taken.plugin.folder}."
                )
        return None


def _found(folders: Sequence[Path]) -> Iterator[Plugin | BrokenPlugin]:
    for manifest in sorted(BUILTIN_PLUGINS.glob("*/*/plugin.toml")):
        yield read_plugin(manifest, Origin.BUILTIN)
    for manifest in manifests_below(user_plugin_folder()):
        yield read_plugin(manifest, Origin.FOLDER)
    yield from installed_plugins()
    for folder in folders:
        manifests = manifests_below(folder)
        if not manifests:
            yield BrokenPlugin(folder, f"The plugin folder {folder} holds no plugin.toml.")
        for manifest in manifests:
            yield read_plugin(manifest, Origin.FOLDER)
