"""The plan: what is audited, how, and what counts as passing, fixed before any result is seen."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Hashable
from pathlib import Path, PurePath, PureWindowsPath
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from workbench.core.errors import ProjectError, UsageError
from workbench.core.hashing import hash_json
from workbench.core.params import Params
from workbench.core.planting import Planting
from workbench.core.recipe import Recipe
from workbench.core.validation import describe_fault
from workbench.core.vocabulary import PluginKind, Split
from workbench.registry import Registry

_T = TypeVar("_T", bound=Hashable)


def _distinct(values: tuple[_T, ...]) -> tuple[_T, ...]:
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} appears twice")
    return values


def _below(path: str) -> str:
    if PurePath(path).is_absolute() or PureWindowsPath(path).drive or ".." in PurePath(path).parts:
        raise ValueError("a plan names files below its own folder only; import others first")
    return path


def _plain_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][\w .,+-]{0,63}", name):
        raise ValueError(
            f"the name {name!r} must start with a letter or digit and hold only letters, digits, "
            "spaces and . , + - _, 64 at most"
        )
    return name


def _none_if_false(value: object) -> object:
    """TOML has no null: `recovery = false` leaves the recovery tests out."""
    return None if value is False else value


PathBelow = Annotated[str, AfterValidator(_below)]
Name = Annotated[str, AfterValidator(_plain_name)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Seeds = Annotated[tuple[Seed, ...], AfterValidator(_distinct)]
SomeSeeds = Annotated[Seeds, Field(min_length=1)]
Ids = Annotated[tuple[str, ...], AfterValidator(_distinct)]


class _Grown(Params):
    """Settings that came `later` are not written while they have their default.

    So a plan that was locked before there were any keeps its hash.
    """

    later: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _without_unused(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = type(self).model_fields
        unused = {name for name in self.later if getattr(self, name) == fields[name].default}
        return {name: value for name, value in handler(self).items() if name not in unused}


class DataChoice(_Grown):
    """A dataset already in the project (`use`), or a source to import it from.

    `path` is below the folder of the plan: a plan from elsewhere must not reach for other files.
    `plant` changes training rows on purpose when the data are imported, to test their removal.
    """

    later = frozenset({"plant"})

    use: str = ""
    source: str = ""
    path: PathBelow = ""
    params: dict[str, Any] = Field(default_factory=dict)
    plant: tuple[Planting, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> DataChoice:
        if bool(self.use) == bool(self.source):
            raise ValueError("give either 'use' or 'source'")
        if self.use and self.plant:
            raise ValueError("rows are planted at import: give 'plant' with 'source', not 'use'")
        try:
            _distinct(tuple(planting.kind for planting in self.plant))
        except ValueError as fault:
            raise ValueError(f"of each kind one planting: {fault}") from fault
        return self


class ModelChoice(Params):
    """A model in the project (`use`), a weights file, or one to train with the recipe."""

    use: str = ""
    architecture: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    weights: PathBelow = ""
    seed: Seed = 0

    @model_validator(mode="after")
    def _one_way(self) -> ModelChoice:
        if bool(self.use) == bool(self.architecture):
            raise ValueError("give either 'use' or 'architecture'")
        return self


class ForgetSetChoice(Params):
    """Rows to forget: a rule, a selector plugin, explicit rows, or a set in the project."""

    name: Name
    use: str = ""
    where: str = ""
    selector: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    rows: tuple[int, ...] | None = None
    non_members: str = Field(
        "", description="rule for the comparable non-members; those of the same classes if empty"
    )

    @model_validator(mode="after")
    def _one_way(self) -> ForgetSetChoice:
        ways = [bool(self.use), bool(self.where), bool(self.selector), self.rows is not None]
        if sum(ways) != 1:
            raise ValueError("give exactly one of 'use', 'where', 'selector' or 'rows'")
        return self


class MethodChoice(Params):
    """One candidate: a method with its parameters, run once per seed."""

    id: str
    label: Name = ""
    params: dict[str, Any] = Field(default_factory=dict)
    seeds: SomeSeeds = (0,)

    @model_validator(mode="before")
    @classmethod
    def _label(cls, data: Any) -> Any:
        if isinstance(data, dict) and "label" not in data and "id" in data:
            return {**data, "label": data["id"]}
        return data


class ReferenceChoice(Params):
    """Retrained models: the band everything is compared with, and the negative control."""

    method: MethodChoice = MethodChoice(id="retrain", label="retrain")
    band_seeds: Seeds = ()
    control_seeds: Seeds = ()

    @model_validator(mode="after")
    def _apart(self) -> ReferenceChoice:
        shared = set(self.band_seeds) & set(self.control_seeds)
        if shared:
            raise ValueError(f"seed {min(shared)} is in both the band and the control")
        return self


RecoveryTestId = Literal[
    "relearn",
    "relearn-transfer",
    "retain-tuning",
    "quantisation",
    "pruning",
    "prototype",
    "probe",
    "connectivity",
    "noise",
    "inversion",
]
LearningRate = Annotated[float, Field(gt=0, le=1)]


class RecoveryChoice(_Grown):
    """Recovery tests run on a copy of every model; `audit.recovery_tests` explains them."""

    later = frozenset(
        {
            "tests",
            "relearn_learning_rates",
            "prototype_rows",
            "inversion_restarts",
            "inversion_steps",
        }
    )

    tests: Annotated[tuple[RecoveryTestId, ...], AfterValidator(_distinct), Field(min_length=1)] = (
        Field(("relearn", "retain-tuning"), description="which tests to run")
    )
    relearn_share: float = Field(
        0.95, gt=0, le=1, description="share of the original's forget accuracy to reach again"
    )
    relearn_learning_rate: float = Field(1e-3, gt=0, le=1, description="Adam, forget rows only")
    relearn_learning_rates: Annotated[tuple[LearningRate, ...], AfterValidator(_distinct)] = Field(
        (), description="further learning rates to relearn at; each costs as much as the first"
    )
    relearn_cap: int = Field(120, ge=1, le=100_000, description="optimiser steps before giving up")
    relearn_seeds: SomeSeeds = (0, 1, 2)
    retain_seeds: SomeSeeds = (0,)
    retain_epochs: int = Field(5, ge=1, le=1000, description="epochs on retain rows only")
    prototype_rows: int = Field(
        10, ge=1, le=1000, description="forget rows of each class that make its new last layer"
    )
    inversion_restarts: int = Field(
        4, ge=2, le=100, description="starts of the inversion of each class"
    )
    inversion_steps: int = Field(500, ge=1, le=100_000, description="steps of an inversion")

    @model_validator(mode="after")
    def _rates_apart(self) -> RecoveryChoice:
        if self.relearn_learning_rate in self.relearn_learning_rates:
            raise ValueError(
                f"{self.relearn_learning_rate:g} is the learning rate already, "
                "so leave it out of 'relearn_learning_rates'"
            )
        return self


class Controls(Params):
    """What shows that the audit could have seen a failure."""

    attack: str = "loss"
    min_power: float = Field(
        0.02, ge=0, lt=0.5, description="lower AUC limit of the original must exceed 0.5 + this"
    )
    straw_men: Ids | None = Field(
        None, description="methods that must fail; all known ones if not given"
    )


class Criterion(Params):
    """One acceptance criterion. Units are those of the metric (fractions, steps).

    equivalence: |candidate - retrained band| < margin (or |ln ratio| < ln margin when
    scale = "ratio"); upper: candidate <= limit; lower: candidate >= limit.
    """

    name: Name
    metric: str
    split: Split | None = None
    group: str = ""
    kind: Literal["equivalence", "upper", "lower"] = "equivalence"
    scale: Literal["difference", "ratio"] = "difference"
    margin: float | None = Field(None, gt=0)
    limit: float | None = None
    primary: bool = True

    @model_validator(mode="after")
    def _complete(self) -> Criterion:
        if self.kind == "equivalence" and self.margin is None:
            raise ValueError("an equivalence criterion needs a 'margin'")
        if self.kind != "equivalence" and self.limit is None:
            raise ValueError(f"a criterion of kind {self.kind!r} needs a 'limit'")
        if self.scale == "ratio" and self.margin is not None and self.margin <= 1:
            raise ValueError("a ratio margin must exceed 1 (2 means within half to double)")
        return self


_ADDED_LATER = ("evaluation_seed",)


class Plan(Params):
    """A whole plan file."""

    version: Literal[1]
    name: Name
    notes: str = ""
    data: DataChoice
    model: ModelChoice
    recipe: Recipe = Recipe()
    forget_sets: Annotated[tuple[ForgetSetChoice, ...], Field(min_length=1)]
    methods: Annotated[tuple[MethodChoice, ...], Field(min_length=1)]
    reference: ReferenceChoice = ReferenceChoice()
    attacks: Ids = ("loss",)
    attributions: Ids = ()
    attribution_rows: int = Field(30, ge=1, description="rows explained, forget and retain each")
    recovery: Annotated[RecoveryChoice | None, BeforeValidator(_none_if_false)] = RecoveryChoice()
    controls: Controls = Controls()
    evaluation_seed: Seed = Field(
        0, description="of what measuring draws at random: resampling, explained rows"
    )
    alpha: float = Field(0.05, gt=0, lt=0.5, description="error rate of every test")
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _named_apart(self) -> Plan:
        for what, names in {
            "forget set": tuple(choice.name for choice in self.forget_sets),
            "stored forget set": tuple(choice.use or choice.name for choice in self.forget_sets),
            "method label": tuple(choice.label for choice in self.methods),
            "criterion": tuple(choice.name for choice in self.criteria),
        }.items():
            try:
                _distinct(names)
            except ValueError as fault:
                raise ValueError(f"{what} {fault}") from fault
        return self

    @property
    def hash(self) -> str:
        """Of everything in the plan. What version 1 gained later counts where it is set only,
        so that plans locked before keep their hash.
        """
        content = self.model_dump(mode="json")
        for name in _ADDED_LATER:
            if content[name] == Plan.model_fields[name].default:
                del content[name]
        return hash_json(content)

    def straw_men(self, registry: Registry) -> tuple[str, ...]:
        """Ids of the methods that the audit must fail, in a stable order."""
        if self.controls.straw_men is not None:
            return self.controls.straw_men
        methods = registry.contributions(PluginKind.METHOD)
        return tuple(sorted(m.id for m in methods if m.declared.straw_man))


def read_plan(path: Path) -> Plan:
    """Read a TOML plan. UsageError names the first thing that is wrong with it, and where."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as fault:
        raise UsageError(
            f"There is no plan file {path.name!r}.", remedy="Check the path."
        ) from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"The plan {path.name!r} cannot be read as text.") from fault
    except tomllib.TOMLDecodeError as fault:
        raise UsageError(f"The plan {path.name!r} is not valid TOML: {fault}.") from fault
    return plan_from(content, path.name)


