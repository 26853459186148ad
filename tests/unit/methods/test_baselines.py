"""Retraining and the baselines: fine-tuning, gradient ascent, random relabelling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from method_workshop import Workshop, accuracy, same
from scipy.stats import chisquare
from torch import nn

from workbench.core.errors import UsageError
from workbench.testing import MethodRun


def mean_loss(workshop: Workshop, model: nn.Module, rows: np.ndarray) -> float:
    dataset = workshop.bench.dataset
    with torch.no_grad():
        logits = model(torch.from_numpy(dataset.inputs[rows]))
    return float(nn.functional.cross_entropy(logits, torch.from_numpy(dataset.targets[rows])))


class TestRetrain:
    def test_does_not_depend_on_the_given_weights(self, blobs: Workshop) -> None:
        method = blobs.method("retrain")
        other = replace(blobs.bench, original=blobs.bench.new_model(99))
        run = other.run(method, method.parse_params({}), seed=3)
        assert run.model is not None
        assert same(run.model, blobs.unlearn("retrain", seed=3))

    def test_every_seed_is_another_model(self, blobs: Workshop) -> None:
        assert not same(blobs.unlearn("retrain", seed=1), blobs.unlearn("retrain", seed=2))

    def test_never_learns_the_forgotten_class(self, digits: Workshop) -> None:
        bench = replace(digits.bench, recipe=digits.bench.recipe.model_copy(update={"epochs": 5}))
        method = digits.method("retrain")
        model = bench.run(method, method.parse_params({})).model
        assert accuracy(bench, model, bench.forget_rows) == 0
        assert accuracy(bench, model, bench.retain_rows) > 0.8


class TestFineTune:
    def test_lowers_the_loss_on_the_retain_set(self, blobs: Workshop) -> None:
        rows = blobs.bench.retain_rows
        tuned = blobs.unlearn("fine-tune")
        assert mean_loss(blobs, tuned, rows) < mean_loss(blobs, blobs.bench.original, rows)


class TestGradientAscent:
    def test_raises_the_loss_on_the_forget_set(self, blobs: Workshop) -> None:
        rows = blobs.bench.forget_rows
        risen = blobs.unlearn("gradient-ascent", learning_rate=0.05)
        assert mean_loss(blobs, risen, rows) > 2 * mean_loss(blobs, blobs.bench.original, rows)

    def test_no_step_is_longer_than_the_clipped_gradient(self, blobs: Workshop) -> None:
        settings = {"momentum": 0.0, "weight_decay": 0.0, "epochs": 1, "batch_size": 1000}

        def step_length(max_norm: float) -> float:
            model = blobs.unlearn(
                "gradient-ascent", learning_rate=0.5, max_gradient_norm=max_norm, **settings
            )
            pairs = zip(model.parameters(), blobs.bench.original.parameters(), strict=True)
            return float(torch.cat([(new - old).flatten() for new, old in pairs]).detach().norm())

        assert step_length(0.01) == pytest.approx(0.005, rel=1e-3)
        assert step_length(100.0) > 0.02

    def test_stops_before_it_starts_if_the_target_is_met(self, blobs: Workshop) -> None:
        run = blobs.run("gradient-ascent", stop_at_accuracy=1.0)
        assert run.model is not None
        assert same(run.model, blobs.bench.original)
        assert run.logs[-1].startswith("Stopped after 0 epochs at forget accuracy ")

    def test_stops_once_the_target_is_met(self, digits: Workshop) -> None:
        bench = digits.bench
        settings = {"learning_rate": 0.01, "epochs": 50}
        run = digits.run("gradient-ascent", stop_at_accuracy=0.1, **settings)
        assert accuracy(bench, run.model, bench.forget_rows) <= 0.1
        assert accuracy(bench, run.model, bench.retain_rows) > 0.8
        through = digits.unlearn("gradient-ascent", **settings)
        assert accuracy(bench, through, bench.retain_rows) < 0.2

    def test_a_target_must_be_a_fraction(self, blobs: Workshop) -> None:
        with pytest.raises(UsageError, match="stop_at_accuracy"):
            blobs.method("gradient-ascent").parse_params({"stop_at_accuracy": 10})


class TestRandomLabels:
    def test_labels_are_redrawn_uniformly_over_all_classes(self, blobs: Workshop) -> None:
        ctx = blobs.bench.context(blobs.method("random-labels"), MethodRun())
        relabel = blobs.part("random-labels", "with_random_labels")
        drawn, true = [], []
        for _ in range(100):
            for batch in ctx.batches("forget"):
                drawn.append(relabel(ctx, batch).targets)
                true.append(batch.targets)
        labels = torch.cat(drawn).numpy()
        assert chisquare(np.bincount(labels, minlength=3)).pvalue > 0.001
        assert np.mean(labels == torch.cat(true).numpy()) == pytest.approx(1 / 3, abs=0.05)
        assert not torch.equal(drawn[0], drawn[len(drawn) // 2])

    @pytest.mark.parametrize("method", ["random-labels", "salun"])
    def test_forgets_a_class_and_keeps_the_others(self, digits: Workshop, method: str) -> None:
        bench, model = digits.bench, digits.unlearn(method)
        assert accuracy(bench, model, bench.forget_rows) < 0.5
        assert accuracy(bench, model, bench.retain_rows) > 0.9
