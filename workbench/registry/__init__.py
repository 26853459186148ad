"""Finds plugins by their manifests and loads them when they are first used."""

from workbench.registry.contributed import Contributed
from workbench.registry.plugin import BrokenPlugin, Origin, Plugin
from workbench.registry.registry import Registry
from workbench.registry.trust import is_trusted, trust

__all__ = [
    "BrokenPlugin",
    "Contributed",
    "Origin",
    "Plugin",
    "Registry",
    "is_trusted",
    "trust",
]
