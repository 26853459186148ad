"""A complete project without any training: models are simulated by the logits they would give.

Everything else is real: the store writes it, the audit compares and judges it. A model is two
numbers, how far the labelled class leads on forget rows and on retain rows; on rows it never saw
the lead is that of an honest model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audit.evidence import compare_plan, judge_plan
from workbench.audit.from_arrays import metrics_from_arrays
from workbench.audit.plan import Plan, plan_from
from workbench.audit.schedule import lock_plan
from workbench.audit.standard import StoredOutputs
from workbench.core.dataset import Dataset, Preprocessing
from workbench.core.metric_value import MetricValue, not_computed
from workbench.core.selection import RULE
from workbench.core.vocabulary import Direction, RunRole, Split, Unit
from workbench.core.where import parse_where
from workbench.metrics.scores import cross_entropy, entropy, margin
from workbench.store import (
    Project,
    now,
    save_dataset,
    save_environment,
    save_forget_set,
    save_metrics,
    save_model,
    save_outputs,
    save_plugin,
)

UNSEEN = 3.0
SEEN = 6.0
NOISE = 2.6
ATTACKS = ("loss", "entropy", "margin")
CLASSES = tuple(
    f"digit {word}"
    for word in ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
)
EXPLAINERS = ("gradient", "input-x-gradient")


@dataclass(frozen=True)
class Model:
    """What a simulated method leaves behind, on how many seeds, at which cost."""

    label: str
    role: RunRole
    forget: float
    retain: float
    seeds: tuple[int, ...]
    seconds: float = 1.0
    method: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    relearn: float = 30.0
    unseen: float = UNSEEN


def reference_models(band: int = 5) -> list[Model]:
    return [
        Model("original", RunRole.ORIGINAL, SEEN, SEEN, (0,), method="original", relearn=0),
        Model("retrain", RunRole.REFERENCE, UNSEEN, SEEN, tuple(range(1, band + 1)), 14.0),
        Model("retrain", RunRole.CONTROL, UNSEEN, SEEN, (101, 102), 14.0),
    ]


def many_models() -> list[Model]:
    """Six candidates and four straw men, some right, some wrong, some undecided."""
    candidate, straw_man = RunRole.CANDIDATE, RunRole.STRAW_MAN
    return [
        *reference_models(8),
        Model("do-nothing", straw_man, SEEN, SEEN, (0,), 0.002, relearn=0),
        Model("random-weights", straw_man, 0.0, 0.0, (0,), 0.004, relearn=120, unseen=0.0),
        Model("diverged-ascent", straw_man, -6.0, -2.0, (0,), 0.8, relearn=120, unseen=-2.0),
        Model("label-flip", straw_man, -4.0, 4.0, (0,), 0.6, relearn=60, unseen=2.5),
        Model("fine-tune", candidate, 5.2, SEEN, (0, 1, 2), 2.4, params={"epochs": 5}, relearn=6),
        Model(
            "gradient-ascent",
            candidate,
            -2.0,
            5.0,
            (0, 1, 2),
            0.31,
            params={"learning_rate": 0.0005, "steps": 40},
            relearn=50,
            unseen=2.2,
        ),
        Model("scrub", candidate, UNSEEN, SEEN, (0, 1, 2), 3.7, params={"alpha": 0.5}),
        Model("ssd strong", candidate, 1.4, 5.2, (0, 1), 0.9, "ssd", {"dampening": 1.0}, 44),
        Model("ssd weak", candidate, 4.4, 5.9, (0,), 0.9, "ssd", {"dampening": 0.1}, 12),
        Model("salun", candidate, 3.3, 5.9, (0, 1, 2), 4.4, params={"sparsity": 0.5}, relearn=27),
    ]


def few_models() -> list[Model]:
    return [
        *reference_models(),
        Model("do-nothing", RunRole.STRAW_MAN, SEEN, SEEN, (0,), 0.002, relearn=0),
        Model("scrub", RunRole.CANDIDATE, UNSEEN, SEEN, (0, 1), 3.7, params={"alpha": 0.5}),
        Model("fine-tune", RunRole.CANDIDATE, 5.2, SEEN, (0,), 2.4, params={"epochs": 5}),
    ]


def digit_like(n: int = 900, seed: int = 3, *, name: str = "digits", side: int = 8) -> Dataset:
    """Blurred strokes of ten classes, uint8, one channel; half training rows."""
    draw = np.random.Generator(np.random.PCG64(seed))
    targets = draw.integers(0, 10, n)
    angle = targets / 10 * np.pi
    across, down = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    distance = np.abs(
        across[None] * np.sin(angle)[:, None, None] - down[None] * np.cos(angle)[:, None, None]
    )
    images = np.exp(-((distance / 0.3) ** 2)) * 230 + draw.normal(0, 12, (n, side, side))
    split = np.array(["train"] * (n // 2) + ["test"] * (n // 4) + ["non_member"] * (n // 4))
    return Dataset(
        name=name,
        inputs=np.clip(images, 0, 255).astype(np.uint8)[:, None],
        targets=targets.astype(np.int64),
        split=split,
        class_names=CLASSES,
        columns={"subject": draw.integers(0, 40, n)},
        preprocessing=Preprocessing(divide_by=255.0),
        notes="Drawn strokes, 1 % of the labels are wrong on purpose.",
    )


def plan_for(models: list[Model], *, forget_sets: list[dict[str, Any]] | None = None) -> Plan:
    def chosen(model: Model) -> dict[str, Any]:
        return {
            "id": model.method or model.label.replace(" ", "-"),
            "label": model.label,
            "params": model.params,
            "seeds": list(model.seeds),
        }

    equal = [
        ("forget accuracy", "accuracy", "forget", "", 0.1),
        ("retain accuracy", "accuracy", "retain", "", 0.06),
        ("test accuracy", "accuracy", "test", "", 0.06),
        ("loss attack", "membership_auc", "forget", "loss", 0.06),
    ]
    criteria: list[dict[str, Any]] = [
        {"name": name, "metric": metric, "split": split, "group": group, "margin": size}
        for name, metric, split, group, size in equal
    ]
    criteria += [
        {"name": "relearning", "metric": "relearn_steps", "scale": "ratio", "margin": 2.0},
        {
            "name": "calibration",
            "metric": "calibration_error",
            "split": "test",
            "kind": "upper",
            "limit": 0.4,
            "primary": False,
        },
    ]
    straw_men = [m.label for m in models if m.role is RunRole.STRAW_MAN]
    return plan_from(
        {
            "version": 1,
            "name": "spring erasure requests",
            "notes": "Two requests received in March, audited together.",
            "data": {"use": "digits"},
            "model": {"use": "digit classifier"},
            "forget_sets": forget_sets
            or [
                {"name": "subjects 3 and 17", "where": "subject in (3, 17, 8, 21, 30)"},
                {"name": "class seven", "where": "class == 7"},
            ],
            "methods": [chosen(m) for m in models if m.role is RunRole.CANDIDATE],
            "reference": {
                "band_seeds": list(models[1].seeds),
                "control_seeds": list(models[2].seeds),
            },
            "attacks": list(ATTACKS),
            "attributions": list(EXPLAINERS),
            "attribution_rows": 6,
            "controls": {"attack": "loss", "straw_men": straw_men},
            "criteria": criteria,
        }
    )


class SimulatedAudit:
    """Writes a project step by step; `finish` compares and judges."""

    def __init__(self, path: Path, dataset: Dataset, plan: Plan, name: str = "Ward 4 classifier"):
        self.project = Project.create(path, name)
        self.dataset, self.plan = dataset, plan
        self.draw = np.random.Generator(np.random.PCG64(11))
        self.plan_id = lock_plan(self.project, plan)
        self._forget_sets: dict[str, int] = {}
        with self.project.transaction("plan.prepared", subject="plan") as tx:
            self.dataset_id = save_dataset(
                tx, dataset, {"plugin": "drawn", "params": {}, "file": None}
            )
            self.original = save_model(
                tx,
                "digit classifier",
                {"id": "small-cnn", "params": {"width": 16}, "input_shape": [1, 8, 8]},
                self._weights(),
                dataset_id=self.dataset_id,
                recipe=plan.recipe.model_dump(mode="json"),
                source={"trained": True, "seed": 0},
            )
            tx.update(
                "plan",
                {"id": self.plan_id},
                dataset_id=self.dataset_id,
                original_model_id=self.original,
            )
            self.environment = save_environment(
                tx,
                {
                    "python": "3.11.9",
                    "torch": "2.13.0",
                    "packages": {"numpy": "2.4.0", "captum": "0.9.0"},
                    "threads": 1,
                    "deterministic": True,
                    "cuda": None,
                },
            )
            self.plugin = save_plugin(tx, "builtin-methods", "1.0", "builtin", "ab" * 32, {})

    def forget_set(self, name: str, definition: dict[str, Any], rows: NDArray[np.int64]) -> int:
        with self.project.transaction("forget_set.saved", subject=name) as tx:
            saved = save_forget_set(tx, self.dataset_id, name, definition, rows)
            self._forget_sets[name] = saved
            tx.update("plan", {"id": self.plan_id}, forget_sets=dict(self._forget_sets))
        return saved

    def run(self, forget_set_id: int, rows: NDArray[np.int64], model: Model) -> list[int]:
        """One finished run per seed."""
        return [self._run(forget_set_id, rows, model, seed) for seed in model.seeds]

    def failed_run(self, forget_set_id: int, model: Model, seed: int, message: str) -> int:
        with self.project.transaction("run.error", subject=model.label) as tx:
            return self._insert_run(
                tx,
                forget_set_id,
                model,
                seed,
                status="error",
                error={
                    "message": message,
                    "remedy": "Lower the learning rate.",
                    "traceback": "File /home/analyst/secret.py",
                },
            )

    def finish(self) -> None:
        compare_plan(self.project, self.plan_id)
        judge_plan(self.project, self.plan_id)

    def _run(self, forget_set_id: int, rows: NDArray[np.int64], model: Model, seed: int) -> int:
        outputs = self._outputs(model, rows)
        scores = {
            "loss": -outputs.loss,
            "entropy": -entropy(outputs.logits),
            "margin": margin(outputs.logits, self.dataset.targets),
        }
        metrics = metrics_from_arrays(outputs, scores, self.dataset, rows)
        metrics += list(self._costs(model, len(rows)))
        with self.project.transaction("run.done", subject=model.label) as tx:
            tensors = self._weights()
            model_id = self.original
            if model.role is not RunRole.ORIGINAL:
                model_id = save_model(
                    tx,
                    f"{model.label}, seed {seed}",
                    {"id": "small-cnn", "params": {}},
                    tensors,
                    parent_id=self.original,
                    dataset_id=self.dataset_id,
                    source={},
                )
            save_outputs(
                tx,
                model_id,
                self.dataset_id,
                {"logits": outputs.logits, "loss": outputs.loss, "embedding": outputs.embedding},
            )
            run_id = self._insert_run(
                tx,
                forget_set_id,
                model,
                seed,
                status="done",
                model_id=model_id,
                seconds=self._seconds(model),
            )
            save_metrics(tx, run_id, model_id, metrics)
            arrays = {f"scores/{name}": values for name, values in scores.items()}
            arrays |= self._maps(model, rows)
            for name, array in arrays.items():
                tx.insert("run_artifact", run_id=run_id, name=name, hash=tx.put_array(array))
            for name, curve in self._curves(model).items():
                tx.insert("series", run_id=run_id, name=name, hash=tx.put_array(curve))
        return run_id

    def _insert_run(
        self, tx: Any, forget_set_id: int, model: Model, seed: int, **values: Any
    ) -> int:
        run_id = tx.insert(
            "run",
            plan_id=self.plan_id,
            forget_set_id=forget_set_id,
            label=model.label,
            role=str(model.role),
            method=model.method or model.label.replace(" ", "-"),
            params=model.params,
            seed=seed,
            key=f"{self.draw.integers(1 << 60):064x}",
            original_model_id=self.original,
            plugin_id=None if model.role is RunRole.ORIGINAL else self.plugin,
            environment_id=self.environment,
            device="cpu",
            queued=now(),
            started="2026-03-01T10:00:00+00:00",
            finished="2026-03-01T10:00:05+00:00",
            **values,
        )
        tx.insert("run_input", run_id=run_id, name="dataset", hash=self.dataset.fingerprint)
        return int(run_id)

    def _outputs(self, model: Model, rows: NDArray[np.int64]) -> StoredOutputs:
        n, targets = len(self.dataset), self.dataset.targets
        lead = np.full(n, model.unseen)
        lead[self.dataset.rows_of(Split.TRAIN)] = model.retain
        lead[rows] = model.forget
        # How hard a row is belongs to the row, so that models agree on it.
        hardness = np.random.Generator(np.random.PCG64(5)).normal(0, 1, (n, 10))
        logits = NOISE * (0.97 * hardness + 0.2 * self.draw.normal(0, 1, (n, 10)))
        logits[np.arange(n), targets] += lead
        logits = logits.astype(np.float32)
        return StoredOutputs(logits, cross_entropy(logits, targets), logits[:, :4])

    def _seconds(self, model: Model) -> float | None:
        if model.role is RunRole.ORIGINAL:
            return None
        return model.seconds * float(self.draw.uniform(0.9, 1.1))

    def _costs(self, model: Model, n: int) -> Iterator[MetricValue]:
        if model.role is not RunRole.ORIGINAL:
            yield MetricValue(
                "unlearning_seconds", 1, None, model.seconds, Unit.SECONDS, Direction.LOWER
            )
        yield not_computed(
            "peak_memory",
            1,
            "this platform does not tell the peak memory of a part of a process",
            unit=Unit.BYTES,
            direction=Direction.LOWER,
        )
        steps = float(np.clip(round(model.relearn + self.draw.normal(0, 2)), 0, 120))
        capped = "censored at cap" if steps >= 120 else ""
        yield MetricValue(
            *("relearn_steps", 1, Split.FORGET, steps, Unit.STEPS, Direction.REFERENCE),
            n=1,
            ci_method=capped,
        )
        share = 0.62 + 0.04 * max(model.forget, 0) + float(self.draw.normal(0, 0.01))
        yield MetricValue(
            *("recovered_accuracy", 1, Split.FORGET, share, Unit.FRACTION, Direction.REFERENCE),
            n=n,
        )

    def _maps(self, model: Model, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        retain = np.setdiff1d(self.dataset.rows_of(Split.TRAIN), rows)
        explained = np.concatenate([rows[:6], retain[:6]])
        image = self.dataset.inputs[explained] / 255.0
        tone = np.where(np.arange(12) < 6, model.forget, model.retain) / SEEN
        tone = tone.reshape(-1, *[1] * (image.ndim - 1))
        base = (image - 0.35) * tone + 0.25 * np.roll(image, 2, axis=-1) * (1 - tone)
        maps: dict[str, NDArray[Any]] = {"attribution rows": explained}
        for index, name in enumerate(EXPLAINERS):
            noise = self.draw.normal(0, 0.12 / (index + 1), image.shape)
            maps[f"attribution/{name}"] = ((base + noise) * 10.0**index).astype(np.float32)
        return maps

    def _curves(self, model: Model) -> dict[str, NDArray[np.float64]]:
        if model.role is not RunRole.CANDIDATE:
            return {}
        seconds = np.linspace(0.01, model.seconds, 400)
        values = 0.3 + 1.2 * np.exp(-3 * seconds / model.seconds)
        values += self.draw.normal(0, 0.03, len(seconds))
        return {"loss": np.stack([seconds, values], axis=1)}

    def _weights(self) -> dict[str, NDArray[np.float32]]:
        values = self.draw.normal(0, 1, (4, 6)).astype(np.float32)
        return {"layer.weight": values, "layer.bias": values[:, 0].copy()}


def simulate(
    path: Path, models: list[Model], dataset: Dataset | None = None, plan: Plan | None = None
) -> SimulatedAudit:
    """A judged project: every model on every forget set of the plan."""
    dataset = digit_like() if dataset is None else dataset
    plan = plan_for(models) if plan is None else plan
    audit = SimulatedAudit(path, dataset, plan)
    train = dataset.rows_of(Split.TRAIN)
    subject, label = dataset.columns["subject"][train], dataset.targets[train]
    rows_by_rule = {
        "class == 7": train[label == 7],
        "subject in (3, 17, 8, 21, 30)": train[np.isin(subject, (3, 17, 8, 21, 30))],
    }
    broken = Model("fine-tune", RunRole.CANDIDATE, 0, 0, ())
    for choice in plan.forget_sets:
        rows = rows_by_rule[choice.where]
        forget_set = audit.forget_set(
            choice.name,
            {
                "where": choice.where,
                "rule": RULE.dump_python(parse_where(choice.where), mode="json"),
            },
            rows,
        )
        for model in models:
            audit.run(forget_set, rows, model)
        audit.failed_run(forget_set, broken, 7, "The loss of batch 3 is not finite.")
    audit.finish()
    return audit
