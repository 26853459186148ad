"""Stacking changes nothing, a small study runs, and the page says what the counts say."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from audits import EXACT, STRAW_MEN, Toys, audits, whole_plan, with_band, without_original
from page import page
from stacked import BATCH, Stack, accuracy, generators, relearn_steps, train
from torch import nn

from workbench.audit.plan import read_plan
from workbench.audit.verdict import judge_forget_set
from workbench.compute.recovery import relearn_steps as relearn_steps_of_the_product
from workbench.compute.tensors import DatasetTensors
from workbench.core.locations import GOLD_PLAN
from workbench.core.vocabulary import Outcome, RunRole
from workbench.metrics.statistics import clopper_pearson

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def plan():
    """The gold plan, with less training than it takes to learn everything by heart."""
    whole = read_plan(GOLD_PLAN)
    return whole.model_copy(update={"recipe": whole.recipe.model_copy(update={"epochs": 3})})


@pytest.fixture(scope="module")
def toys(plan):
    return Toys.draw(plan, [4, 9], 50)


def module_of(stack, model):
    """One model of a stack as an ordinary network."""
    d, h = stack.hidden.shape[1:]
    net = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, stack.output.shape[2]))
    weights = [stack.hidden, stack.hidden_bias, stack.output, stack.output_bias]
    hidden, hidden_bias, output, output_bias = (one.detach()[model] for one in weights)
    with torch.no_grad():
        net[0].weight.copy_(hidden.T)
        net[0].bias.copy_(hidden_bias[0])
        net[2].weight.copy_(output.T)
        net[2].bias.copy_(output_bias[0])
    return net


def test_a_stacked_model_learns_as_it_would_alone(toys):
    stack = Stack(torch.tensor([0, 1]), [5, 6], (20, 16, 3))
    alone = module_of(stack, 1)
    rows = toys.retain()
    train(stack, toys.problems, rows, generators([5, 6]), learning_rate=0.01, epochs=2)
    optimiser = torch.optim.Adam(alone.parameters(), lr=0.01)
    (draw,) = generators([6])
    data = toys.datasets[1]
    inputs, targets = torch.from_numpy(data.inputs), torch.from_numpy(data.targets)
    for _ in range(2):
        for ids in torch.split(torch.from_numpy(draw.permutation(rows[1])), BATCH):
            optimiser.zero_grad()
            nn.functional.cross_entropy(alone(inputs[ids]), targets[ids]).backward()
            optimiser.step()
    stacked = module_of(stack, 1)
    torch.testing.assert_close(stacked(inputs), alone(inputs), rtol=1e-3, atol=1e-4)


def test_relearning_takes_as_many_steps_as_in_the_product(toys):
    stack = Stack(torch.tensor([0, 1]), [5, 6], (20, 64, 3))
    settings = {"learning_rate": 0.01, "cap": 80}
    ours = [
        relearn_steps(stack, toys.problems, toys.forget, np.full(2, 0.8), [seed] * 2, **settings)[1]
        for seed in range(5)
    ]
    data = DatasetTensors(toys.datasets[1], torch.device("cpu"))
    theirs = [
        relearn_steps_of_the_product(
            module_of(stack, 1),
            data,
            toys.forget[1],
            target_accuracy=0.8,
            batch_size=BATCH,
            seed=seed,
            **settings,
        ).steps
        for seed in range(5)
    ]
    assert 0 < max(ours) < settings["cap"]
    assert np.median(ours) == pytest.approx(np.median(theirs), abs=4)


def test_models_that_reach_no_target_stop_at_the_cap(toys):
    stack = Stack(torch.tensor([0, 1]), [5, 6], (20, 16, 3))
    before = accuracy(stack, toys.problems, toys.forget)
    found = relearn_steps(
        stack,
        toys.problems,
        toys.forget,
        np.array([0.0, 2.0]),
        [0, 0],
        learning_rate=0.01,
        cap=7,
    )
    assert found.tolist() == [0, 7]
    np.testing.assert_array_equal(accuracy(stack, toys.problems, toys.forget), before)


def test_a_small_study_judges_every_method_at_every_rung(plan):
    (evidence,) = audits(plan, [3], 40)
    judged = whole_plan(plan)
    verdict = judge_forget_set(judged, evidence)
    labels = [method.label for method in judged.methods]
    assert [candidate.label for candidate in verdict.candidates] == labels
    assert set(labels) >= {*EXACT, *STRAW_MEN}
    assert verdict.rung == "L3"
    assert judge_forget_set(judged, with_band(evidence, 3)).rung == "L2"
    bare = without_original(evidence)
    assert judge_forget_set(judged, bare).rung == "L0"
    assert not any(run.role is RunRole.REFERENCE for run in bare.runs)


def test_the_page_is_made_from_the_counts():
    cells = json.loads((DOCS / "operating-characteristic.json").read_text())
    assert (DOCS / "operating-characteristic.md").read_text() == page(cells)


def test_the_counts_keep_the_promises_of_the_verdict():
    cells = json.loads((DOCS / "operating-characteristic.json").read_text())
    audits_made = {c["forget_rows"]: sum(c.get(str(o), 0) for o in Outcome) for c in cells}
    assert sum(audits_made.values()) >= 300
    assert not any(cell.get("PASS") for cell in cells if cell["label"] in STRAW_MEN)
    assert not any(cell.get("PASS") for cell in cells if cell["rung"] < "L3")
    exact = [cell for cell in cells if cell["label"] in EXACT and cell["rung"] == "L3"]
    for cell in exact:
        judged = sum(cell.get(str(outcome), 0) for outcome in Outcome)
        # Not shown to fail more often than one time in twenty.
        assert clopper_pearson(cell.get("FAIL", 0), judged).low <= 0.05
