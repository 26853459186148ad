"""Replace what the model knows of the forget rows by noise."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from workbench.plugin_api import Batch, MethodContext

from .params import RandomLabelsParams


class RandomLabels:
    def unlearn(
        self, ctx: MethodContext, model: nn.Module, params: RandomLabelsParams
    ) -> nn.Module:
        def loss(batch: Batch) -> Tensor:
            return ctx.loss(model(batch.inputs), batch.targets).mean()

        model.train()
        optimiser = params.make_optimiser(ctx, model)
        for _ in ctx.epochs(params.epochs):
            for split in ("forget", "retain"):
                for batch in ctx.batches(split, batch_size=params.batch_size, shuffle=True):
                    shown = with_random_labels(ctx, batch) if split == "forget" else batch
                    optimiser.zero_grad()
                    ctx.series(f"{split} loss", ctx.backward(shown, loss))
                    optimiser.step()
        return model


def with_random_labels(ctx: MethodContext, batch: Batch) -> Batch:
    """The same rows under labels drawn uniformly over all classes, the true one included."""
    labels = torch.randint(ctx.n_classes, (len(batch),), generator=ctx.generator)
    return batch.with_targets(labels.to(ctx.device))
