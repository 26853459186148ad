"""Selective synaptic dampening, against figures of its reference code and by its properties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from method_workshop import Workshop, accuracy, same
from torch import nn

from workbench.core.vocabulary import Split

# method, alpha, accuracy in % (forget, retain, test), weights changed, L2 and Linf distance.
FIGURES = [
    ("ssd", 10, (99.31, 98.65, 90.43), 0, 0.0, 0.0),
    ("ssd", 5, (88.89, 98.89, 88.92), 19, 0.482765, 0.212817),
    ("ssd", 2, (0.00, 96.66, 83.63), 1730, 3.04263, 0.285988),
    ("ssd", 1, (0.00, 82.80, 74.06), 3876, 3.44142, 0.285988),
    ("lfssd", 10, (99.31, 98.65, 90.43), 0, 0.0, 0.0),
    ("lfssd", 5, (0.00, 89.25, 77.33), 665, 2.41803, 0.453342),
    ("lfssd", 2, (0.00, 24.76, 24.94), 5578, 5.83302, 0.453342),
]

# Sum and L2 norm of each weight tensor afterwards.
WEIGHTS = {
    ("ssd", 2): {
        "conv1": (13.99612, 3.7264002),
        "conv2": (40.590744, 7.507323),
        "fc1": (27.721249, 6.6307201),
        "fc2": (-5.8075161, 2.9769685),
    },
    ("lfssd", 5): {
        "conv1": (14.243105, 3.6675418),
        "conv2": (49.69021, 7.8095318),
        "fc1": (38.771777, 7.0569218),
        "fc2": (-7.8628921, 3.1044196),
    },
}


def all_weights(model: nn.Module) -> np.ndarray:
    parts = [parameter.detach().numpy().ravel() for parameter in model.parameters()]
    return np.concatenate(parts).astype(np.float64)


@pytest.mark.parametrize(("method", "alpha", "accuracies", "changed", "l2", "linf"), FIGURES)
def test_reproduces_the_reference_code(
    digits: Workshop,
    method: str,
    alpha: float,
    accuracies: tuple[float, float, float],
    changed: int,
    l2: float,
    linf: float,
) -> None:
    bench = digits.bench
    model = digits.unlearn(method, alpha=alpha)
    rows = (bench.forget_rows, bench.retain_rows, bench.dataset.rows_of(Split.TEST))
    for got, expected in zip(rows, accuracies, strict=True):
        assert 100 * accuracy(bench, model, got) == pytest.approx(expected, abs=0.26)
    difference = all_weights(model) - all_weights(bench.original)
    assert abs(np.count_nonzero(difference) - changed) <= 2
    assert np.linalg.norm(difference) == pytest.approx(l2, rel=1e-3)
    assert np.abs(difference).max() == pytest.approx(linf, rel=1e-4)


@pytest.mark.parametrize(("method", "alpha"), WEIGHTS)
def test_reproduces_the_weights_of_the_reference_code(
    digits: Workshop, method: str, alpha: float
) -> None:
    tensors = dict(digits.unlearn(method, alpha=alpha).named_parameters())
    for layer, (total, norm) in WEIGHTS[method, alpha].items():
        weight = tensors[f"{layer}.weight"].detach().double()
        assert float(weight.sum()) == pytest.approx(total, rel=1e-4)
        assert float(weight.norm()) == pytest.approx(norm, rel=1e-4)


@pytest.mark.parametrize("method", ["ssd", "lfssd"])
class TestProperties:
    def test_a_huge_alpha_changes_no_bit(self, blobs: Workshop, method: str) -> None:
        assert same(blobs.unlearn(method, alpha=1e30), blobs.bench.original)

    def test_no_weight_grows_or_changes_sign(self, blobs: Workshop, method: str) -> None:
        before = all_weights(blobs.bench.original)
        after = all_weights(blobs.unlearn(method, alpha=0.3, dampening=2.0))
        assert (after != before).any()
        assert (np.abs(after) <= np.abs(before)).all()
        assert (after * before >= 0).all()

    def test_fewer_weights_are_selected_as_alpha_rises(self, blobs: Workshop, method: str) -> None:
        before = all_weights(blobs.bench.original)
        changed = [
            np.count_nonzero(all_weights(blobs.unlearn(method, alpha=alpha)) != before)
            for alpha in (1.0, 1.5, 2.0, 3.0, 5.0)
        ]
        assert changed == sorted(changed, reverse=True)
        assert changed[0] > changed[-1]

    def test_forgetting_everything_selects_nothing_from_alpha_1_on(
        self, blobs: Workshop, method: str
    ) -> None:
        members = blobs.bench.dataset.rows_of(Split.TRAIN)
        bench = replace(blobs.bench, forget_rows=members)
        tried = blobs.method(method)
        for alpha, nothing in ((1.0, True), (0.99, False)):
            run = bench.run(tried, tried.parse_params({"alpha": alpha}))
            assert run.model is not None
            selected = run.logs[-1]
            assert selected.startswith("Selected 0 of") is nothing

    def test_buffers_stay(self, blobs: Workshop, method: str) -> None:
        after = dict(blobs.unlearn(method, alpha=0.3).named_buffers())
        for name, value in blobs.bench.original.named_buffers():
            assert torch.equal(value, after[name])


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"alpha": 10}, True),
        ({"alpha": 5}, True),
        ({"alpha": 4.9}, False),
        ({"alpha": 10, "reference": "retain"}, False),
    ],
)
def test_warns_when_the_forget_set_is_too_large_for_alpha(
    blobs: Workshop, settings: dict[str, object], warned: bool
) -> None:
    logs = blobs.run("ssd", **settings).logs
    assert any("20.0% of the training set" in line for line in logs) is warned
    assert any(line.startswith("Selected ") for line in logs)


def test_a_reference_without_the_forget_rows_can_select_again(digits: Workshop) -> None:
    before = all_weights(digits.bench.original)

    def changed(reference: str) -> int:
        after = all_weights(digits.unlearn("ssd", alpha=10, reference=reference))
        return np.count_nonzero(after != before)

    assert changed("retain") > changed("train") == 0


def test_a_weight_without_forget_importance_is_left_alone(blobs: Workshop) -> None:
    model = nn.Linear(4, 1, bias=False)
    nn.init.constant_(model.weight, 2.0)
    forget = {"weight": torch.tensor([[0.0, 0.0, 4.0, 4.0]])}
    reference = {"weight": torch.tensor([[0.0, 1.0, 0.0, 1.0]])}
    selected = blobs.part("ssd", "dampen")(model, forget, reference, 1.0, 2.0)
    assert selected == 2
    assert model.weight.tolist() == [[2.0, 2.0, 0.0, 1.0]]
