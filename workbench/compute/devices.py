"""Which device computes, and a description of everything a number may depend on."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from workbench.core.errors import UsageError

_DEPENDENCIES = (
    "captum",
    "jinja2",
    "numpy",
    "pillow",
    "platformdirs",
    "pydantic",
    "safetensors",
    "scikit-learn",
    "scipy",
    "sqlite-utils",
    "torch",
)


def pick_device(name: str = "auto") -> torch.device:
    """`auto`, `cpu`, `cuda`, `cuda:1` or `mps`. UsageError for a device that is not there."""
    if name == "auto":
        name = next((kind for kind in ("cuda", "mps") if _is_available(kind)), "cpu")
    kind, _, index = name.partition(":")
    known = kind in ("cpu", "cuda", "mps") and re.fullmatch(r"\d*", index)
    if not known or name.endswith(":"):
        raise UsageError(
            f"There is no kind of device called {name!r}.",
            remedy="Use auto, cpu, cuda, cuda:1 or mps.",
        )
    count = torch.cuda.device_count() if kind == "cuda" else 1
    if not _is_available(kind) or int(index or 0) >= count:
        raise UsageError(
            f"The device {name!r} is not available on this computer.",
            remedy="Use --device cpu, or --device auto for the best one there is.",
        )
    return torch.device(kind, int(index or 0)) if kind == "cuda" else torch.device(kind)


def environment(device: torch.device) -> dict[str, Any]:
    """Versions, platform, threads and device, as plain JSON values."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "torch": str(torch.__version__),
        "packages": {name: _version(name) for name in _DEPENDENCIES},
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "device": str(device),
        "device_name": _device_name(device),
        "cuda": torch.version.cuda,
    }


def release_memory(device: torch.device) -> None:
    """Give cached memory of `device` back, so that a smaller attempt can have it."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _is_available(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.is_available()
    return kind == "cpu" or torch.backends.mps.is_available()


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return platform.processor() or platform.machine()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
