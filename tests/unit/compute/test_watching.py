"""Live accuracy: right, on a sample, and without any effect on what is watched."""

from __future__ import annotations

import numpy as np
import torch
from tiny_models import (
    CPU,
    FORGET,
    N_TRAIN,
    RECIPE,
    RecordingEvents,
    batch_norm_net,
    blobs,
    context,
    mean_loss,
    mlp,
    same_state,
    state,
)
from torch import nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.seeding import isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.compute.training import train
from workbench.compute.unlearning import run_method
from workbench.compute.watching import AccuracyWatch
from workbench.core.cancellation import CancelToken
from workbench.core.vocabulary import Split
from workbench.plugin_api import MethodContext, NoParams


class Descent:
    """Two epochs towards the retain rows."""

    def unlearn(self, ctx: MethodContext, model: nn.Module, _: NoParams) -> nn.Module:
        optimiser = ctx.optimiser(model.train(), "sgd", learning_rate=0.05)
        for _ in ctx.epochs(2):
            for batch in ctx.batches("retain", shuffle=True):
                optimiser.zero_grad()
                ctx.backward(batch, mean_loss(ctx, model))
                optimiser.step()
        return model


def test_every_epoch_of_a_method_gives_the_accuracy_of_both_sides() -> None:
    events = RecordingEvents()
    unlearned = run_method(Descent(), context(events=events), mlp(), NoParams())
    curves = events.curves
    assert set(curves) == {"forget sample accuracy", "retain sample accuracy"}
    assert [len(values) for values in curves.values()] == [2, 2]
    data = DatasetTensors(blobs(), CPU)
    with torch.no_grad():  # all twelve forget rows fit in a sample
        answers = unlearned(data.inputs(torch.tensor(FORGET))).argmax(dim=1).numpy()
    expected = np.mean(answers == blobs().targets[FORGET])
    assert curves["forget sample accuracy"][-1] == expected


def test_training_from_scratch_is_watched_too() -> None:
    events = RecordingEvents()
    ctx = context(events=events)
    ctx.train(ctx.new_model(), RECIPE, "retain")
    assert len(events.curves["retain sample accuracy"]) == RECIPE.epochs
    assert events.curves["retain sample accuracy"][-1] > 0.9


def test_watching_changes_neither_the_weights_nor_the_random_numbers() -> None:
    data = DatasetTensors(blobs(), CPU)
    rows = torch.arange(N_TRAIN)
    watch = AccuracyWatch(
        data, {Split.TRAIN: rows}, RecordingEvents(), MicroBatcher(CPU), CancelToken()
    )

    def trained(after_epoch: object) -> dict[str, np.ndarray]:
        with isolated_rng(3):
            model = nn.Sequential(batch_norm_net(), nn.Dropout(0.5), nn.Linear(3, 3))
        draws = torch.Generator().manual_seed(0)
        train(model, data, rows, RECIPE, draws, after_epoch=after_epoch)
        return state(model)

    assert same_state(trained(watch.look_at), trained(None))


def test_a_large_side_is_sampled_at_even_distances() -> None:
    events = RecordingEvents()
    data = DatasetTensors(blobs(), CPU)
    seen: list[int] = []
    model = mlp()
    model.register_forward_pre_hook(lambda _, inputs: seen.append(len(inputs[0])))
    rows = torch.arange(N_TRAIN).repeat_interleave(30)  # 2,160 ids, a twentieth is 108
    sides = {Split.TRAIN: rows, Split.TEST: rows[:0]}
    AccuracyWatch(data, sides, events, MicroBatcher(CPU), CancelToken()).look_at(model)
    assert sum(seen) == 108
    assert set(events.curves) == {"train sample accuracy"}
