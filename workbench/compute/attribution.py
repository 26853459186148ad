"""Attribution maps of chosen rows, batched by the host."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from workbench.compute.batching import MicroBatcher
from workbench.compute.events import EventSink, Unheard
from workbench.compute.modes import frozen_copy
from workbench.compute.seeding import isolated_rng
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import CancelToken
from workbench.core.errors import PluginError, WorkbenchError
from workbench.core.params import Params
from workbench.plugin_api import Attribution

_BATCH_SIZE = 32


def attribution_maps(
    explainer: Attribution[Any],
    model: nn.Module,
    data: DatasetTensors,
    rows: ArrayLike,
    params: Params,
    *,
    name: str = "attribution",
    batch_size: int | None = None,
    seed: int = 0,
    events: EventSink | None = None,
    cancel: CancelToken | None = None,
) -> NDArray[np.float32]:
    """Attribution of the true label's logit to every input value, (len(rows), *input_shape).

    The explainer gets a copy of `model` in eval mode. PluginError if a map has another shape
    than its input or is not finite.
    """
    input_shape = data.dataset.input_shape
    ids = data.row_ids(rows)
    explained = frozen_copy(model)
    events, cancel = events or Unheard(), cancel or CancelToken()
    batcher = MicroBatcher(data.device, events.log)

    def piece(start: int, stop: int) -> Tensor:
        cancel.check()
        some = ids[start:stop]
        maps = explainer.attribute(explained, data.inputs(some), data.targets(some), params)
        checked = _checked(maps, some, input_shape, name)
        events.progress(stop / len(ids), f"attribution {name}")
        return checked

    with isolated_rng(seed, data.device):
        try:
            parts = list(batcher.pieces(len(ids), piece, batch_size=batch_size or _BATCH_SIZE))
        except WorkbenchError:
            raise
        except Exception as fault:
            raise PluginError(
                f"Attribution {name!r} failed ({type(fault).__name__}: {fault}).",
                remedy="It may not fit this model; leave it out of the plan or try another.",
            ) from fault
    if not parts:
        return np.zeros((0, *input_shape), dtype=np.float32)
    maps: NDArray[np.float32] = torch.cat(parts).numpy()
    return maps


def _checked(maps: Tensor, rows: Tensor, input_shape: tuple[int, ...], name: str) -> Tensor:
    expected = (len(rows), *input_shape)
    shape = tuple(maps.shape) if isinstance(maps, Tensor) else type(maps).__name__
    if shape != expected:
        raise PluginError(
            f"Attribution {name!r} gives {shape} for inputs of shape {expected}.",
            remedy="Return one value for each input value.",
        )
    finite = maps.isfinite().flatten(1).all(dim=1)
    if not finite.all():
        raise PluginError(
            f"Attribution {name!r} gives values that are not finite for row "
            f"{int(rows[~finite][0])}.",
            remedy="Other parameters of the explainer may avoid it.",
        )
    return maps.detach().float().cpu()
