"""Relabel at random, but change only what the forget set has shaped most (Fan et al., 2024)."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from workbench.plugin_api import Batch, MethodContext

from .params import SaliencyUnlearningParams


class SaliencyUnlearning:
    def unlearn(
        self, ctx: MethodContext, model: nn.Module, params: SaliencyUnlearningParams
    ) -> nn.Module:
        def loss(batch: Batch) -> Tensor:
            return ctx.loss(model(batch.inputs), batch.targets).mean()

        mask = saliency_mask(ctx, model, params.share, params.batch_size)
        chosen = sum(int(part.sum()) for part in mask.values())
        ctx.log(f"{chosen} of {sum(part.numel() for part in mask.values())} weights may change.")

        optimiser = params.make_optimiser(ctx, model)
        freeze = Freeze(model, optimiser, mask)
        model.train()
        for _ in ctx.epochs(params.epochs):
            for split in ("forget", "retain"):
                for batch in ctx.batches(split, batch_size=params.batch_size, shuffle=True):
                    shown = with_random_labels(ctx, batch) if split == "forget" else batch
                    optimiser.zero_grad()
                    ctx.series(f"{split} loss", ctx.backward(shown, loss))
                    freeze.mask_gradients()
                    optimiser.step()
                    freeze.restore()
        return model


def saliency_mask(
    ctx: MethodContext, model: nn.Module, share: float, batch_size: int | None
) -> dict[str, Tensor]:
    """Per trainable parameter, True for the `share` of all weights with the largest saliency.

    Saliency is |gradient of the negated mean loss over the forget set|, in eval mode, ranked over
    the whole model at once. Every row weighs the same, whatever the batch size.
    """
    n_rows = ctx.count("forget")

    def negated_loss(batch: Batch, share_of_rows: float) -> Tensor:
        return -share_of_rows * ctx.loss(model(batch.inputs), batch.targets).mean()

    model.eval()
    model.zero_grad()
    for batch in ctx.batches("forget", batch_size=batch_size):
        ctx.backward(batch, partial(negated_loss, share_of_rows=len(batch) / n_rows))
    saliency = {
        name: torch.zeros_like(weight) if weight.grad is None else weight.grad.abs()
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }
    model.zero_grad()

    everything = torch.cat([part.flatten() for part in saliency.values()])
    chosen = torch.zeros_like(everything, dtype=torch.bool)
    chosen[everything.topk(int(share * len(everything))).indices] = True
    pieces = torch.split(chosen, [part.numel() for part in saliency.values()])
    return {
        name: piece.view_as(part)
        for (name, part), piece in zip(saliency.items(), pieces, strict=True)
    }


class Freeze:
    """Holds every weight outside a mask at its present value, bit for bit.

    Masking gradients is not enough: weight decay and momentum move weights without a gradient.
    """

    def __init__(
        self, model: nn.Module, optimiser: torch.optim.Optimizer, mask: dict[str, Tensor]
    ) -> None:
        self._optimiser = optimiser
        self._held = [
            (weight, weight.detach().clone(), mask[name])
            for name, weight in model.named_parameters()
            if name in mask
        ]

    @torch.no_grad()
    def mask_gradients(self) -> None:
        for weight, _, mask in self._held:
            if weight.grad is not None:
                weight.grad.mul_(mask)

    @torch.no_grad()
    def restore(self) -> None:
        """Undo the last step outside the mask, in the weights and in the optimiser's memory."""
        for weight, start, mask in self._held:
            weight.copy_(torch.where(mask, weight, start))
            for memory in self._optimiser.state[weight].values():
                if isinstance(memory, Tensor) and memory.shape == weight.shape:
                    memory.mul_(mask)


def with_random_labels(ctx: MethodContext, batch: Batch) -> Batch:
    """The same rows under labels drawn uniformly over all classes, the true one included."""
    labels = torch.randint(ctx.n_classes, (len(batch),), generator=ctx.generator)
    return batch.with_targets(labels.to(ctx.device))
