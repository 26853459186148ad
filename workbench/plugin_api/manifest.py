"""The manifest `plugin.toml`: what a plugin offers, readable without importing any of its code."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from workbench.core.vocabulary import Exactness, PluginKind

API_VERSION = 1

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
ObjectReference = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$")
]


class Need(StrEnum):
    """What a contribution must be given. The host withholds everything that is not declared."""

    FORGET = "forget"
    RETAIN = "retain"
    LABELS = "labels"
    RECIPE = "recipe"
    ARCHITECTURE = "architecture"
    OUTPUTS = "outputs"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contribution(_Table):
    """One method, attack, attribution, selector, architecture or dataset source of a plugin."""

    kind: PluginKind
    id: Identifier
    title: str = Field(min_length=1)
    summary: str = Field(min_length=1, description="one sentence for the card")
    object: ObjectReference
    params: ObjectReference | None = None
    needs: tuple[Need, ...] = ()
    exactness: Exactness | None = None
    straw_man: bool = Field(False, description="known to be wrong; the audit must fail it")
    tasks: tuple[str, ...] = ("classification",)
    cost: str = Field("", description="in units of forward, backward and training passes")
    citation: str = ""


class Manifest(_Table):
    """The whole `plugin.toml`."""

    api: int = Field(description="version of the plugin API the plugin was written for")
    id: Identifier
    title: str = Field(min_length=1)
    version: str = Field(min_length=1)
    licence: str = ""
    contributions: tuple[Contribution, ...] = Field(min_length=1)
