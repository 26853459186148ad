"""One membership attack on the chosen models, from the scores that their runs stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.audit.artifact_names import scores_of
from workbench.audit.guards import non_member_shortage
from workbench.audit.standard import tpr_at
from workbench.audit.stored_plan import StoredForgetSet, StoredPlan
from workbench.core.errors import ProjectError, UsageError
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import PluginKind
from workbench.gui.pages.compared_runs import ComparedRuns
from workbench.metrics import Undefined
from workbench.metrics.membership import roc_curve, tpr_at_fpr
from workbench.plugin_api.manifest import Need
from workbench.registry import Registry
from workbench.report.reductions import shares, thin_roc
from workbench.report.score_axis import ScoreAxis
from workbench.store import Project

if TYPE_CHECKING:
    from workbench.gui.session.choice import RunOption

Values = NDArray[np.float64]
Sides = tuple[Values, Values]

RATES = (0.001, 0.01, 0.05)
"""False positive rates at which the true positive rate is shown."""
_FIRST_RATE = 0.1  # of the threshold that is shown first
_GRID = 201
_NO_SCORES = ScoreAxis((0.0, 1.0))
_SEEN = {
    Need.OUTPUTS: "the output of the model for a row",
    Need.LABELS: "the label of the row",
    Need.FORGET: "other forget rows",
    Need.RETAIN: "retain rows",
    Need.RECIPE: "how the model was trained",
    Need.ARCHITECTURE: "the architecture of the model",
}


@dataclass(frozen=True)
class Called:
    """How many rows an attack calls members at one threshold."""

    hits: int
    n_forget: int
    false_alarms: int
    n_non_members: int

    @property
    def tpr(self) -> float:
        return self.hits / self.n_forget

    @property
    def fpr(self) -> float:
        return self.false_alarms / self.n_non_members

    @property
    def advantage(self) -> float:
        return self.tpr - self.fpr

    @property
    def precision(self) -> float | None:
        """Share of forget rows among those called, were both sides equally many; None if none."""
        total = self.tpr + self.fpr
        return self.tpr / total if total else None


@dataclass(frozen=True)
class FixedRate:
    """True positive rate at a false positive rate; `reason` says why there is no value."""

    fpr: float
    value: float | None
    low: float | None
    high: float | None
    reason: str


@dataclass(frozen=True, eq=False)
class Attacked:
    """One model under the attack.

    forget (m,), non_members (n,): scores, ascending; fpr, tpr (k,): points of the ROC curve;
    forget_shares, non_member_shares: share of rows per bin; auc: the stored metric, None if the
    run has none.
    """

    run: RunOption
    forget: Values
    non_members: Values
    auc: MetricValue | None
    fpr: Values
    tpr: Values
    forget_shares: Values
    non_member_shares: Values
    fixed: tuple[FixedRate, ...]

    def called(self, threshold: float) -> Called:
        """Rows with a score strictly above the threshold."""
        return Called(
            _above(self.forget, threshold),
            len(self.forget),
            _above(self.non_members, threshold),
            len(self.non_members),
        )


@dataclass(frozen=True, eq=False)
class Band:
    """The retrained models together: their ROC curves on common rates fpr (g,), and mean shares."""

    fpr: Values
    low: Values
    high: Values
    forget_shares: Values
    non_member_shares: Values


@dataclass(frozen=True)
class AttackView:
    """What the page shows. `unavailable` says why there is nothing else, and is "" otherwise.

    `attacks` are those of the plan. `a`, `b` and `original` are None where no such run is chosen
    or finished; `original` also where A or B is the original.
    """

    attacks: tuple[str, ...]
    attack: str = ""
    attacker: str = ""
    n_forget: int = 0
    n_non_members: int = 0
    axis: ScoreAxis = _NO_SCORES
    threshold: float = 0.0
    original: Attacked | None = None
    a: Attacked | None = None
    b: Attacked | None = None
    references: tuple[Attacked, ...] = ()
    band: Band | None = None
    unavailable: str = ""

    @property
    def models(self) -> tuple[Attacked, ...]:
        """Original, A and B, those that there are, each once."""
        named = (self.original, self.a, self.b)
        return tuple(dict.fromkeys(one for one in named if one is not None))


def read_attack(
    project: Project,
    registry: Registry,
    runs: ComparedRuns,
    *,
    plan_id: int,
    forget_set_id: int,
    attack: str,
) -> AttackView:
    """The attack named, or the first of the plan if it has no such attack."""
    stored = StoredPlan(project, plan_id)
    attacks = stored.plan.attacks
    if not attacks:
        return AttackView((), unavailable="This plan has no membership attack.")
    attack = attack if attack in attacks else attacks[0]
    forget_set = next(one for one in stored.forget_sets if one.id == forget_set_id)
    view = AttackView(
        attacks=attacks,
        attack=attack,
        attacker=who_attacks(registry, attack),
        n_forget=len(forget_set.rows),
        n_non_members=len(forget_set.non_members),
    )
    if shortage := non_member_shortage(forget_set.non_members):
        return replace(view, unavailable=shortage)
    if not runs.all:
        return replace(view, unavailable="No run on this forget set has finished.")
    scores = _Scores(project, stored, forget_set, attack)
    return _with_models(view, {run: scores.of(run) for run in runs.all}, runs, scores)


def who_attacks(registry: Registry, attack: str) -> str:
    """What the attack does and what whoever runs it must know, in two sentences."""
    try:
        declared = registry.get(PluginKind.ATTACK, attack).declared
    except UsageError:
        return "The plugin of this attack is not installed, so nothing tells what it looks at."
    seen = [_SEEN[need] for need in declared.needs] or ["nothing of the model"]
    listed = " and ".join(filter(None, [", ".join(seen[:-1]), seen[-1]]))
    return f"{declared.summary} The attacker sees {listed}."


def _with_models(
    view: AttackView, sides: Mapping[RunOption, Sides], runs: ComparedRuns, scores: _Scores
) -> AttackView:
    # as in the report: a diverged model would stretch the axis of all
    sound = [sides[run] for run in (runs.original, *runs.references) if run] or [*sides.values()]
    axis = ScoreAxis.around([values for one in sound for values in one])
    attacked = {run: _attacked(run, *one, axis, scores.auc(run)) for run, one in sides.items()}
    a = attacked[runs.a] if runs.a else None
    b = attacked[runs.b] if runs.b else None
    references = tuple(attacked[run] for run in runs.references)
    original = attacked[runs.original] if runs.original else None
    return replace(
        view,
        axis=axis,
        threshold=_first_threshold(b or a or next(iter(attacked.values())), axis),
        original=None if original in (a, b) else original,
        a=a,
        b=b,
        references=references,
        band=_band(references),
    )


@dataclass(frozen=True)
class _Scores:
    """Reads what the runs on one forget set stored of one attack."""

    project: Project
    stored: StoredPlan
    forget_set: StoredForgetSet
    attack: str

    def of(self, run: RunOption) -> Sides:
        """Ascending scores of the forget rows and of the non-members."""
        found = self.project.row(
            "SELECT hash FROM run_artifact WHERE run_id = ? AND name = ?",
            run.id,
            scores_of(self.attack),
        )
        if found is None:
            raise ProjectError(
                f"The run {run.title!r} left no scores of the attack {self.attack!r}.",
                remedy="Run the plan again.",
            )
        scores = np.asarray(self.project.array(found["hash"]), dtype=np.float64)
        return np.sort(scores[self.forget_set.rows]), np.sort(scores[self.forget_set.non_members])

    def auc(self, run: RunOption) -> MetricValue | None:
        return next(
            (
                metric
                for metric in self.stored.metrics(run.id)
                if metric.name == "membership_auc" and metric.group_key == self.attack
            ),
            None,
        )


def _attacked(
    run: RunOption,
    forget: Values,
    non_members: Values,
    axis: ScoreAxis,
    auc: MetricValue | None,
) -> Attacked:
    fpr, tpr = thin_roc(forget, non_members)
    return Attacked(
        run=run,
        forget=forget,
        non_members=non_members,
        auc=auc,
        fpr=np.asarray(fpr),
        tpr=np.asarray(tpr),
        forget_shares=np.asarray(shares(forget, axis.edges)),
        non_member_shares=np.asarray(shares(non_members, axis.edges)),
        fixed=tuple(_fixed_rate(forget, non_members, rate) for rate in RATES),
    )


def _fixed_rate(forget: Values, non_members: Values, rate: float) -> FixedRate:
    try:
        value, interval, _ = tpr_at(forget, non_members, "", rate)
    except Undefined as fault:
        return FixedRate(rate, None, None, None, fault.reason)
    if interval is None:
        return FixedRate(rate, value, None, None, "")
    return FixedRate(rate, value, interval.low, interval.high, "")


def _first_threshold(model: Attacked, axis: ScoreAxis) -> float:
    """Where one in ten non-members is called a member, if the histograms show that place."""
    found = tpr_at_fpr(model.forget, model.non_members, _FIRST_RATE).threshold
    return float(np.clip(found, axis.edges[0], axis.edges[-1]))


def _band(references: tuple[Attacked, ...]) -> Band | None:
    """None without retrained models."""
    if not references:
        return None
    n = len(references[0].non_members)
    steps = np.union1d(np.linspace(0, n, _GRID), np.geomspace(1, n, _GRID))
    fpr = np.unique(steps.round()) / n  # rates that n rows can have
    curves = np.stack([_tpr_on(fpr, one) for one in references])
    return Band(
        fpr=fpr,
        low=curves.min(axis=0),
        high=curves.max(axis=0),
        forget_shares=np.mean([one.forget_shares for one in references], axis=0),
        non_member_shares=np.mean([one.non_member_shares for one in references], axis=0),
    )


def _tpr_on(fpr: Values, model: Attacked) -> Values:
    """The largest true positive rate within each false positive rate."""
    reached, tpr, _ = roc_curve(model.forget, model.non_members)
    return tpr[np.searchsorted(reached, fpr, side="right") - 1]


def _above(ascending: Values, threshold: float) -> int:
    return len(ascending) - int(np.searchsorted(ascending, threshold, side="right"))
