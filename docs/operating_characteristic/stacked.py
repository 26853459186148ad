"""Many small perceptrons at once: one stacked tensor a layer, one matrix product for all models.

Model s of a stack learns from its own problem and its own rows of it, and takes its own steps;
torch's optimisers work value by value, so stacking changes no step of any model.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, relu

Rows = NDArray[np.int64]
BATCH = 32


class Problems:
    """The inputs (p, n, d) and targets (p, n) of p problems of equal size."""

    def __init__(self, inputs: Tensor, targets: Tensor) -> None:
        self.inputs, self.targets = inputs, targets

    def rows(self, problem: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Rows `ids` (s, b) of the problems `problem` (s,): inputs (s, b, d), targets (s, b)."""
        return self.inputs[problem[:, None], ids], self.targets[problem[:, None], ids]


class Stack(nn.Module):
    """s perceptrons with one hidden layer; `problem` (s,) says which data each belongs to."""

    def __init__(self, problem: Tensor, seeds: list[int], sizes: tuple[int, int, int]) -> None:
        super().__init__()
        d, h, c = sizes
        draws = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.problem = problem
        self.hidden = nn.Parameter(_uniform(draws, (d, h), d))
        self.hidden_bias = nn.Parameter(_uniform(draws, (1, h), d))
        self.output = nn.Parameter(_uniform(draws, (h, c), h))
        self.output_bias = nn.Parameter(_uniform(draws, (1, c), h))

    def __len__(self) -> int:
        return len(self.problem)

    def embed(self, inputs: Tensor) -> Tensor:
        """(s, b, d) to (s, b, h)."""
        return relu(torch.baddbmm(self.hidden_bias, inputs, self.hidden))

    def forward(self, inputs: Tensor) -> Tensor:
        """(s, b, d) to (s, b, c)."""
        return torch.baddbmm(self.output_bias, self.embed(inputs), self.output)

    def copy(self, chosen: list[int] | None = None) -> Stack:
        """The models `chosen`, or all of them, as a stack of its own."""
        index = torch.arange(len(self)) if chosen is None else torch.tensor(chosen)
        twin = Stack.__new__(Stack)
        nn.Module.__init__(twin)
        twin.problem = self.problem[index]
        for name, values in self.named_parameters():
            twin.register_parameter(name, nn.Parameter(values.detach()[index].clone()))
        return twin


def _uniform(draws: list[torch.Generator], shape: tuple[int, int], fan_in: int) -> Tensor:
    """What torch gives a fresh linear layer: uniform within 1 / sqrt(fan in)."""
    bound = fan_in**-0.5
    return torch.stack([torch.rand(shape, generator=one) * 2 * bound - bound for one in draws])


def losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy of each model, (s,)."""
    by_row = cross_entropy(logits.transpose(1, 2), targets, reduction="none")
    return by_row.mean(dim=1)


def batches(rows: list[Rows], draws: list[np.random.Generator]) -> Iterator[Tensor]:
    """One epoch: each model's rows in an order of its own, as ids (s, b)."""
    order = torch.from_numpy(
        np.stack([draw.permutation(own) for own, draw in zip(rows, draws, strict=True)])
    )
    yield from torch.split(order, BATCH, dim=1)


def generators(seeds: list[int]) -> list[np.random.Generator]:
    return [np.random.Generator(np.random.PCG64(seed)) for seed in seeds]


def train(
    stack: Stack,
    problems: Problems,
    rows: list[Rows],
    draws: list[np.random.Generator],
    *,
    learning_rate: float,
    epochs: int,
) -> None:
    """Adam on each model's own rows, as many for every model."""
    optimiser = torch.optim.Adam(stack.parameters(), lr=learning_rate)
    for _ in range(epochs):
        for ids in batches(rows, draws):
            inputs, targets = problems.rows(stack.problem, ids)
            step(stack, optimiser, inputs, targets)


def step(stack: Stack, optimiser: torch.optim.Optimizer, inputs: Tensor, targets: Tensor) -> None:
    """One step of every model on a batch of its own."""
    optimiser.zero_grad()
    losses(stack(inputs), targets).sum().backward()
    optimiser.step()


@torch.no_grad()
def accuracy(stack: Stack, problems: Problems, rows: list[Rows]) -> NDArray[np.float64]:
    """Share of each model's rows it answers right, (s,)."""
    inputs, targets = problems.rows(stack.problem, torch.from_numpy(np.stack(rows)))
    right: NDArray[np.float64] = (stack(inputs).argmax(2) == targets).double().mean(dim=1).numpy()
    return right


def relearn_steps(
    stack: Stack,
    problems: Problems,
    rows: list[Rows],
    target: NDArray[np.float64],
    seeds: list[int],
    *,
    learning_rate: float,
    cap: int,
) -> NDArray[np.int64]:
    """Steps of Adam on the forget rows until each model reaches its target; the cap if never."""
    stack = stack.copy()
    optimiser = torch.optim.Adam(stack.parameters(), lr=learning_rate)
    draws = generators(seeds)
    steps = np.full(len(stack), cap)
    taken = 0
    while True:
        for ids in batches(rows, draws):
            reached = accuracy(stack, problems, rows) >= target
            steps[reached] = np.minimum(steps[reached], taken)
            if taken == cap or (steps < cap).all():
                return steps
            inputs, targets = problems.rows(stack.problem, ids)
            step(stack, optimiser, inputs, targets)
            taken += 1
