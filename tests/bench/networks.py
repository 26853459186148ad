"""The network of the audit benchmark, in the size that the unlearning literature uses most."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, pad, relu

WIDTHS = (16, 32, 64)
BLOCKS_PER_STAGE = 3


class ResNet20(nn.Module):
    """Maps (b, 3, 32, 32) to (b, 10); shortcuts without weights.

    He, Zhang, Ren and Sun 2016 (arXiv:1512.03385), section 4.2, n = 3: 0.27 million parameters.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTHS[0], kernel_size=3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(WIDTHS[0])
        blocks, depth = [], WIDTHS[0]
        for width in WIDTHS:
            for _ in range(BLOCKS_PER_STAGE):
                blocks.append(ResidualBlock(depth, width))
                depth = width
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(depth, 10)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.blocks(relu(self.norm(self.stem(inputs))))
        logits: Tensor = self.head(adaptive_avg_pool2d(features, 1).flatten(1))
        return logits


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions; halves the image where it widens."""

    def __init__(self, depth: int, width: int) -> None:
        super().__init__()
        self.stride = 1 if depth == width else 2
        self.widening = width - depth
        self.conv1 = nn.Conv2d(depth, width, 3, self.stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)

    def forward(self, inputs: Tensor) -> Tensor:
        features = self.norm2(self.conv2(relu(self.norm1(self.conv1(inputs)))))
        shortcut = inputs[:, :, :: self.stride, :: self.stride]
        return relu(features + pad(shortcut, (0, 0, 0, 0, 0, self.widening)))
