"""Maximise the loss of the forget set."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from workbench.plugin_api import Batch, MethodContext

from .params import GradientAscentParams


class GradientAscent:
    def unlearn(
        self, ctx: MethodContext, model: nn.Module, params: GradientAscentParams
    ) -> nn.Module:
        def negated_loss(batch: Batch) -> Tensor:
            return -ctx.loss(model(batch.inputs), batch.targets).mean()

        optimiser = params.make_optimiser(ctx, model)
        for epoch in ctx.epochs(params.epochs):
            if params.stop_at_accuracy is not None:
                accuracy = forget_accuracy(ctx, model)
                ctx.series("forget accuracy", accuracy)
                if accuracy <= params.stop_at_accuracy:
                    ctx.log(f"Stopped after {epoch} epochs at forget accuracy {accuracy:.4f}.")
                    break
            model.train()
            for batch in ctx.batches("forget", batch_size=params.batch_size, shuffle=True):
                optimiser.zero_grad()
                ctx.series("forget loss", -ctx.backward(batch, negated_loss))
                nn.utils.clip_grad_norm_(model.parameters(), params.max_gradient_norm)
                optimiser.step()
        return model


@torch.no_grad()
def forget_accuracy(ctx: MethodContext, model: nn.Module) -> float:
    """Share of forget rows the model still gets right, in eval mode."""
    model.eval()
    right = sum(
        int((model(batch.inputs).argmax(dim=1) == batch.targets).sum())
        for batch in ctx.batches("forget")
    )
    return right / ctx.count("forget")