def plan_from(content: dict[str, Any], name: str = "plan") -> Plan:
    """Check the parsed content of a plan file; `name` is used in messages."""
    return checked(Plan, content, f"The plan {name!r}")


def stored_plan(content: dict[str, Any]) -> Plan:
    """A plan as a project holds it. ProjectError if it cannot have been written like this."""
    try:
        return Plan.model_validate(content)
    except ValidationError as fault:
        raise ProjectError(
            "The project holds a plan that this version cannot read.",
            remedy="Run 'workbench verify'; if it is intact, a newer version wrote it.",
        ) from fault


def forget_set_from(content: dict[str, Any]) -> ForgetSetChoice:
    """A forget set chosen outside a plan. UsageError names the first thing that is wrong."""
    return checked(ForgetSetChoice, content, "The forget set")


def recipe_from(content: dict[str, Any]) -> Recipe:
    """A recipe given outside a plan. UsageError names the first thing that is wrong."""
    return checked(Recipe, content, "The recipe")


_P = TypeVar("_P", bound=Params)


def checked(model: type[_P], content: dict[str, Any], subject: str) -> _P:
    """`content` as what it is to be. UsageError names the first thing that is wrong with it."""
    try:
        return model.model_validate(content)
    except ValidationError as fault:
        raise UsageError(describe_fault(fault, subject, model=model)) from fault
