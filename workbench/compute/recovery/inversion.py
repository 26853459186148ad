"""Class inversion: inputs made up until the model is sure that they are of a class."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from workbench.compute.events import EventSink, Unheard
from workbench.compute.input_range import InputRange
from workbench.compute.modes import frozen_copy
from workbench.compute.seeding import generator, isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.pictures import is_image
from workbench.metrics import Undefined

LEARNING_RATE = 0.05
SMOOTHNESS = 1e-3  # weight of the total variation, images only
SMALLNESS = 1e-4  # weight of the squared norm
_START = 0.1  # spread of the noise to start from, as a share of the range


def class_inversions(
    model: nn.Module,
    data: DatasetTensors,
    label: int,
    *,
    within: InputRange,
    restarts: int,
    steps: int,
    seed: int,
    events: EventSink | None = None,
    cancel: CancelToken | None = None,
) -> Tensor:
    """Preprocessed inputs (restarts, ...) that `model` takes for class `label`, on the CPU.

    Each follows Adam up ln p_label(x) - 1e-3 TV(x) - 1e-4 |x|^2 from weak noise about the middle
    of the range, and is kept inside it (after Fredrikson et al. 2015). TV is the sum of absolute
    differences of neighbouring pixels. They may resemble people: use them and let them go.
    Undefined if a value stops being finite.
    """
    events, cancel = events or Unheard(), cancel or CancelToken()
    frozen = frozen_copy(model)
    shape = (restarts, *data.dataset.input_shape)
    noise = torch.randn(shape, generator=generator(seed)).to(data.device)
    middle = (within.low + within.high) / 2
    made = (middle + _START * within.width * noise).clamp(within.low, within.high)
    made = made.detach().requires_grad_()
    adam = torch.optim.Adam([made], lr=LEARNING_RATE)
    has_pixels = is_image(data.dataset.input_shape)
    with isolated_rng(seed, data.device), torch.enable_grad():
        for step in range(1, steps + 1):
            cancel.check()
            sure = log_softmax(frozen(made).float(), dim=1)[:, label]
            cost = SMALLNESS * made.square().flatten(1).sum(dim=1) - sure
            if has_pixels:
                cost = cost + SMOOTHNESS * _total_variation(made)
            (made.grad,) = torch.autograd.grad(cost.sum(), made)
            adam.step()
            with torch.no_grad():
                made.clamp_(within.low, within.high)
            events.progress(step / steps, f"inversion of class {label}")
    if not made.isfinite().all():
        raise Undefined("The inversion met values that are not finite.")
    return made.detach().cpu()


def _total_variation(images: Tensor) -> Tensor:
    down = images.diff(dim=-2).abs().flatten(1).sum(dim=1)
    across = images.diff(dim=-1).abs().flatten(1).sum(dim=1)
    return down + across
