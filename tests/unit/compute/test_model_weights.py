"""Building models and reading weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from tiny_models import batch_norm_net, mlp, same_state, state
from torch import nn

from workbench.compute.models import build_model, load_tensors_into, read_weights, tensors_of
from workbench.core.errors import DataError, PluginError
from workbench.plugin_api import NoParams

REAL_MODELS = (
    Path(os.environ.get("WORKBENCH_TEST_DATA", Path(__file__).parents[4] / "shared/data"))
    / "models"
)


class OneArchitecture:
    """Stands for the registry: every id is the architecture it was given."""

    def __init__(self, build: Any) -> None:
        self.id = "one"
        self._build = build

    def get(self, *_: str) -> OneArchitecture:
        return self

    def parse_params(self, values: dict[str, Any]) -> NoParams:
        return NoParams(**values)

    def load(self) -> OneArchitecture:
        return self

    def build(self, input_shape: tuple[int, ...], n_outputs: int, _: NoParams) -> Any:
        return self._build(input_shape, n_outputs)


ARCHITECTURE = {"id": "one", "params": {}, "input_shape": [1, 4, 4], "n_outputs": 3}


def built(seed: int, build: Any = None) -> nn.Module:
    def linear(shape: tuple[int, ...], n: int) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)), n))

    return build_model(OneArchitecture(build or linear), ARCHITECTURE, seed)  # type: ignore[arg-type]


def test_a_model_is_initialised_from_its_seed_alone() -> None:
    randomness = torch.get_rng_state()
    one = built(1)
    assert torch.equal(torch.get_rng_state(), randomness)
    torch.rand(3)
    assert same_state(one, built(1))
    assert not same_state(one, built(2))
    assert not one.training
    assert one(torch.zeros(2, 1, 4, 4)).shape == (2, 3)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda shape, n: nn.Linear(*shape, n), "'one' cannot be built for inputs of shape"),
        (lambda *_: "network", "'one' built a str"),
    ],
)
def test_an_architecture_that_fails_is_named(build: Any, sentence: str) -> None:
    with pytest.raises(PluginError, match=sentence):
        built(0, build)


def test_tensors_go_out_and_back_unchanged() -> None:
    model, other = batch_norm_net(1), batch_norm_net(2)
    tensors = tensors_of(model)
    assert "1.running_mean" in tensors
    load_tensors_into(other, tensors)
    assert same_state(model, other)
    with torch.no_grad():
        next(other.parameters()).zero_()
    assert same_state(model, tensors)


def changed(**changes: Any) -> dict[str, Any]:
    tensors = tensors_of(mlp(1)) | changes
    return {name: value for name, value in tensors.items() if value is not None}


@pytest.mark.parametrize(
    ("tensors", "sentence"),
    [
        (changed(**{"4.bias": None}), "lack 4.bias."),
        (changed(**{"9.bias": np.zeros(3, np.float32)}), "hold 9.bias, which the architecture"),
        (changed(**{"4.bias": np.zeros(4, np.float32)}), r"4.bias \(4,\) instead of \(3,\)"),
        (changed(**{"4.bias": np.array([0, np.nan, 0], np.float32)}), "infinite values in 4.bias"),
        ({}, "lack 1.weight, 1.bias, 4.weight and 1 more"),
    ],
)
def test_weights_that_do_not_fit_are_refused_and_change_nothing(
    tensors: dict[str, Any], sentence: str
) -> None:
    model = mlp(0)
    with pytest.raises(DataError, match=sentence) as fault:
        load_tensors_into(model, tensors)
    assert fault.value.remedy
    assert same_state(model, mlp(0))


def test_old_files_may_lack_the_batch_counters() -> None:
    tensors = {n: v for n, v in tensors_of(batch_norm_net(1)).items() if "tracked" not in n}
    model = batch_norm_net(2)
    load_tensors_into(model, tensors)
    assert all(np.array_equal(state(model)[name], value) for name, value in tensors.items())


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".th"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"state_dict": s, "epoch": 3},
        lambda s: {"state_dict": {f"module.{n}": t for n, t in s.items()}, "best": 91.5},
    ],
)
def test_torch_files_are_read_however_they_were_wrapped(
    tmp_path: Path, suffix: str, wrap: Any
) -> None:
    model = batch_norm_net(3)
    path = tmp_path / f"weights{suffix}"
    torch.save(wrap(model.state_dict()), path)
    assert same_state(read_weights(path), state(model))


def test_safetensors_are_read_and_bfloat16_is_widened(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    tensors = {"a": torch.randn(3, 2), "b": torch.randn(4).bfloat16(), "c": torch.arange(3)}
    safetensors.torch.save_file(tensors, path)
    found = read_weights(path)
    assert np.array_equal(found["a"], tensors["a"])
    assert np.array_equal(found["b"], tensors["b"].float())
    assert found["c"].dtype == np.int64


class _Payload:
    """Would create a file if it were ever unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return Path.touch, (self.target,)


