"""Networks small enough to be retrained many times on a processor."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from math import prod

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from workbench.plugin_api import DataError

from .params import MlpParams, SmallCnnParams


class SmallCnn:
    def build(
        self, input_shape: tuple[int, ...], n_outputs: int, params: SmallCnnParams
    ) -> nn.Module:
        """A network for images (channels, height, width) of at least 4x4 pixels."""
        if len(input_shape) != 3 or min(input_shape[1:]) < 4:
            raise DataError(
                f"The architecture 'small-cnn' needs images of at least 4x4 pixels, "
                f"not inputs of shape {input_shape}.",
                remedy="Use 'mlp' for other inputs.",
            )
        return SmallCnnModule(input_shape, n_outputs, params.channels, params.hidden)


class SmallCnnModule(nn.Module):
    """Maps (b, channels, height, width) to (b, n_outputs)."""

    def __init__(
        self,
        input_shape: tuple[int, ...],
        n_outputs: int,
        channels: tuple[int, int],
        hidden: int,
    ) -> None:
        super().__init__()
        depth, height, width = input_shape
        first, second = channels
        self.conv1 = nn.Conv2d(depth, first, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(first, second, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(second * (height // 4) * (width // 4), hidden)
        self.fc2 = nn.Linear(hidden, n_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        features = max_pool2d(relu(self.conv1(inputs)), 2)
        features = max_pool2d(relu(self.conv2(features)), 2)
        logits: Tensor = self.fc2(relu(self.fc1(features.flatten(1))))
        return logits


class Mlp:
    def build(self, input_shape: tuple[int, ...], n_outputs: int, params: MlpParams) -> nn.Module:
        """A network for inputs of any shape, which it flattens."""
        widths = (prod(input_shape), *params.hidden)
        layers: OrderedDict[str, nn.Module] = OrderedDict(flatten=nn.Flatten())
        for number, (wide, narrow) in enumerate(pairwise(widths), start=1):
            layers[f"fc{number}"] = nn.Linear(wide, narrow)
            layers[f"relu{number}"] = nn.ReLU()
        layers["output"] = nn.Linear(widths[-1], n_outputs)
        return nn.Sequential(layers)
