"""The baseline every other method must beat: go on training without the forget set."""

from __future__ import annotations

from torch import Tensor, nn

from workbench.plugin_api import Batch, MethodContext

from .params import FineTuneParams


class FineTune:
    def unlearn(self, ctx: MethodContext, model: nn.Module, params: FineTuneParams) -> nn.Module:
        def loss(batch: Batch) -> Tensor:
            return ctx.loss(model(batch.inputs), batch.targets).mean()

        model.train()
        optimiser = params.make_optimiser(ctx, model)
        for _ in ctx.epochs(params.epochs):
            for batch in ctx.batches("retain", batch_size=params.batch_size, shuffle=True):
                optimiser.zero_grad()
                ctx.series("retain loss", ctx.backward(batch, loss))
                optimiser.step()
        return model
