"""Counts forward passes of whole models, to show what an audit costs."""

from __future__ import annotations

from typing import Any, Self

from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)


class ForwardCounter:
    """While entered, counts the rows that go through any outermost module of this process."""

    def __init__(self) -> None:
        self.calls = 0
        self.rows = 0
        self._depth = 0

    def __enter__(self) -> Self:
        self._hooks = [
            register_module_forward_pre_hook(self._enter_module),
            register_module_forward_hook(self._leave_module, always_call=True),
        ]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _enter_module(self, _: nn.Module, inputs: tuple[Any, ...]) -> None:
        if self._depth == 0:
            self.calls += 1
            self.rows += len(inputs[0]) if inputs and isinstance(inputs[0], Tensor) else 0
        self._depth += 1

    def _leave_module(self, *_: object) -> None:
        self._depth -= 1