def test_a_file_that_would_run_code_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    target, path = tmp_path / "ran", tmp_path / "weights.pt"
    torch.save({"state_dict": {"a": torch.zeros(1)}, "extra": _Payload(target)}, path)
    with pytest.raises(DataError, match="program objects"):
        read_weights(path)
    assert not target.exists()


def _truncated(path: Path) -> None:
    torch.save(mlp().state_dict(), path)
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize(
    ("name", "write", "sentence"),
    [
        ("absent.pt", lambda _: None, "no weights file 'absent.pt'"),
        ("model.h5", lambda path: path.write_bytes(b"\x89HDF"), "'model.h5' is no weights file"),
        ("model.tflite", lambda path: path.write_bytes(b"TFL3"), "'model.tflite' is no weights"),
        ("empty.pt", lambda path: path.write_bytes(b""), "'empty.pt' is damaged"),
        ("noise.pth", lambda path: path.write_bytes(b"hello" * 50), "'noise.pth' is damaged"),
        ("cut.pt", _truncated, "'cut.pt' is damaged"),
        ("cut.safetensors", lambda path: path.write_bytes(b"\x09" * 40), "is damaged"),
        ("list.pt", lambda path: torch.save([torch.zeros(2)], path), "no table of named tensors"),
        ("none.pt", lambda path: torch.save({}, path), "no table of named tensors"),
        ("numbers.pt", lambda path: torch.save({"a": 1.5}, path), "no table of named tensors"),
        (
            "sparse.pt",
            lambda path: torch.save({"a": torch.eye(3).to_sparse()}, path),
            "sparse, quantised",
        ),
    ],
)
def test_other_files_are_refused_in_one_sentence(
    tmp_path: Path, name: str, write: Any, sentence: str
) -> None:
    path = tmp_path / name
    write(path)
    with pytest.raises(DataError, match=sentence) as fault:
        read_weights(path)
    assert fault.value.remedy


def test_published_resnet_weights_are_read() -> None:
    path = REAL_MODELS / "resnet20-12fca82f.th"
    if not path.is_file():
        pytest.skip("the published ResNet-20 weights are not on this computer")
    tensors = read_weights(path)
    assert tensors["conv1.weight"].shape == (16, 3, 3, 3)
    assert tensors["linear.bias"].shape == (10,)
    assert not any(name.startswith("module.") for name in tensors)


@pytest.mark.parametrize("pattern", ["*.h5", "*.tflite", "*.onnx"])
def test_real_files_of_other_formats_are_refused(pattern: str) -> None:
    paths = sorted(REAL_MODELS.glob(pattern))
    if not paths:
        pytest.skip(f"there is no {pattern} test file on this computer")
    for path in paths:
        with pytest.raises(DataError, match="is no weights file"):
            read_weights(path)
