"""Explainers on trial: linear networks whose every answer is known, and a whole small plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from workbench.audit.comparison import NO_EVIDENCE
from workbench.audit.explainers import TRIAL, failed_trial
from workbench.audit.plan import Plan
from workbench.audit.recomputation import recompute_aggregates
from workbench.compute.attribution import attribution_maps
from workbench.compute.events import Unheard
from workbench.compute.models import tensors_of
from workbench.compute.tensors import DatasetTensors
from workbench.core.cancellation import Cancelled, CancelToken
from workbench.core.dataset import Dataset
from workbench.core.hashing import hash_arrays
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Direction, MetricStatus, RunStatus, Split
from workbench.jobs.campaign import Campaign
from workbench.jobs.executor.explainer_trial import ExplainerTrial, trial_metrics
from workbench.jobs.lane import Lane
from workbench.jobs.lanes import LanePool
from workbench.metrics.faithfulness import area_under_curve
from workbench.plugin_api import NoParams
from workbench.store import Project, load_metrics, verify

SIZE = 8
ROWS = np.arange(6)


class Gradient:
    def attribute(self, model: nn.Module, inputs: Tensor, targets: Tensor, _: Any) -> Tensor:
        inputs = inputs.detach().requires_grad_()
        chosen = model(inputs).gather(1, targets[:, None]).sum()
        return torch.autograd.grad(chosen, inputs)[0]


class GradientTimesInput(Gradient):
    def attribute(self, model: nn.Module, inputs: Tensor, targets: Tensor, _: Any) -> Tensor:
        return super().attribute(model, inputs, targets, _) * inputs


class Negated(Gradient):
    """Ranks the pixels that matter least first."""

    def attribute(self, model: nn.Module, inputs: Tensor, targets: Tensor, _: Any) -> Tensor:
        return 1 / super().attribute(model, inputs, targets, _)


class EdgeDetector:
    """Never asks the model."""

    def attribute(self, model: nn.Module, inputs: Tensor, targets: Tensor, _: Any) -> Tensor:
        del model, targets
        return inputs - inputs.roll(1, dims=-1)


class Trained(nn.Module):
    """Logits w x and 0 for images of one channel."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, inputs: Tensor) -> Tensor:
        logit = (inputs * self.weights).flatten(1).sum(dim=1)
        return torch.stack([logit, 0 * logit], dim=1)


def weights(seed: int) -> Tensor:
    return torch.randn((1, SIZE, SIZE), generator=torch.Generator().manual_seed(seed))


def a_dataset(shape: tuple[int, ...] = (1, SIZE, SIZE)) -> Dataset:
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(30, *shape)).astype(np.float32)
    # every row of the trial is of class 0 by a wide margin
    inputs[ROWS] += 0.4 * np.sign(weights(1).numpy().reshape(-1)[: np.prod(shape)]).reshape(shape)
    split = np.array(["train"] * 20 + ["test"] * 10)
    return Dataset("d", inputs, np.zeros(30, np.int64), split, ("a", "b"))


def a_trial(explainer: Any, **changes: Any) -> ExplainerTrial:
    data = DatasetTensors(a_dataset(), torch.device("cpu"))
    model = Trained(weights(1)).eval()
    content: dict[str, Any] = {
        "name": "tested",
        "explainer": explainer,
        "params": NoParams(),
        "model": model,
        "new_model": lambda seed: Trained(weights(seed)).eval(),
        "data": data,
        "rows": ROWS,
        "maps": attribution_maps(explainer, model, data, ROWS, NoParams()),
        "seed": 4,
        "events": Unheard(),
        "cancel": CancelToken(),
    }
    return ExplainerTrial(**(content | changes))


def tried(explainer: Any, **changes: Any) -> dict[str, MetricValue]:
    found = trial_metrics(a_trial(explainer, **changes))
    assert tuple(one.name for one in found) == TRIAL
    return {one.name: one for one in found}


def value(found: dict[str, MetricValue], name: str) -> float:
    number = found[name].value
    assert number is not None
    return number


def test_every_number_says_over_how_many_rows_it_is_and_only_informs() -> None:
    found = tried(Gradient(), name="integrated-gradients")
    for one in found.values():
        assert one.status is MetricStatus.OK
        assert one.n == 6
        assert one.ci_method == f"interquartile range of {one.n} of {one.n} rows"
        assert (one.split, one.group_key) == (Split.FORGET, "integrated-gradients")
        assert one.direction is Direction.INFORMATIVE


def test_maps_of_the_model_pass_and_maps_of_edges_fail() -> None:
    gradient, edges = tried(Gradient()), tried(EdgeDetector())
    assert abs(value(gradient, "randomisation_similarity")) < 0.3  # 64 pixels, 3 networks
    assert value(edges, "randomisation_similarity") == 1
    assert failed_trial("tested", gradient.values()) == ""
    why = failed_trial("tested", edges.values())
    assert why.startswith("tested fails its trial")
    assert "1.00" in why
    assert why.endswith("is no evidence.")
    assert failed_trial("another", edges.values()) == ""


def test_the_gradient_of_a_linear_network_predicts_every_change() -> None:
    assert value(tried(Gradient()), "infidelity") == pytest.approx(0, abs=1e-8)
    assert value(tried(EdgeDetector()), "infidelity") > 1


def test_gradient_times_input_adds_up_and_the_gradient_does_not() -> None:
    complete = tried(GradientTimesInput(), name="integrated-gradients")
    assert value(complete, "completeness_gap") < 1e-5
    assert value(tried(Gradient(), name="integrated-gradients"), "completeness_gap") > 0.05
    others = tried(GradientTimesInput())["completeness_gap"]
    assert others.status is MetricStatus.NOT_COMPUTED
    assert "Only the maps of integrated gradients" in others.reason


