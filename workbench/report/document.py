"""The report as data: everything a rendering may show, nothing it has to look up.

Numbers are in the units of their metric (fractions stay in [0, 1]); a rendering decides how to
write them. Arrays are reduced to what a figure can show; the full ones stay in the project file.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from workbench.audit.ladder import LIMITS
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Outcome, RunRole, RunStatus, Split

DOCUMENT_VERSION = 1


class Part(BaseModel):
    """Base of every part: immutable, closed, finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ProjectPart(Part):
    name: str
    file_name: str
    created: str
    created_by: str


class PlanPart(Part):
    """`alpha`: error rate of every test. `content`: the whole locked plan.

    `seeds`: those of training, unlearning and evaluation, in words.
    """

    id: int
    name: str
    hash: str
    locked: str | None
    notes: str
    alpha: float
    seeds: dict[str, str]
    content: dict[str, Any]


class DatasetPart(Part):
    """`rows`: rows per split as imported (train, test, non_member)."""

    name: str
    fingerprint: str
    task: str
    rows: dict[Split, int]
    input_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    preprocessing: dict[str, Any]
    preprocessing_hash: str
    notes: str
    source: dict[str, Any]


class ModelPart(Part):
    name: str
    architecture: dict[str, Any]
    weights_hash: str
    n_parameters: int
    recipe: dict[str, Any] | None
    source: dict[str, Any]


class EnvironmentPart(Part):
    hash: str
    description: dict[str, Any]


class PluginPart(Part):
    name: str
    version: str
    origin: str
    hash: str


class CriterionPart(Part):
    """An acceptance criterion of the plan. `exploratory`: added after the plan was locked."""

    name: str
    metric: str
    split: Split | None
    group: str
    kind: str
    scale: str
    margin: float | None
    limit: float | None
    primary: bool
    exploratory: bool


class Judgement(Part):
    """One verdict row; `criterion` is "" for the overall verdict of a candidate or plan."""

    label: str
    role: str
    criterion: str
    outcome: Outcome
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    reason: str
    detail: dict[str, Any]


class Curve(Part):
    """Points of a curve over `seconds` since the start; None where the value was not finite."""

    name: str
    seconds: tuple[float, ...]
    values: tuple[float | None, ...]


class Failure(Part):
    """A run that did not finish. Its traceback stays in the project: it names local paths."""

    forget_set: str
    label: str
    role: RunRole
    seed: int
    status: RunStatus
    message: str
    remedy: str


class RunPart(Part):
    """One execution of one method at one seed, with every number measured on its model."""

    id: int
    label: str
    role: RunRole
    method: str
    params: dict[str, Any]
    seed: int
    status: RunStatus
    key: str
    weights_hash: str | None
    device: str | None
    seconds: float | None
    peak_memory: int | None
    started: str | None
    finished: str | None
    plugin_hash: str | None
    environment_hash: str | None
    inputs: dict[str, str]
    metrics: tuple[MetricValue, ...]
    curves: tuple[Curve, ...]


class BandRow(Part):
    """One metric over the retrained models; `sd` (ddof 1) is None for a single seed."""

    name: str
    split: Split | None
    group_key: str
    n: int
    mean: float
    low: float
    high: float
    sd: float | None


class SpreadRow(Part):
    """One metric of one candidate: how it differs from seed to seed, by the kind of seed.

    Standard deviations (ddof 1) over models that differ: `training_sd` over `n_training`
    retrained ones, `unlearning_sd` over `n_unlearning` that the method made of one original.
    """

    label: str
    name: str
    split: Split | None
    group_key: str
    training_sd: float
    n_training: int
    unlearning_sd: float
    n_unlearning: int


class Candidate(Part):
    """All runs under one label: an unlearning method or a straw man, with its verdicts."""

    label: str
    role: RunRole
    method: str
    params: dict[str, Any]
    seeds: tuple[int, ...]
    seconds: tuple[float | None, ...]
    verdict: Judgement | None
    criteria: tuple[Judgement, ...]


class Control(Part):
    """A check of the audit itself: PASS if it behaved, INVALID if it shows the audit is wrong.

    `criteria`: what they say about the control, where it was judged like a candidate.
    """

    name: str
    role: RunRole
    label: str
    outcome: Outcome
    reason: str
    criteria: tuple[Judgement, ...]


