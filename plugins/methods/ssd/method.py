"""Dampen the weights that matter to the forget set out of proportion (Foster et al., 2024)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from workbench.plugin_api import Batch, MethodContext

from .params import DampeningParams


class SelectiveSynapticDampening:
    """Importance of a weight: mean over batches of the squared gradient of the batch's loss."""

    def unlearn(self, ctx: MethodContext, model: nn.Module, params: DampeningParams) -> nn.Module:
        def loss(batch: Batch) -> Tensor:
            return ctx.loss(model(batch.inputs), batch.targets).mean()

        return _unlearn(ctx, model, params, loss, power=2)


class LossFreeSelectiveSynapticDampening:
    """Importance of a weight: mean over batches of |gradient of the mean squared output norm|."""

    def unlearn(self, ctx: MethodContext, model: nn.Module, params: DampeningParams) -> nn.Module:
        def squared_norm(batch: Batch) -> Tensor:
            outputs: Tensor = model(batch.inputs)
            return outputs.flatten(start_dim=1).square().sum(dim=1).mean()

        return _unlearn(ctx, model, params, squared_norm, power=1)


def _unlearn(
    ctx: MethodContext,
    model: nn.Module,
    params: DampeningParams,
    loss: Callable[[Batch], Tensor],
    *,
    power: int,
) -> nn.Module:
    whole = params.reference == "train"
    if whole:
        _warn_if_hardly_selectable(ctx, params.alpha)

    def importance(*splits: str) -> dict[str, Tensor]:
        return ctx.squared_gradients(model, splits, loss, batch_size=params.batch_size, power=power)

    forget = importance("forget")
    reference = importance("retain", "forget") if whole else importance("retain")
    selected = dampen(model, forget, reference, params.alpha, params.dampening)
    total = sum(parameter.numel() for parameter in model.parameters())
    ctx.log(f"Selected {selected} of {total} weights.")
    return model


@torch.no_grad()
def dampen(
    model: nn.Module,
    forget: Mapping[str, Tensor],
    reference: Mapping[str, Tensor],
    alpha: float,
    dampening: float,
) -> int:
    """Multiply w by min(dampening * reference / forget, 1) where forget > alpha * reference.

    The importances are given per named parameter. Returns the number of weights selected.
    """
    count = 0
    for name, weight in model.named_parameters():
        if name not in forget:
            continue
        selected = forget[name] > alpha * reference[name]
        # Only where selected: forget importance is positive there, elsewhere it may be 0.
        factor = dampening * reference[name][selected] / forget[name][selected]
        weight[selected] *= factor.clamp(max=1)
        count += int(selected.sum())
    return count


def _warn_if_hardly_selectable(ctx: MethodContext, alpha: float) -> None:
    # The reference contains the forget rows, so it is at least about `share` times the forget
    # importance, and no weight can exceed alpha = 1 / share times that.
    share = ctx.count("forget") / ctx.count("forget", "retain")
    if share * alpha >= 1:
        ctx.log(
            f"Warning: the forget set is {share:.1%} of the training set, so at alpha {alpha:g} "
            f"hardly any weight can be selected; use an alpha below {1 / share:.3g} or the "
            "reference 'retain'."
        )