def test_the_right_ranking_deletes_fast_and_inserts_fast() -> None:
    good, bad = tried(GradientTimesInput()), tried(Negated())
    assert value(good, "deletion_auc") < value(bad, "deletion_auc") - 0.05
    assert value(good, "insertion_auc") > value(bad, "insertion_auc") + 0.02


def test_deletion_by_hand() -> None:
    trial = a_trial(Gradient(), rows=ROWS[:1])
    trial = replace(trial, maps=trial.maps[:1])
    inputs = trial.data.dataset.inputs
    x, blank = inputs[0].astype(np.float64).ravel(), inputs[:20].astype(np.float64).mean()
    w = weights(1).numpy().astype(np.float64).ravel()
    order = np.argsort(-np.abs(w), kind="stable")
    curve = []
    for step in range(29):
        turned = x.copy()
        turned[order[: step * 64 // 28]] = blank
        curve.append(1 / (1 + np.exp(-(turned @ w))))
    found = {one.name: one for one in trial_metrics(trial)}["deletion_auc"]
    assert found.value == pytest.approx(area_under_curve(curve), abs=1e-5)
    assert found.n == 1


def test_tables_are_tried_too() -> None:
    data = DatasetTensors(a_dataset((10,)), torch.device("cpu"))

    def network(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return nn.Linear(10, 2).eval()

    model = network(0)
    maps = attribution_maps(Gradient(), model, data, ROWS, NoParams())
    found = tried(Gradient(), data=data, model=model, maps=maps, new_model=network)
    for name in ("deletion_auc", "insertion_auc", "infidelity", "randomisation_similarity"):
        assert found[name].status is MetricStatus.OK


def test_a_trial_repeats_and_leaves_model_and_randomness_alone() -> None:
    trial = a_trial(Gradient())
    before, randomness = hash_arrays(tensors_of(trial.model)), torch.get_rng_state()
    first = trial_metrics(trial)
    assert hash_arrays(tensors_of(trial.model)) == before
    assert torch.equal(torch.get_rng_state(), randomness)
    torch.manual_seed(77)
    assert trial_metrics(a_trial(Gradient())) == first
    assert trial_metrics(a_trial(Gradient(), seed=5)) != first


def test_what_cannot_be_tried_says_why_and_loses_no_run() -> None:
    class OnlyTheTrained(Gradient):
        def attribute(self, model: nn.Module, inputs: Tensor, targets: Tensor, _: Any) -> Tensor:
            if not torch.equal(model.weights, weights(1)):
                raise ValueError("not this one")
            return super().attribute(model, inputs, targets, _)

    found = tried(OnlyTheTrained())
    similar = found["randomisation_similarity"]
    assert "not this one" in similar.reason
    assert failed_trial("tested", [similar]) == ""
    constant = tried(Gradient(), maps=np.ones((6, 1, SIZE, SIZE), np.float32))
    for name in ("randomisation_similarity", "deletion_auc", "insertion_auc"):
        assert "constant" in constant[name].reason
    nothing = a_trial(Gradient())
    nothing = replace(nothing, rows=ROWS[:0], maps=nothing.maps[:0])
    assert {one.reason for one in trial_metrics(nothing)} == {"No rows were explained."}


def test_a_trial_hears_a_cancel() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        trial_metrics(a_trial(Gradient(), cancel=cancel))


# --- a whole plan --------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p.audit", "P") as project:
        yield project


def test_a_plan_with_everything_tries_its_explainers_once_on_the_original(
    project: Project, tmp_path: Path, tiny_plan: dict[str, Any]
) -> None:
    explainers = ["saliency", "integrated-gradients"]
    tests = ["connectivity", "noise", "inversion"]
    tiny_plan |= {
        "attributions": explainers,
        "attribution_rows": 10,
        "recovery": {"tests": tests, "inversion_steps": 10, "inversion_restarts": 2},
        "controls": {"straw_men": ["random-weights"]},
    }
    with LanePool([Lane("cpu", in_process=True)]) as pool:
        Campaign(project, Plan.model_validate(tiny_plan), folder=tmp_path).run(pool)
    runs = project.rows("SELECT id, role, status FROM run")
    assert {run["status"] for run in runs} == {RunStatus.DONE}
    for run in runs:
        metrics = load_metrics(project, run["id"])
        names = {one.name for one in metrics}
        assert {"loss_barrier", "noisy_accuracy", "inversion_gain"} <= names
        on_trial = [one for one in metrics if one.name in TRIAL]
        if run["role"] != "original":
            assert on_trial == []
            continue
        assert {(one.name, one.group_key) for one in on_trial} == {
            (name, explainer) for name in TRIAL for explainer in explainers
        }
        for one in on_trial:
            if one.name == "completeness_gap" and one.group_key == "saliency":
                assert one.status is MetricStatus.NOT_COMPUTED
            else:
                assert one.status is MetricStatus.OK
                assert one.n == 8
        originals = metrics
    failed = {one for one in explainers if failed_trial(one, originals)}
    assert "integrated-gradients" in failed  # blank pixels stay blank in any map times input
    assert "saliency" not in failed
    marked = project.rows(
        "SELECT group_key, ci_method FROM metric WHERE name = 'attribution_similarity'"
    )
    assert marked
    for row in marked:
        is_marked = row["ci_method"].endswith(NO_EVIDENCE)
        assert is_marked == (row["group_key"] in failed and bool(row["ci_method"]))
    assert verify(project) == []
    assert recompute_aggregates(project) == []
