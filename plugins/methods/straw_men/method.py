"""Methods that are known to be wrong, for the audit to fail."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from workbench.plugin_api import Batch, MethodContext, NoParams

from .params import DivergedAscentParams, LabelFlipParams


class DoNothing:
    def unlearn(self, ctx: MethodContext, model: nn.Module, params: NoParams) -> nn.Module:  # noqa: ARG002
        return model


class RandomWeights:
    def unlearn(self, ctx: MethodContext, model: nn.Module, params: NoParams) -> nn.Module:  # noqa: ARG002
        return ctx.new_model()


class DivergedAscent:
    """Steps of a fixed length: however steep the loss, the weights are destroyed but finite."""

    def unlearn(
        self, ctx: MethodContext, model: nn.Module, params: DivergedAscentParams
    ) -> nn.Module:
        def loss(batch: Batch) -> Tensor:
            return ctx.loss(model(batch.inputs), batch.targets).mean()

        model.eval()
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        length = params.step * norm(weights)
        for _ in ctx.epochs(params.epochs):
            model.zero_grad()
            for batch in ctx.batches("forget", batch_size=params.batch_size):
                ctx.series("forget loss", ctx.backward(batch, loss))
            gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in weights]
            steepness = norm(gradients)
            if steepness == 0:
                ctx.log("Stopped: the loss of the forget set is flat.")
                break
            with torch.no_grad():
                for weight, gradient in zip(weights, gradients, strict=True):
                    weight.add_(gradient, alpha=length / steepness)
        return model


class LabelFlip:
    """Trains on the forget rows alone, each under the label that follows its own."""

    def unlearn(self, ctx: MethodContext, model: nn.Module, params: LabelFlipParams) -> nn.Module:
        def loss(batch: Batch) -> Tensor:
            return ctx.loss(model(batch.inputs), batch.targets).mean()

        model.train()
        optimiser = params.make_optimiser(ctx, model)
        for _ in ctx.epochs(params.epochs):
            for batch in ctx.batches("forget", batch_size=params.batch_size, shuffle=True):
                flipped = batch.with_targets((batch.targets + 1) % ctx.n_classes)
                optimiser.zero_grad()
                ctx.series("forget loss", ctx.backward(flipped, loss))
                optimiser.step()
        return model


def norm(tensors: Sequence[Tensor]) -> float:
    """L2 norm of all values together."""
    return float(torch.stack([tensor.detach().norm() for tensor in tensors]).norm())
