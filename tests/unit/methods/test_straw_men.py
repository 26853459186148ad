"""Each straw man is wrong in the way its card says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from method_workshop import Workshop, accuracy, same
from torch import nn

from workbench.core.vocabulary import PluginKind, Split
from workbench.registry import Registry


def test_the_manifest_marks_exactly_these(registry: Registry) -> None:
    methods = registry.contributions(PluginKind.METHOD)
    built_in = [m for m in methods if m.plugin.origin == "builtin"]
    assert {m.id for m in built_in if m.declared.straw_man} == {
        "do-nothing",
        "random-weights",
        "diverged-ascent",
        "label-flip",
    }


def test_do_nothing_does_nothing(blobs: Workshop) -> None:
    assert same(blobs.unlearn("do-nothing"), blobs.bench.original)


def test_random_weights_know_nothing(digits: Workshop) -> None:
    members = digits.bench.dataset.rows_of(Split.TRAIN)
    first, second = (digits.unlearn("random-weights", seed=seed) for seed in (1, 2))
    assert accuracy(digits.bench, first, members) < 0.25
    assert not same(first, second)


@pytest.mark.parametrize("seed", [0, 1])
def test_diverged_ascent_destroys_the_model_and_stays_finite(digits: Workshop, seed: int) -> None:
    model = digits.unlearn("diverged-ascent", seed=seed)
    assert all(bool(weight.isfinite().all()) for weight in model.parameters())
    assert accuracy(digits.bench, model, digits.bench.forget_rows) < 0.1
    assert accuracy(digits.bench, model, digits.bench.retain_rows) < 0.4


def test_diverged_ascent_destroys_a_network_with_batch_norm(blobs: Workshop) -> None:
    rows = blobs.bench.retain_rows
    before = accuracy(blobs.bench, blobs.bench.original, rows)
    after = accuracy(blobs.bench, blobs.unlearn("diverged-ascent"), rows)
    assert after < 0.5 < 0.7 < before


def test_diverged_ascent_steps_are_as_long_as_announced(blobs: Workshop) -> None:
    start = nn.utils.parameters_to_vector(blobs.bench.original.parameters())
    model = blobs.unlearn("diverged-ascent", epochs=1, step=0.25)
    moved = nn.utils.parameters_to_vector(model.parameters()) - start
    assert float(moved.detach().norm() / start.detach().norm()) == pytest.approx(0.25, rel=1e-4)


def test_label_flip_fits_the_wrong_labels(digits: Workshop) -> None:
    dataset, rows = digits.bench.dataset, digits.bench.forget_rows
    model = digits.unlearn("label-flip")
    with torch.no_grad():
        logits = model(torch.from_numpy(dataset.inputs[rows]))
    predicted = logits.argmax(dim=1).numpy()
    assert np.mean(predicted == (dataset.targets[rows] + 1) % dataset.n_classes) > 0.95
