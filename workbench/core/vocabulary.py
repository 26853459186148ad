"""The closed vocabularies of the workbench, as stored in the project file."""

from __future__ import annotations

from enum import StrEnum


class Split(StrEnum):
    """Which rows a number is about. TRAIN = FORGET + RETAIN for a given forget set."""

    TRAIN = "train"
    FORGET = "forget"
    RETAIN = "retain"
    TEST = "test"
    NON_MEMBER = "non_member"


class PluginKind(StrEnum):
    METHOD = "method"
    ATTACK = "attack"
    ATTRIBUTION = "attribution"
    SELECTOR = "selector"
    ARCHITECTURE = "architecture"
    DATASET = "dataset"


class Exactness(StrEnum):
    EXACT = "exact"
    CERTIFIED = "certified"
    APPROXIMATE = "approximate"


class RunRole(StrEnum):
    """Why a run is in a plan.

    ORIGINAL is the untouched model (positive control), REFERENCE one seed of the retrained band,
    CONTROL a retrained seed outside the band (negative control), CANDIDATE a method under audit,
    STRAW_MAN a method that is known to be wrong and that the audit must fail.
    """

    ORIGINAL = "original"
    REFERENCE = "reference"
    CONTROL = "control"
    CANDIDATE = "candidate"
    STRAW_MAN = "straw_man"


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"
    CANCELLED = "cancelled"
    CRASHED = "crashed"
    INTERRUPTED = "interrupted"


class MetricStatus(StrEnum):
    OK = "OK"
    NOT_COMPUTED = "NOT_COMPUTED"


class Direction(StrEnum):
    """Which way is good. REFERENCE: as close to the retrained models as possible."""

    HIGHER = "higher"
    LOWER = "lower"
    REFERENCE = "closer_to_reference"
    INFORMATIVE = "informative"


class Unit(StrEnum):
    """Fractions are stored in [0, 1] and become percent only when rendered."""

    FRACTION = "fraction"
    NATS = "nats"
    BITS = "bits"
    STEPS = "steps"
    SECONDS = "seconds"
    BYTES = "bytes"
    RATIO = "ratio"
    SCORE = "score"


class Outcome(StrEnum):
    """What a criterion, a candidate or a whole plan came to."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"


class Rung(StrEnum):
    """How much reference evidence an audit has, hence what it may claim (L0 least, L5 most)."""

    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"
    L5 = "L5"
