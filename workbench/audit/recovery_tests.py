"""What the recovery and removal tests are, which numbers they give, and what each costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workbench.audit.plan import Plan, RecoveryChoice
from workbench.core.planting import Backdoor, Canaries, LabelSwap, Planting

# A training step computes a forward and a backward pass, which takes about twice as long.
_TRAINING = 3
PRECISIONS: Mapping[str, int] = MappingProxyType({"int8": 8, "int4": 4})  # bits by group
PRUNED_SHARES: Mapping[str, float] = MappingProxyType({"20 %": 0.2, "50 %": 0.5})  # by group
# Standard deviation of noise by group, as a share of the range of each channel or feature.
NOISE_LEVELS: Mapping[str, float] = MappingProxyType({"sigma 0.05": 0.05, "sigma 0.1": 0.1})
NOISE_DRAWS = 3
_NOISY = NOISE_DRAWS * len(NOISE_LEVELS)
MOST_INVERTED = 5  # classes
_PATH = 11  # models on the path from the original


@dataclass(frozen=True, slots=True)
class Passes:
    """Forward passes over all forget, retain and test rows that a test costs a model, at most.

    `rows` are single rows beside them. A step of training counts as three passes of its rows.
    """

    forget: float = 0
    retain: float = 0
    test: float = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class RecoveryTest:
    """One recovery test. `passes` are those under a choice; `cost` says them in words."""

    id: str
    title: str
    sentence: str
    metrics: tuple[str, ...]
    cost: Callable[[RecoveryChoice], str]
    passes: Callable[[RecoveryChoice], Passes]


@dataclass(frozen=True, slots=True)
class RemovalTest:
    """What is measured on every model because rows were planted in its data."""

    kind: str
    title: str
    sentence: str
    metrics: tuple[str, ...]


def _relearnings(choice: RecoveryChoice) -> int:
    return len(choice.relearn_seeds) * (1 + len(choice.relearn_learning_rates))


def _relearning_passes(choice: RecoveryChoice, times: int) -> Passes:
    # Before every step the accuracy is measured; a batch holds at most all rows.
    return Passes(forget=times * (choice.relearn_cap * (1 + _TRAINING) + 1))


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


_TESTS = (
    RecoveryTest(
        id="relearn",
        title="Relearning",
        sentence="Trains a copy on the forget rows and counts the steps until it knows them again.",
        metrics=("relearn_steps",),
        cost=lambda choice: (
            f"{_plural(_relearnings(choice), 'training')} on the forget rows of at most "
            f"{_plural(choice.relearn_cap, 'step')}"
        ),
        passes=lambda choice: _relearning_passes(choice, _relearnings(choice)),
    ),
    RecoveryTest(
        id="relearn-transfer",
        title="Relearning one half",
        sentence=(
            "Trains a copy on half of the forget rows and tests it on the other half, which leaves "
            "out what is merely learned anew."
        ),
        metrics=("relearn_transfer_accuracy",),
        cost=lambda choice: (
            f"{_plural(len(choice.relearn_seeds), 'training')} on half of the forget rows of at "
            f"most {_plural(choice.relearn_cap, 'step')}"
        ),
        passes=lambda choice: _relearning_passes(choice, len(choice.relearn_seeds)),
    ),
    RecoveryTest(
        id="retain-tuning",
        title="Tuning on retain rows",
        sentence="Trains a copy on retain rows only and looks whether the forget rows come back.",
        metrics=("recovered_accuracy",),
        cost=lambda choice: (
            f"{_plural(len(choice.retain_seeds), 'training')} on the retain rows of "
            f"{_plural(choice.retain_epochs, 'epoch')}"
        ),
        passes=lambda choice: Passes(
            forget=len(choice.retain_seeds),
            retain=len(choice.retain_seeds) * choice.retain_epochs * _TRAINING,
        ),
    ),
    RecoveryTest(
        id="quantisation",
        title="Rounding the weights",
        sentence="Rounds the weights of a copy to 8 and 4 bits, which undoes tiny changes.",
        metrics=("quantised_accuracy",),
        cost=lambda _: "2 passes over the forget and test rows",
        passes=lambda _: Passes(forget=len(PRECISIONS), test=len(PRECISIONS)),
    ),
    RecoveryTest(
        id="pruning",
        title="Removing small weights",
        sentence="Sets the smallest 20 and 50 % of the weights of a copy to zero.",
        metrics=("pruned_accuracy",),
        cost=lambda _: "2 passes over the forget and test rows",
        passes=lambda _: Passes(forget=len(PRUNED_SHARES), test=len(PRUNED_SHARES)),
    ),
    RecoveryTest(
        id="prototype",
        title="New last layer",
        sentence=(
            "Gives the classes in the forget set a new last layer made from the mean features of a "
            "few forget rows, and tests it on the others."
        ),
        metrics=("prototype_accuracy",),
        cost=lambda _: "arithmetic on stored outputs, no pass",
        passes=lambda _: Passes(),
    ),
    RecoveryTest(
        id="probe",
        title="Linear probe",
        sentence="Fits a linear classifier that tells forget rows from others by their features.",
        metrics=("probe_auc",),
        cost=lambda _: "5 logistic regressions on stored features, no pass",
        passes=lambda _: Passes(),
    ),
    RecoveryTest(
        id="connectivity",
        title="Path to the original",
        sentence=(
            "Follows the straight line of weights from the original to the model and looks for a "
            "hill of loss between them. It only informs."
        ),
        metrics=("loss_barrier",),
        cost=lambda _: (
            f"{_PATH} passes over the forget and retain rows, and with batch normalisation "
            f"{_PATH} more over the retain rows"
        ),
        passes=lambda _: Passes(forget=_PATH, retain=2 * _PATH),
    ),
    RecoveryTest(
        id="noise",
        title="Noise on the inputs",
        sentence="Adds random noise of two strengths to the inputs and counts the right answers.",
        metrics=("noisy_accuracy",),
        cost=lambda _: f"{_NOISY} passes over the forget and test rows",
        passes=lambda _: Passes(forget=_NOISY, test=_NOISY),
    ),
    RecoveryTest(
        id="inversion",
        title="Class inversion",
        sentence=(
            f"Makes up inputs that the model takes for a forgotten class, of {MOST_INVERTED} "
            "classes at most, and looks whether they come nearer to forget rows than to rows no "
            "model ever saw. They are not kept."
        ),
        metrics=("inversion_gain",),
        cost=lambda choice: (
            f"{_plural(choice.inversion_restarts, 'input')} optimised over "
            f"{_plural(choice.inversion_steps, 'step')} for each of at most {MOST_INVERTED} "
            "classes in the forget set"
        ),
        passes=lambda choice: Passes(
            rows=_TRAINING * MOST_INVERTED * choice.inversion_restarts * choice.inversion_steps
        ),
    ),
)
RECOVERY_TESTS: Mapping[str, RecoveryTest] = MappingProxyType({test.id: test for test in _TESTS})

_REMOVAL = (
    RemovalTest(
        kind="label-swap",
        title="Interclass confusion",
        sentence="Looks whether classes whose labels were swapped are still confused.",
        metrics=("interclass_error", "interclass_memory"),
    ),
    RemovalTest(
        kind="backdoor",
        title="Backdoor",
        sentence="Looks whether the planted trigger still brings about the wanted label.",
        metrics=("backdoor_success",),
    ),
    RemovalTest(
        kind="canary",
        title="Canary exposure",
        sentence="Ranks the loss of planted canaries among others that were never trained on.",
        metrics=("canary_exposure",),
    ),
)
REMOVAL_TESTS: Mapping[str, RemovalTest] = MappingProxyType({test.kind: test for test in _REMOVAL})


def learning_rate_group(rate: float) -> str:
    """The group of a metric at one of the further learning rates."""
    return f"lr:{rate:g}"


def recovery_test_of(metric: str) -> RecoveryTest | None:
    """The test that gives a metric, if it is one of the recovery tests."""
    return next((test for test in _TESTS if metric in test.metrics), None)


def removal_test_of(metric: str) -> RemovalTest | None:
    """The test that gives a metric, if it is about planted rows."""
    return next((test for test in _REMOVAL if metric in test.metrics), None)


def removal_passes(planting: Planting) -> Passes:
    """What measuring a planting costs each model."""
    match planting:
        case LabelSwap():
            return Passes()
        case Backdoor():
            return Passes(test=1)
        case Canaries():
            return Passes(rows=planting.references)


def costs_in_words(plan: Plan) -> list[str]:
    """One line for each recovery and removal test of a plan: what every model pays for it."""
    told = []
    if plan.recovery is not None:
        tests = [RECOVERY_TESTS[id_] for id_ in plan.recovery.tests]
        told += [(test.title, test.cost(plan.recovery)) for test in tests]
    told += [(REMOVAL_TESTS[one.kind].title, _removal_cost(one)) for one in plan.data.plant]
    return [f"{title}: {cost}." for title, cost in told]


def _removal_cost(planting: Planting) -> str:
    match planting:
        case LabelSwap():
            return "arithmetic on stored outputs, no pass"
        case Backdoor():
            return "1 pass over the test rows"
        case Canaries():
            return f"1 pass over {planting.references} reference canaries"
