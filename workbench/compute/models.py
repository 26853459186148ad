"""Models: built from an architecture, exchanged as named arrays, read without running code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import nn

from workbench.compute.seeding import isolated_rng
from workbench.core.errors import DataError, PluginError, WorkbenchError
from workbench.core.vocabulary import PluginKind
from workbench.registry import Registry

Tensors = Mapping[str, NDArray[Any]]

# Counts training batches; absent from old files, and outputs in eval mode do not depend on it.
_OPTIONAL = "num_batches_tracked"

_TORCH_SUFFIXES = (".pt", ".pth", ".th")
_WRAPPERS = ("state_dict", "model_state_dict")
_PARALLEL_PREFIX = "module."
_REMEDY = "Save the model's state_dict as .safetensors, or with torch.save as .pt."


def build_model(registry: Registry, architecture: Mapping[str, Any], seed: int) -> nn.Module:
    """An untrained model on the CPU in eval mode, initialised from `seed`.

    `architecture` has id, params, input_shape (without the batch axis) and n_outputs.
    UsageError for an unknown id or parameter, PluginError if it cannot be built.
    """
    contributed = registry.get(PluginKind.ARCHITECTURE, architecture["id"])
    params = contributed.parse_params(architecture["params"])
    shape, n_outputs = tuple(architecture["input_shape"]), int(architecture["n_outputs"])
    builder = contributed.load()
    with isolated_rng(seed):
        try:
            model = builder.build(shape, n_outputs, params)
        except WorkbenchError:
            raise
        except Exception as fault:
            raise PluginError(
                f"Architecture {contributed.id!r} cannot be built for inputs of shape {shape} "
                f"({fault}).",
                remedy="Choose an architecture that fits the data, or other parameters.",
            ) from fault
    if not isinstance(model, nn.Module):
        raise PluginError(
            f"Architecture {contributed.id!r} built a {type(model).__name__}, not a torch module.",
            remedy="Return a torch.nn.Module from build().",
        )
    return model.eval()


def tensors_of(model: nn.Module) -> dict[str, NDArray[Any]]:
    """Copies of all parameters and buffers by name."""
    return {name: as_array(tensor) for name, tensor in model.state_dict().items()}


def as_array(tensor: torch.Tensor) -> NDArray[Any]:
    """An independent array. bfloat16, which numpy lacks, is widened to float32 without loss."""
    plain = tensor.detach().cpu()
    if plain.dtype is torch.bfloat16:
        plain = plain.float()
    array: NDArray[Any] = np.array(plain.contiguous().numpy(), copy=True)
    return array


def load_tensors_into(model: nn.Module, tensors: Tensors) -> None:
    """Set every parameter and buffer of `model` from `tensors`, or nothing at all.

    DataError names the tensors that are missing, unexpected, of another shape, or not finite.
    """
    wanted = model.state_dict()
    missing = [n for n in wanted if n not in tensors and not n.endswith(_OPTIONAL)]
    unexpected = [n for n in tensors if n not in wanted]
    other_shape = [
        f"{n} {tuple(tensors[n].shape)} instead of {tuple(wanted[n].shape)}"
        for n in wanted
        if n in tensors and tuple(tensors[n].shape) != tuple(wanted[n].shape)
    ]
    not_finite = [n for n, v in tensors.items() if v.dtype.kind == "f" and not np.isfinite(v).all()]
    remedy = "Choose the architecture the weights were saved from."
    _refuse(missing, "The weights lack {}.", remedy)
    _refuse(unexpected, "The weights hold {}, which the architecture does not have.", remedy)
    _refuse(other_shape, "The weights have another shape than the architecture: {}.", remedy)
    _refuse(
        not_finite,
        "The weights hold NaN or infinite values in {}.",
        "Export the model again; these weights cannot give usable outputs.",
    )
    with torch.no_grad():
        for name, target in wanted.items():
            if name in tensors:
                target.copy_(torch.tensor(tensors[name]))


def read_weights(path: Path) -> dict[str, NDArray[Any]]:
    """Named tensors of a .safetensors, .pt, .pth or .th file.

    Checkpoints that keep them under "state_dict" and names that begin with "module." (written
    by DataParallel) are understood. DataError in one sentence for everything else.
    """
    if not path.is_file():
        raise DataError(f"There is no weights file {path.name!r}.", remedy="Check the path.")
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        content: Any = _read_safetensors(path)
    elif suffix in _TORCH_SUFFIXES:
        content = _read_torch(path)
    else:
        raise DataError(
            f"{path.name!r} is no weights file that can be read; .safetensors, .pt, .pth and .th "
            "can.",
            remedy=_REMEDY,
        )
    tensors = _without_prefix(_tensors_in(content, path.name))
    try:
        return {name: as_array(tensor) for name, tensor in tensors.items()}
    except (TypeError, RuntimeError) as fault:
        raise DataError(
            f"{path.name!r} holds sparse, quantised or 8-bit tensors ({fault}).",
            remedy="Save the weights as dense float32 tensors.",
        ) from fault


def _refuse(names: list[str], sentence: str, remedy: str) -> None:
    if names:
        shown = ", ".join(names[:3])
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise DataError(sentence.format(shown + more), remedy=remedy)


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except (safetensors.SafetensorError, OSError) as fault:
        raise DataError(
            f"{path.name!r} is damaged or is no safetensors file.", remedy="Copy it again."
        ) from fault


def _read_torch(path: Path) -> Any:
    try:
        # The one reader of torch files; weights_only refuses everything that would run code.
        return torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251
    except Exception as fault:
        raise DataError(
            f"{path.name!r} is damaged, or holds program objects besides tensors, which are never "
            "loaded.",
            remedy=_REMEDY,
        ) from fault


def _tensors_in(content: Any, name: str) -> dict[str, torch.Tensor]:
    if isinstance(content, Mapping):
        wrapper = next((key for key in _WRAPPERS if isinstance(content.get(key), Mapping)), None)
        tensors = content if wrapper is None else content[wrapper]
        if tensors and all(isinstance(value, torch.Tensor) for value in tensors.values()):
            return {str(key): value for key, value in tensors.items()}
    raise DataError(f"{name!r} holds no table of named tensors.", remedy=_REMEDY)


def _without_prefix(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    parallel = all(name.startswith(_PARALLEL_PREFIX) for name in tensors)
    start = len(_PARALLEL_PREFIX) if parallel else 0
    return {name[start:]: tensor for name, tensor in tensors.items()}
