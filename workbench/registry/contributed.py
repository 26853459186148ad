"""One contribution of a plugin, loaded when it is first used and not before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from workbench.core.errors import PluginError, UsageError
from workbench.core.params import NoParams, Params
from workbench.core.validation import describe_fault
from workbench.core.vocabulary import PluginKind
from workbench.plugin_api.manifest import Contribution
from workbench.registry.loader import load_object
from workbench.registry.plugin import Plugin

_ENTRY_POINT = {
    PluginKind.METHOD: "unlearn",
    PluginKind.ATTACK: "scores",
    PluginKind.ATTRIBUTION: "attribute",
    PluginKind.SELECTOR: "select",
    PluginKind.ARCHITECTURE: "build",
    PluginKind.DATASET: "load",
}


@dataclass(frozen=True)
class Contributed:
    """What one plugin declares under one kind and id."""

    declared: Contribution
    plugin: Plugin

    @property
    def id(self) -> str:
        return self.declared.id

    @property
    def kind(self) -> PluginKind:
        return self.declared.kind

    def params_model(self) -> type[Params]:
        """The parameter model. Imports the module that holds it, so the plugin must be trusted."""
        if self.declared.params is None:
            return NoParams
        model = load_object(self.plugin, self.declared.params)
        if not (isinstance(model, type) and issubclass(model, Params)):
            raise PluginError(
                f"Plugin {self.plugin.id!r}: {self.declared.params!r} is no parameter model.",
                remedy="Derive it from workbench.plugin_api.Params.",
            )
        return model

    def parse_params(self, values: Mapping[str, Any]) -> Params:
        """Check `values` and fill in the defaults. UsageError names the first wrong parameter."""
        model = self.params_model()
        try:
            return model.model_validate(dict(values))
        except ValidationError as fault:
            subject = f"{self.kind.capitalize()} {self.id!r}"
            known = ", ".join(model.model_fields) or "none"
            raise UsageError(
                describe_fault(fault, subject, model=model, noun="parameter"),
                remedy=f"Its parameters: {known}.",
            ) from fault

    def load(self) -> Any:
        """A new object of the kind's protocol. PluginError if untrusted or broken."""
        factory = load_object(self.plugin, self.declared.object)
        try:
            made = factory()
        except Exception as fault:
            raise PluginError(
                f"Plugin {self.plugin.id!r}: {self.declared.object!r} cannot be created "
                f"({type(fault).__name__}: {fault}).",
                remedy="Its class must work without arguments.",
            ) from fault
        needed = _ENTRY_POINT[self.kind]
        if not callable(getattr(made, needed, None)):
            raise PluginError(
                f"Plugin {self.plugin.id!r}: {self.declared.object!r} has no {needed!r}, "
                f"so it is no {self.kind}.",
                remedy="See the protocols in workbench.plugin_api.",
            )
        return made
