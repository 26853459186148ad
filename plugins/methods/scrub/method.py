"""A student that disobeys its teacher selectively (Kurmanji et al., 2023)."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbench.plugin_api import Batch, MethodContext

from .params import ScrubParams


class Scrub:
    """Alternates a pass away from the teacher on forget rows and one towards it on retain rows."""

    def unlearn(self, ctx: MethodContext, model: nn.Module, params: ScrubParams) -> nn.Module:
        teacher = ctx.copy_of(model)
        model.train()
        optimiser = params.make_optimiser(ctx, model)

        def distance(batch: Batch, outputs: Tensor) -> Tensor:
            with torch.no_grad():
                taught = teacher(batch.inputs)
            return distillation_distance(taught, outputs, params.temperature)

        def away(batch: Batch) -> Tensor:
            return -distance(batch, model(batch.inputs))

        def stay(batch: Batch) -> Tensor:
            outputs = model(batch.inputs)
            error = ctx.loss(outputs, batch.targets).mean()
            return params.gamma * error + params.alpha * distance(batch, outputs)

        def descend(split: str, batch_size: int | None, loss: Callable[[Batch], Tensor]) -> None:
            for batch in ctx.batches(split, batch_size=batch_size, shuffle=True):
                optimiser.zero_grad()
                ctx.series(f"{split} objective", ctx.backward(batch, loss))
                optimiser.step()

        for epoch in ctx.epochs(params.epochs):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(params, epoch)
            if epoch < params.max_epochs:
                descend("forget", params.forget_batch_size, away)
            descend("retain", params.batch_size, stay)
        return model


def distillation_distance(teacher: Tensor, student: Tensor, temperature: float) -> Tensor:
    """T^2 KL(softmax(teacher / T) || softmax(student / T)), mean over the rows of two logits."""
    divergence = F.kl_div(
        F.log_softmax(student / temperature, dim=1),
        F.log_softmax(teacher / temperature, dim=1),
        log_target=True,
        reduction="batchmean",
    )
    return temperature**2 * divergence


def learning_rate(params: ScrubParams, finished_epochs: int) -> float:
    """The step size of the epoch that follows `finished_epochs` epochs."""
    decays = sum(finished_epochs >= limit for limit in params.decay_after)
    return params.learning_rate * params.decay_factor**decays
