"""The three kinds of chance in an audit, each with seeds of its own.

Training: how models come out that learn the data, the original and those retrained without the
forget rows. Unlearning: how a method turns one given original into an unlearned model.
Evaluation: what measuring one given model draws at random. They answer different questions, so
their spreads are never mixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.audit.plan import Plan

Seeds = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SeedAxes:
    """`original` is None for a model that the plan does not train; `unlearning` is by label."""

    original: int | None
    band: Seeds
    control: Seeds
    unlearning: Mapping[str, Seeds]
    evaluation: int
    relearning: Seeds
    tuning: Seeds


def seed_axes(plan: Plan) -> SeedAxes:
    is_trained = not plan.model.use and not plan.model.weights
    recovery = plan.recovery
    return SeedAxes(
        original=plan.model.seed if is_trained else None,
        band=plan.reference.band_seeds,
        control=plan.reference.control_seeds,
        unlearning={method.label: method.seeds for method in plan.methods},
        evaluation=plan.evaluation_seed,
        relearning=recovery.relearn_seeds if recovery else (),
        tuning=recovery.retain_seeds if recovery else (),
    )


def seeds_in_words(axes: SeedAxes) -> dict[str, str]:
    """A line for each kind of chance, by its name."""
    original = "none: not trained here" if axes.original is None else str(axes.original)
    training = f"original {original}; band {_listed(axes.band)}; control {_listed(axes.control)}"
    unlearning = "; ".join(f"{label} {_listed(seeds)}" for label, seeds in axes.unlearning.items())
    evaluation = f"resampling and explained rows {axes.evaluation}"
    if axes.relearning or axes.tuning:
        evaluation += (
            f"; relearning {_listed(axes.relearning)}; retain-only tuning {_listed(axes.tuning)}"
        )
    return {"training": training, "unlearning": unlearning, "evaluation": evaluation}


def _listed(seeds: Seeds) -> str:
    return ", ".join(map(str, seeds)) or "none"
