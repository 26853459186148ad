"""SCRUB: its distance, its two directions, its schedule, and a teacher that never moves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from method_workshop import Workshop, accuracy, same
from scipy.special import log_softmax
from torch import nn

from workbench.compute.context import HostMethodContext

NEUTRAL = {"weight_decay": 0.0, "decay_after": [], "batch_size": 16, "epochs": 3}


def distance_to_original(workshop: Workshop, model: nn.Module, rows: np.ndarray) -> float:
    inputs = torch.from_numpy(workshop.bench.dataset.inputs[rows])
    with torch.no_grad():
        teacher, student = workshop.bench.original(inputs), model(inputs)
        return float(workshop.part("scrub", "distillation_distance")(teacher, student, 1.0))


def test_distance_is_the_scaled_divergence_from_teacher_to_student(blobs: Workshop) -> None:
    draw = np.random.default_rng(0)
    teacher, student = draw.normal(size=(2, 7, 5))
    log_p, log_q = log_softmax(teacher / 3, axis=1), log_softmax(student / 3, axis=1)
    expected = 9 * (np.exp(log_p) * (log_p - log_q)).sum(axis=1).mean()
    distance = blobs.part("scrub", "distillation_distance")
    got = distance(torch.from_numpy(teacher), torch.from_numpy(student), 3.0)
    assert float(got) == pytest.approx(expected, rel=1e-12)


def test_the_forget_pass_moves_away_from_the_teacher(blobs: Workshop) -> None:
    settings = {"gamma": 0, "alpha": 0, "max_epochs": 3, **NEUTRAL}
    moved = blobs.unlearn("scrub", **settings)
    assert not same(moved, blobs.bench.original)
    curve = blobs.run("scrub", **settings).curves["forget objective"]
    assert curve[-1] < curve[0] < 0


def test_the_retain_pass_stays_closer_to_the_teacher_for_a_larger_alpha(blobs: Workshop) -> None:
    settings = {"gamma": 1, "max_epochs": 1, "learning_rate": 5e-3, **NEUTRAL}
    free, held = (blobs.unlearn("scrub", alpha=alpha, **settings) for alpha in (0, 20))
    rows = blobs.bench.retain_rows
    assert distance_to_original(blobs, held, rows) < distance_to_original(blobs, free, rows)


def test_without_forget_passes_and_teacher_it_is_fine_tuning(blobs: Workshop) -> None:
    scrub = blobs.unlearn("scrub", seed=2, gamma=1, alpha=0, max_epochs=0, **NEUTRAL)
    tuned = blobs.unlearn(
        "fine-tune",
        seed=2,
        optimiser="adam",
        learning_rate=5e-4,
        weight_decay=0,
        batch_size=16,
        epochs=3,
    )
    assert same(scrub, tuned)


def test_the_student_changes_and_the_teacher_does_not(
    blobs: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    teachers: list[nn.Module] = []
    copy_of = HostMethodContext.copy_of

    def remembered(ctx: HostMethodContext, model: nn.Module) -> nn.Module:
        teachers.append(copy_of(ctx, model))
        return teachers[-1]

    monkeypatch.setattr(HostMethodContext, "copy_of", remembered)
    student = blobs.unlearn("scrub", epochs=2)
    assert len(teachers) == 1
    assert same(teachers[0], blobs.bench.original)
    changed = [
        not torch.equal(weight, before)
        for weight, before in zip(
            student.parameters(), blobs.bench.original.parameters(), strict=True
        )
    ]
    assert all(changed)


@pytest.mark.parametrize(
    ("finished_epochs", "expected"),
    [(0, 0.5), (4, 0.5), (5, 0.05), (7, 0.05), (8, 0.005), (9, 0.0005)],
)
def test_the_step_size_decays_after_the_named_epochs(
    blobs: Workshop, finished_epochs: int, expected: float
) -> None:
    params = blobs.method("scrub").parse_params({"learning_rate": 0.5})
    got = blobs.part("scrub", "learning_rate")(params, finished_epochs)
    assert got == pytest.approx(expected)


def test_forgets_a_class_and_keeps_the_others(digits: Workshop) -> None:
    bench, model = digits.bench, digits.unlearn("scrub")
    assert accuracy(bench, model, bench.forget_rows) < 0.2
    assert accuracy(bench, model, bench.retain_rows) > 0.9
