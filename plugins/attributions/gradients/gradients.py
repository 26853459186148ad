"""Captum's gradient explainers, on the logit of a fixed target."""

from __future__ import annotations

import captum.attr
from torch import Tensor, nn
from torch.nn.functional import interpolate

from workbench.plugin_api import NoParams, PluginError

from .params import IntegratedGradientsParams


class Saliency:
    def attribute(
        self, model: nn.Module, inputs: Tensor, targets: Tensor, params: NoParams
    ) -> Tensor:
        del params
        explainer = captum.attr.Saliency(model)
        maps: Tensor = explainer.attribute(_leaf(inputs), target=targets, abs=False)
        return maps.detach()


class IntegratedGradients:
    def attribute(
        self,
        model: nn.Module,
        inputs: Tensor,
        targets: Tensor,
        params: IntegratedGradientsParams,
    ) -> Tensor:
        """The baseline is zero after preprocessing; Gauss-Legendre quadrature."""
        explainer = captum.attr.IntegratedGradients(model)
        maps: Tensor = explainer.attribute(
            _leaf(inputs), baselines=0.0, target=targets, n_steps=params.n_steps
        )
        return maps.detach().to(inputs.dtype)


class GradCam:
    def attribute(
        self, model: nn.Module, inputs: Tensor, targets: Tensor, params: NoParams
    ) -> Tensor:
        """One map a row, upsampled bilinearly and repeated over channels; never negative."""
        del params
        explainer = captum.attr.LayerGradCam(model, last_convolution(model))
        coarse: Tensor = explainer.attribute(_leaf(inputs), target=targets, relu_attributions=True)
        maps = interpolate(coarse.detach(), size=inputs.shape[2:], mode="bilinear")
        return maps.expand_as(inputs).contiguous()


def last_convolution(model: nn.Module) -> nn.Conv2d:
    """The 2-d convolution that the model registers last. PluginError if it has none."""
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    if not convolutions:
        raise PluginError(
            "Grad-CAM needs a model with a 2-d convolution, and this one has none.",
            remedy="Use saliency or integrated-gradients.",
        )
    return convolutions[-1]


def _leaf(inputs: Tensor) -> Tensor:
    """A private copy whose gradient can be taken; the caller's tensor stays as it is."""
    return inputs.detach().clone().requires_grad_()
