"""One membership attack on the chosen models, from the scores that their runs stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.audit.artifact_names import scores_of
from workbench.audit.guards import non_member_shortage
from workbench.audit.measured import measured
from workbench.audit.standard import Measurement, tpr_at
from workbench.audit.stored_plan import StoredForgetSet, StoredPlan
from workbench.core.errors import ProjectError, UsageError
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import PluginKind, RunRole, Split
from workbench.metrics import Undefined
from workbench.metrics.membership import roc_curve, tpr_at_fpr
from workbench.plugin_api.manifest import Need
from workbench.registry import Registry
from workbench.report.reductions import shared_edges, shares, thin_roc
from workbench.store import Project

if TYPE_CHECKING:
    from workbench.gui.session.choice import RunOption

Values = NDArray[np.float64]

RATES = (0.001, 0.01, 0.05)
"""False positive rates at which the true positive rate is shown."""
_FIRST_RATE = 0.1  # of the threshold that is shown first
_GRID = 201
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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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
    edges: tuple[float, ...] = ()
    threshold: float = 0.0
    original: Attacked | None = None
    a: Attacked | None = None
    b: Attacked | None = None
    references: tuple[Attacked, ...] = ()
    band: Band | None = None
    unavailable: str = ""

    @property
    def models(self) -> tuple[Attacked, ...]:
        """Original, A and B, those that there are."""
        return tuple(one for one in (self.original, self.a, self.b) if one is not None)


def read_attack(
    project: Project,
    registry: Registry,
    *,
    plan_id: int,
    forget_set_id: int,
    attack: str,
    a: RunOption | None,
    b: RunOption | None,
    others: Sequence[RunOption],
) -> AttackView:
    """The attack named, or the first of the plan, on A, B and, of `others`, original and band."""
    stored = StoredPlan(project, plan_id)
    attacks = stored.plan.attacks
    if not attacks:
        return AttackView((), unavailable="This plan has no membership attack.")
    attack = attack if attack in attacks else attacks[0]
    told = AttackView(attacks, attack, who_attacks(registry, attack))
    forget_set = next(one for one in stored.forget_sets if one.id == forget_set_id)
    if shortage := non_member_shortage(forget_set.non_members):
        return _unavailable(told, shortage)
    reading = _Reading(project, stored, forget_set, attack)
    try:
        return reading.view(told, a, b, others)
    except Undefined as fault:
        return _unavailable(told, fault.reason)


def who_attacks(registry: Registry, attack: str) -> str:
    """What the attack does and what whoever runs it must know, in two sentences."""
    try:
        declared = registry.get(PluginKind.ATTACK, attack).declared
    except UsageError:
        return "The plugin of this attack is not installed, so nothing tells what it looks at."
    seen = [_SEEN[need] for need in declared.needs] or ["nothing of the model"]
    listed = " and ".join(filter(None, [", ".join(seen[:-1]), seen[-1]]))
    return f"{declared.summary} The attacker sees {listed}."


@dataclass(frozen=True)
class _Reading:
    """Reads the scores of one attack on one forget set."""

    project: Project
    stored: StoredPlan
    forget_set: StoredForgetSet
    attack: str

    def view(
        self,
        told: AttackView,
        a: RunOption | None,
        b: RunOption | None,
        others: Sequence[RunOption],
    ) -> AttackView:
        scores = {
            run.id: self._scores(run.id)
            for run in (a, b, *others)
            if run is not None and run.role in _SHOWN | {a and a.role, b and b.role}
        }
        originals = [run for run in others if run.role is RunRole.ORIGINAL]
        references = [run for run in others if run.role is RunRole.REFERENCE]
        sound = [scores[run.id] for run in (*originals, *references)] or list(scores.values())
        edges = shared_edges([side for sides in sound for side in sides])

        def attacked(run: RunOption) -> Attacked:
            return self._attacked(run, *scores[run.id], edges)

        apart = [run for run in originals if run not in (a, b)]
        band = tuple(attacked(run) for run in references)
        shown_b = attacked(b) if b else None
        first = shown_b or (attacked(a) if a else None)
        return AttackView(
            attacks=told.attacks,
            attack=told.attack,
            attacker=told.attacker,
            n_forget=len(self.forget_set.rows),
            n_non_members=len(self.forget_set.non_members),
            edges=edges,
            threshold=_first_threshold(first, edges),
            original=attacked(apart[0]) if apart else None,
            a=attacked(a) if a else None,
            b=shown_b,
            references=band,
            band=_band(band),
        )

    def _scores(self, run_id: int) -> tuple[Values, Values]:
        """Ascending scores of the forget rows and of the non-members."""
        digest = self.project.row(
            "SELECT hash FROM run_artifact WHERE run_id = ? AND name = ?",
            run_id,
            scores_of(self.attack),
        )
        if digest is None:
            raise ProjectError(
                f"Run {run_id} left no scores of the attack {self.attack!r}.",
                remedy="Run the plan again.",
            )
        scores = np.asarray(self.project.array(digest["hash"]), dtype=np.float64)
        rows = self.forget_set.rows, self.forget_set.non_members
        return np.sort(scores[rows[0]]), np.sort(scores[rows[1]])

    def _attacked(
        self, run: RunOption, forget: Values, non_members: Values, edges: tuple[float, ...]
    ) -> Attacked:
        fpr, tpr = thin_roc(forget, non_members)
        return Attacked(
            run=run,
            forget=forget,
            non_members=non_members,
            auc=self._auc(run.id),
            fpr=np.asarray(fpr),
            tpr=np.asarray(tpr),
            forget_shares=np.asarray(shares(forget, edges)),
            non_member_shares=np.asarray(shares(non_members, edges)),
            fixed=tuple(_fixed_rate(forget, non_members, rate) for rate in RATES),
        )

    def _auc(self, run_id: int) -> MetricValue | None:
        return next(
            (
                metric
                for metric in self.stored.metrics(run_id)
                if metric.name == "membership_auc"
                and metric.split is Split.FORGET
                and metric.group_key == self.attack
            ),
            None,
        )


_SHOWN: set[RunRole | None] = {RunRole.ORIGINAL, RunRole.REFERENCE}
