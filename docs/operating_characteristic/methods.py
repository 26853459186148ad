"""Ways to treat a stack of original models: straw men, and unlearners that do half of the job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from stacked import Problems, Rows, Stack, batches, generators, losses, step, train


@dataclass(frozen=True)
class Task:
    """What a method is given: the originals, and of each the rows to forget and to keep."""

    originals: Stack
    problems: Problems
    forget: list[Rows]
    retain: list[Rows]
    seeds: list[int]
    n_classes: int


Method = Callable[[Task], Stack]


def do_nothing(task: Task) -> Stack:
    return task.originals.copy()


def random_weights(task: Task) -> Stack:
    d, h = task.originals.hidden.shape[1:]
    return Stack(task.originals.problem, task.seeds, (d, h, task.n_classes))


def diverged_ascent(task: Task, *, steps: int = 20, length: float = 0.1) -> Stack:
    """Uphill on the forget rows, each step a tenth of the length of the weights at the start."""
    stack = task.originals.copy()
    far = length * _norm([w.detach() for w in stack.parameters()])
    ids = torch.from_numpy(np.stack(task.forget))
    for _ in range(steps):
        inputs, targets = task.problems.rows(stack.problem, ids)
        stack.zero_grad()
        losses(stack(inputs), targets).sum().backward()
        slopes = [w.grad for w in stack.parameters() if w.grad is not None]
        scale = far / _norm(slopes).clamp(min=1e-12)
        with torch.no_grad():
            for weight, slope in zip(stack.parameters(), slopes, strict=True):
                weight.add_(slope * scale[:, None, None])
    return stack


def mild_ascent(task: Task, *, learning_rate: float = 1e-4, epochs: int = 5) -> Stack:
    stack = task.originals.copy()
    optimiser = torch.optim.SGD(stack.parameters(), lr=learning_rate, maximize=True)
    draws = generators(task.seeds)
    for _ in range(epochs):
        for ids in batches(task.forget, draws):
            step(stack, optimiser, *task.problems.rows(stack.problem, ids))
    return stack


def label_flip(task: Task, *, learning_rate: float = 1e-3, epochs: int = 10) -> Stack:
    """Adam on the forget rows, each under the label that follows its own."""
    stack = task.originals.copy()
    optimiser = torch.optim.Adam(stack.parameters(), lr=learning_rate)
    draws = generators(task.seeds)
    for _ in range(epochs):
        for ids in batches(task.forget, draws):
            inputs, targets = task.problems.rows(stack.problem, ids)
            step(stack, optimiser, inputs, (targets + 1) % task.n_classes)
    return stack


def random_labels(task: Task, *, learning_rate: float = 2e-3, epochs: int = 20) -> Stack:
    """Random labels for the forget rows, then the right ones for the retain rows, in turn."""
    stack = task.originals.copy()
    optimiser = torch.optim.Adam(stack.parameters(), lr=learning_rate)
    draws = generators(task.seeds)
    for _ in range(epochs):
        for ids in batches(task.forget, draws):
            inputs, _ = task.problems.rows(stack.problem, ids)
            drawn = np.stack([draw.integers(0, task.n_classes, ids.shape[1]) for draw in draws])
            step(stack, optimiser, inputs, torch.from_numpy(drawn))
        for ids in batches(task.retain, draws):
            step(stack, optimiser, *task.problems.rows(stack.problem, ids))
    return stack


def fine_tune(task: Task, *, learning_rate: float = 1e-3, epochs: int = 10) -> Stack:
    stack = task.originals.copy()
    draws = generators(task.seeds)
    train(stack, task.problems, task.retain, draws, learning_rate=learning_rate, epochs=epochs)
    return stack


def _norm(tensors: list[torch.Tensor]) -> torch.Tensor:
    """L2 norm of all weights of each model, (s,)."""
    return torch.stack([tensor.flatten(1).norm(dim=1) for tensor in tensors]).norm(dim=0)
