"""What a method may read, and what the host does for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_models import (
    FORGET,
    RECIPE,
    RETAIN,
    MemoryFor,
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

from workbench.core.cancellation import CancelToken
from workbench.core.errors import PluginError, WorkbenchError
from workbench.plugin_api import Cancelled, MethodContext, Need


def rows_of(batches: Any) -> list[int]:
    return [int(row) for batch in batches for row in batch.rows]


def test_the_context_fulfils_the_protocol_of_the_plugin_api() -> None:
    offered: MethodContext = context()
    assert offered.seed == 5
    assert offered.n_classes == 3
    assert offered.device == torch.device("cpu")


def test_batches_cover_the_union_of_the_splits_in_ascending_order() -> None:
    ctx = context()
    assert rows_of(ctx.batches("forget")) == list(FORGET)
    assert rows_of(ctx.batches("retain", "forget")) == list(range(72))
    assert [len(b) for b in ctx.batches("forget", batch_size=5)] == [5, 5, 2]
    assert [len(b) for b in ctx.batches("retain")] == [16, 16, 16, 12]
    assert ctx.count("forget") == 12
    assert ctx.count("forget", "retain", "forget") == 72


def test_batch_norm_can_be_trained_on_every_batch() -> None:
    ctx, model = context(forget_rows=FORGET[:9]), batch_norm_net().train()
    batches = list(ctx.batches("forget", batch_size=4))
    assert [len(batch) for batch in batches] == [4, 5]
    assert rows_of(batches) == list(FORGET[:9])
    assert [len(b) for b in ctx.batches("forget", batch_size=4, shuffle=True)] == [4, 5]
    for batch in batches:
        ctx.backward(batch, mean_loss(ctx, model))


def test_shuffling_is_drawn_from_the_generator_of_the_run() -> None:
    first, again, other = context(), context(), context(seed=6)
    drawn = rows_of(first.batches("retain", shuffle=True))
    assert drawn != list(RETAIN)
    assert sorted(drawn) == list(RETAIN)
    assert drawn == rows_of(again.batches("retain", shuffle=True))
    assert drawn != rows_of(first.batches("retain", shuffle=True))
    assert drawn != rows_of(other.batches("retain", shuffle=True))


def test_batches_hold_preprocessed_inputs_and_labels() -> None:
    dataset = blobs()
    batch = next(iter(context(dataset).batches("forget")))
    expected = (dataset.inputs[FORGET].astype(np.float32) / 255 - 0.5) / 0.25
    np.testing.assert_allclose(batch.inputs.numpy(), expected, rtol=1e-6)
    assert batch.targets.tolist() == dataset.targets[FORGET].tolist()


@pytest.mark.parametrize(
    ("missing", "use"),
    [
        (Need.FORGET, lambda ctx: ctx.batches("forget")),
        (Need.RETAIN, lambda ctx: ctx.batches("forget", "retain")),
        (Need.RETAIN, lambda ctx: ctx.count("retain")),
        (Need.RETAIN, lambda ctx: ctx.train(mlp(), RECIPE, "retain")),
        (Need.LABELS, lambda ctx: next(ctx.batches("forget")).targets),
        (Need.LABELS, lambda ctx: ctx.train(mlp(), RECIPE, "retain")),
        (Need.RECIPE, lambda ctx: ctx.recipe),
        (Need.ARCHITECTURE, lambda ctx: ctx.new_model()),
        (
            Need.LABELS,
            lambda ctx: ctx.squared_gradients(
                m := mlp(), ["forget"], mean_loss(ctx, m), batch_size=8
            ),
        ),
    ],
)
def test_what_a_manifest_does_not_declare_is_withheld(missing: Need, use: Any) -> None:
    use(context())
    with pytest.raises(PluginError, match="'tested'") as refused:
        use(context(needs=set(Need) - {missing}))
    assert f"'{missing}'" in refused.value.remedy


def test_labels_that_were_not_declared_are_not_even_there() -> None:
    batch = next(context(needs=[Need.FORGET]).batches("forget"))
    labels = torch.tensor(blobs().targets[FORGET])
    held = [v for v in vars(batch).values() if isinstance(v, torch.Tensor)]
    assert not any(torch.equal(v, labels) for v in held)
    assert batch.with_targets(torch.zeros(12, dtype=torch.long)).targets.tolist() == [0] * 12


@pytest.mark.parametrize("split", ["test", "train", "non_member", "forgotten"])
def test_methods_read_forget_and_retain_rows_only(split: str) -> None:
    with pytest.raises(PluginError, match=f"'{split}'"):
        context().batches(split)


def test_relabelled_batches_keep_their_rows_and_check_their_length() -> None:
    batch = next(context().batches("forget"))
    other = batch.with_targets((batch.targets + 1) % 3)
    assert torch.equal(other.rows, batch.rows)
    assert not torch.equal(other.targets, batch.targets)
    with pytest.raises(PluginError, match="2 labels to a batch of 12"):
        batch.with_targets(torch.tensor([0, 1]))


def test_backward_adds_the_gradient_of_the_whole_batch() -> None:
    ctx, model = context(), mlp()
    batch = next(ctx.batches("retain"))
    value = ctx.backward(batch, mean_loss(ctx, model))
    wanted = F.cross_entropy(model(batch.inputs), batch.targets)
    expected = torch.autograd.grad(wanted, list(model.parameters()))
    assert value == pytest.approx(wanted.item(), rel=1e-6)
    for parameter, gradient in zip(model.parameters(), expected, strict=True):
        assert torch.equal(parameter.grad, gradient)
    ctx.backward(batch, mean_loss(ctx, model))
    for parameter, gradient in zip(model.parameters(), expected, strict=True):
        assert torch.equal(parameter.grad, 2 * gradient)


def test_the_gradient_does_not_depend_on_how_much_memory_there_is() -> None:
    def gradients(rows: int) -> tuple[float, list[torch.Tensor], list[int], list[str]]:
        events, memory = RecordingEvents(), MemoryFor(rows)
        ctx, model = context(events=events), memory.limit(mlp())
        batch = next(ctx.batches("retain", batch_size=37))
        value = ctx.backward(batch, mean_loss(ctx, model))
        return value, [p.grad for p in model.parameters()], memory.tried, events.lines

    value, whole, tried, lines = gradients(1000)
    assert (tried, lines) == ([37], [])
    for rows in (20, 5, 1):
        split_value, split, tried, lines = gradients(rows)
        assert split_value == pytest.approx(value, abs=1e-6)
        for a, b in zip(whole, split, strict=True):
            torch.testing.assert_close(a, b, atol=1e-6, rtol=0)
        assert sum(size for size in tried if size <= rows) == 37
        assert len(lines) == sum(size > rows for size in tried) > 0


def test_memory_that_runs_out_during_the_backward_pass_leaves_no_gradient_behind() -> None:
    ctx, model = context(), mlp()
    batch = next(ctx.batches("retain"))
    expected = torch.autograd.grad(mean_loss(ctx, model)(batch), list(model.parameters()))
    failures = iter([True])

    def fail_once(gradient: torch.Tensor) -> torch.Tensor:
        if next(failures, False):
            raise RuntimeError("out of memory")
        return gradient

    first_layer = next(model.parameters())
    hooked = ctx.loss

    def loss(piece: Any) -> torch.Tensor:
        hidden = model[1](model[0](piece.inputs))
        hidden.register_hook(fail_once)
        return hooked(model[2:](hidden), piece.targets).mean()

    ctx.backward(batch, loss)
    assert next(failures, None) is None
    assert first_layer.grad is not None
    for parameter, gradient in zip(model.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, atol=1e-6, rtol=0)


def test_a_batch_that_batch_norm_ties_together_is_not_split() -> None:
    ctx, model = context(), MemoryFor(4).limit(batch_norm_net()).train()
    ctx.optimiser(model, "sgd", learning_rate=0.1)
    with pytest.raises(WorkbenchError, match="batch normalisation"):
        ctx.backward(next(ctx.batches("retain")), mean_loss(ctx, model))
    model.eval()
    ctx.backward(next(ctx.batches("retain")), mean_loss(ctx, model))


def test_a_loss_that_is_not_finite_aborts_and_names_the_step() -> None:
    ctx, model = context(), mlp()
    batch = next(ctx.batches("forget"))
    ctx.backward(batch, mean_loss(ctx, model))
    before = [p.grad.clone() for p in model.parameters()]
    with pytest.raises(PluginError, match=r"'tested' diverged: the loss .* not finite at step 2"):
        ctx.backward(batch, lambda b: mean_loss(ctx, model)(b) * float("nan"))
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), before, strict=True))


def test_a_gradient_that_is_not_finite_aborts_even_when_the_loss_is_finite() -> None:
    ctx = context()
    weight = nn.Parameter(torch.zeros(1))
    with pytest.raises(PluginError, match="the gradient became not finite at step 1"):
        ctx.backward(next(ctx.batches("forget")), lambda _: weight.sqrt().sum())
    assert weight.grad is None


def test_a_loss_without_a_gradient_or_per_row_is_refused() -> None:
    ctx, model = context(), mlp()
    batch = next(ctx.batches("forget"))
    with pytest.raises(PluginError, match="shape \\(12,\\)"):
        ctx.backward(batch, lambda b: ctx.loss(model(b.inputs), b.targets))
    with pytest.raises(PluginError, match="no gradient"):
        ctx.backward(batch, lambda b: b.inputs.mean())


def test_a_cancelled_run_stops_before_the_next_batch() -> None:
    cancel = CancelToken()
    ctx, seen = context(cancel=cancel), []

    def work() -> None:
        for batch in ctx.batches("retain", batch_size=8):
            seen.append(len(batch))
            if len(seen) == 2:
                cancel.cancel()

    with pytest.raises(Cancelled):
        work()
    assert seen == [8, 8]


@pytest.mark.parametrize(
    "work",
    [
        lambda ctx, _: list(ctx.batches("forget", batch_size=100)),
        lambda ctx, _: next(ctx.epochs(3)),
        lambda ctx, model: ctx.train(model, RECIPE, "retain"),
        lambda ctx, model: ctx.squared_gradients(
            model, ["forget"], mean_loss(ctx, model), batch_size=4
        ),
    ],
)
def test_every_loop_of_the_host_can_be_cancelled(work: Any) -> None:
    cancel, model = CancelToken(), mlp()
    ctx, before = context(cancel=cancel), state(model)
    cancel.cancel()
    with pytest.raises(Cancelled):
        work(ctx, model)
    assert same_state(model, before)


def test_training_notices_a_cancel_that_comes_with_its_last_batch() -> None:
    cancel, model = CancelToken(), mlp()
    batches_left = 4

    def cancel_at_the_last(*_: Any) -> None:
        nonlocal batches_left
        batches_left -= 1
        if batches_left == 0:
            cancel.cancel()

    model.register_forward_pre_hook(cancel_at_the_last)
    one_epoch = RECIPE.model_copy(update={"epochs": 1})
    with pytest.raises(Cancelled):
        context(cancel=cancel).train(model, one_epoch, "retain")
    assert batches_left == 0


def test_progress_grows_over_the_epochs_and_ends_complete() -> None:
    events = RecordingEvents()
    ctx = context(events=events)
    for _ in ctx.epochs(3):
        for split in ("forget", "retain"):
            for _ in ctx.batches(split, batch_size=8):
                pass
    shares = [share for share, _ in events.shares]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert events.shares[0][1] == "epoch 1 of 3"
    assert list(ctx.epochs(0)) == []
    events.shares.clear()
    for _ in ctx.batches("forget", batch_size=6):
        pass
    assert events.shares == [(0.5, "pass over forget rows"), (1.0, "pass over forget rows")]


def test_training_is_repeatable_under_a_seed_and_leaves_global_randomness_alone() -> None:
    def run(seed: int) -> dict[str, Any]:
        ctx = context(seed=seed)
        return state(ctx.train(mlp(dropout=0.5), RECIPE, "retain"))

    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = run(3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert same_state(first, run(3))
    assert not same_state(first, run(4))


def test_new_models_and_copies_are_independent() -> None:
    ctx = context()
    one, two = ctx.new_model(), ctx.new_model()
    assert same_state(one, two)
    assert not same_state(one, context(seed=6).new_model())
    teacher = ctx.copy_of(one.train())
    assert not teacher.training
    assert not any(p.requires_grad for p in teacher.parameters())
    with torch.no_grad():
        next(one.parameters()).zero_()
    assert same_state(teacher, two)


def test_a_training_that_diverges_names_the_method() -> None:
    wild = RECIPE.model_copy(update={"optimiser": "sgd", "learning_rate": 10.0, "epochs": 200})
    with pytest.raises(PluginError, match=r"'tested' diverged: the (loss|gradient) became"):
        context().train(_Exploding(), wild, "retain")


class _Exploding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(16, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.exp(self.head(inputs.flatten(1)) ** 2)


def test_an_unknown_optimiser_is_the_plugins_fault() -> None:
    with pytest.raises(PluginError, match=r"'tested'.*'lion'"):
        context().optimiser(mlp(), "lion", learning_rate=0.1)