class Roc(Part):
    """ROC of one attack on one model, thinned to what a figure can show."""

    label: str
    role: RunRole
    seed: int
    auc: float | None
    fpr: tuple[float, ...]
    tpr: tuple[float, ...]


class Histogram(Part):
    """Shares of rows per bin; `edges` are those of the attack."""

    label: str
    role: RunRole
    seed: int
    forget: tuple[float, ...]
    non_member: tuple[float, ...]


class AttackPart(Part):
    """One membership attack: forget rows against never-trained rows of the same classes."""

    attack: str
    n_forget: int
    n_non_members: int
    rocs: tuple[Roc, ...]
    edges: tuple[float, ...]
    histograms: tuple[Histogram, ...]


Grid = tuple[tuple[float, ...], ...]
Pixels = tuple[tuple[int | tuple[int, int, int], ...], ...]


class AttributionExample(Part):
    """One row. `image`: (h, w) or (h, w, 3) in 0..255; maps: (h, w) in [-1, 1] of the scale.

    Similarities are rank correlations with the original's map, None where undefined.
    """

    row: int
    split: Split
    class_name: str
    image: Pixels
    original: Grid
    unlearned: Grid
    retrained: Grid
    difference: Grid
    unlearned_similarity: float | None
    retrained_similarity: float | None


class AttributionPart(Part):
    """Maps of one explainer. `scale`: the attribution that full colour stands for.

    `floor`: median rank correlation between two retrained models that differ by seed only.
    `unavailable` says why there are no examples, and is "" if there are; `trial_fault` why what the
    explainer says is no evidence, "" if nothing speaks against it.
    """

    explainer: str
    candidate: str
    chosen_because: str
    scale: float | None
    floor: float | None
    examples: tuple[AttributionExample, ...]
    unavailable: str
    trial_fault: str


class ForgetSetPart(Part):
    """Everything about one forget set.

    `share`: of the training rows; `notes`: what a reader must know about these rows.
    """

    id: int
    name: str
    version: int
    in_words: str
    definition: dict[str, Any]
    n_rows: int
    share: float
    rows_hash: str
    notes: tuple[str, ...]
    verdict: Judgement | None
    controls: tuple[Control, ...]
    candidates: tuple[Candidate, ...]
    band: tuple[BandRow, ...]
    spreads: tuple[SpreadRow, ...]
    runs: tuple[RunPart, ...]
    attacks: tuple[AttackPart, ...]
    attributions: tuple[AttributionPart, ...]


class NotComputed(Part):
    """A number that is missing, why, and from which runs (their ids)."""

    forget_set: str
    metric: str
    split: Split | None
    group_key: str
    reason: str
    runs: tuple[int, ...]


class MetricDefinition(Part):
    name: str
    title: str
    definition: str
    direction: str
    unit: str
    target: str
    caveat: str
    source: str
    version: int


class WrongAnswer(Part):
    """A formula that did not give its known answer; `got` is None if that is no number."""

    name: str
    expected: float
    got: float | None


class SelfTestPart(Part):
    """Every formula with a known answer, computed anew when the report was made."""

    answers: int
    wrong: tuple[WrongAnswer, ...]


class EvidencePart(Part):
    """Where the hash chain of the project's event log stood when the report was made."""

    head_hash: str
    events: int


class Report(Part):
    """The whole report."""

    document_version: int = DOCUMENT_VERSION
    title: str
    profile: str = "technical"
    generated: str
    tool_version: str
    project: ProjectPart
    plan: PlanPart
    overall: Judgement | None
    summary: str
    rung: str
    claim: str
    limits: str = LIMITS
    self_test: SelfTestPart
    dataset: DatasetPart
    model: ModelPart
    criteria: tuple[CriterionPart, ...]
    forget_sets: tuple[ForgetSetPart, ...]
    not_computed: tuple[NotComputed, ...]
    failures: tuple[Failure, ...]
    glossary: tuple[MetricDefinition, ...]
    plugins: tuple[PluginPart, ...]
    environments: tuple[EnvironmentPart, ...]
    evidence: EvidencePart
