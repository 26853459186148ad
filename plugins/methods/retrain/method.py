"""Exact unlearning: a model that has never seen the forget set."""

from __future__ import annotations

from torch import nn

from workbench.plugin_api import MethodContext, NoParams


class Retrain:
    """Ignores the given weights: a fresh initialisation trained on the retain set."""

    def unlearn(self, ctx: MethodContext, model: nn.Module, params: NoParams) -> nn.Module:  # noqa: ARG002
        return ctx.train(ctx.new_model(), ctx.recipe, "retain")
