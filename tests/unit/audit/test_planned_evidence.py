from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cost import architecture

from workbench.audit.equivalence import Margin, Sample, compare_with_band
from workbench.audit.plan import Plan
from workbench.audit.planned_evidence import (
    evidence_record,
    planned_evidence,
    power_in_words,
)
from workbench.audit.power import POWER, criterion_powers, reach
from workbench.audit.rung_cost import NO_PROJECT, rung_costs
from workbench.audit.schedule import lock_plan
from workbench.audit.set_claims import (
    all_set_claims,
    claims_in_words,
    set_claims,
)
from workbench.core.dataset import Dataset
from workbench.core.metric_value import MetricValue
from workbench.core.vocabulary import Direction, PluginKind, Rung, Split, Unit
from workbench.metrics import Undefined
from workbench.metrics.bounds import epsilon_lower_bound, negatives_needed
from workbench.metrics.statistics import clopper_pearson_upper
from workbench.metrics.unseen import highest_rate_unseen, trials_needed
from workbench.registry import Registry
from workbench.store import Project, save_dataset, save_forget_set, save_metrics, save_model

WEIGHTS = {"w": np.zeros((10, 5), np.float32), "b": np.zeros(5, np.float32)}
BYTES = 220


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.discover()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p.audit", "P") as project:
        yield project


@pytest.fixture
def plan(tiny_plan: dict[str, Any]) -> Plan:
    tiny_plan["reference"] = {"band_seeds": [1, 2, 3, 4, 5], "control_seeds": [9]}
    tiny_plan["criteria"].append(
        {"name": "relearn", "metric": "relearn_steps", "margin": 2, "scale": "ratio"}
    )
    return Plan.model_validate(tiny_plan)


def digits(n_non_members: int = 40) -> Dataset:
    n = 60 + 20 + n_non_members
    return Dataset(
        name="digits",
        inputs=np.arange(n, dtype=np.float32)[:, None].repeat(4, 1),
        targets=np.arange(n) % 4,
        split=np.repeat(["train", "test", "non_member"], [60, 20, n_non_members]),
        class_names=("zero", "one", "two", "three"),
        columns={"subject": np.arange(n) // 8},
    )


def fill(
    project: Project,
    plan: Plan,
    registry: Registry,
    values: list[float],
    *,
    weights: list[int] | None = None,
) -> int:
    """As if retrained models of another plan had been measured with these forget accuracies."""
    earlier = plan.model_copy(update={"name": "earlier"})
    plan_id = lock_plan(project, earlier)
    source = registry.get(PluginKind.DATASET, "digits").parse_params(plan.data.params)
    with project.transaction("filled") as tx:
        described = {"plugin": "digits", "params": source.model_dump(mode="json")}
        dataset_id = save_dataset(tx, digits(), described)
        original = save_model(tx, "original", architecture(), WEIGHTS, source={})
        forget_set = save_forget_set(tx, dataset_id, "threes", {}, np.arange(3, 60, 4))
        tx.update("plan", {"id": plan_id}, dataset_id=dataset_id, original_model_id=original)
        for seed, value in enumerate(values):
            made = WEIGHTS | {"b": np.full(5, weights[seed] if weights else seed, np.float32)}
            model = save_model(tx, f"r{seed}", architecture(), made, source={})
            run = tx.insert(
                "run",
                plan_id=plan_id,
                forget_set_id=forget_set,
                label="retrain",
                role="reference",
                method="retrain",
                params={},
                seed=seed,
                status="done",
                key="k",
                original_model_id=original,
                model_id=model,
                queued="t",
                started="2026-01-01T00:00:00.000Z",
                finished="2026-01-01T00:00:30.000Z",
            )
            one = MetricValue(
                name="accuracy",
                version=1,
                split=Split.FORGET,
                value=value,
                unit=Unit.FRACTION,
                direction=Direction.REFERENCE,
            )
            save_metrics(tx, run, model, [one])
    return dataset_id


# Rungs.


def test_rungs_cost_what_they_are_made_of(plan: Plan, registry: Registry) -> None:
    costs = {one.rung: one for one in rung_costs(None, plan, registry)}
    assert [costs[rung].trainings for rung in Rung] == [0, 1, 2, 6, 22, 144]
    assert [costs[rung].further_trainings for rung in Rung] == [0, 0, 0, 0, 16, 138]
    assert [costs[rung].unlearnings for rung in Rung] == [1, 1, 1, 1, 1, 64]
    assert [rung for rung in Rung if costs[rung].is_planned] == [Rung.L3]
    assert {one.unknown for one in costs.values()} == {NO_PROJECT}
    assert {(one.seconds, one.size) for one in costs.values()} == {(None, None)}


def test_a_model_from_elsewhere_and_more_sets_change_the_count(
    tiny_plan: dict[str, Any], registry: Registry
) -> None:
    tiny_plan["model"] = {"use": "original"}
    tiny_plan["forget_sets"].append({"name": "fours", "where": "class == 4"})
    plan = Plan.model_validate(tiny_plan)  # two band seeds
    costs = {one.rung: one for one in rung_costs(None, plan, registry)}
    assert [costs[rung].trainings for rung in Rung] == [0, 0, 2, 10, 26, 63 + 16 + 128]
    assert costs[Rung.L3].further_trainings == 6
    assert costs[Rung.L2].is_planned


def test_time_and_weights_are_those_seen_in_this_project(
    project: Project, plan: Plan, registry: Registry
) -> None:
    assert "No finished retraining" in rung_costs(project, plan, registry)[3].unknown
    fill(project, plan, registry, [0.5, 0.6])
    costs = {one.rung: one for one in rung_costs(project, plan, registry)}
    # the one candidate was never run, and is taken to need as long as a retraining
    assert costs[Rung.L3].seconds == 30 * (6 + 1)
    assert costs[Rung.L3].size == BYTES * (6 + 1)
    assert costs[Rung.L5].seconds == 30 * (144 + 64)
    assert {one.unknown for one in costs.values()} == {""}


# Claims.


@pytest.mark.parametrize(("n", "tpr"), [(30, 0.095), (100, 0.0295), (300, 0.0099), (1000, 0.0030)])
def test_what_no_detection_excludes(n: int, tpr: float) -> None:
    dataset = Dataset(
        "d",
        np.zeros((2 * n, 1), np.float32),
        np.zeros(2 * n, np.int64),
        np.repeat(["train", "non_member"], n),
        ("a",),
    )
    claims = set_claims("s", dataset, np.arange(n), n + np.arange(n))
    assert claims.smallest_tpr == pytest.approx(tpr, abs=0.0005)
    assert claims.smallest_fpr == claims.smallest_tpr
    assert claims.largest_epsilon == pytest.approx(epsilon_lower_bound(n, n, 0, n))


@pytest.mark.parametrize("n", [1, 2, 29, 1000, 10**6])
def test_closed_forms_are_those_of_the_metrics(n: int) -> None:
    assert highest_rate_unseen(n) == pytest.approx(clopper_pearson_upper(0, n), rel=1e-9)
    for fpr in (0.1, 0.01, 0.001, 0.0001):
        assert trials_needed(fpr) == negatives_needed(fpr)
    assert [trials_needed(fpr) for fpr in (0.1, 0.01, 0.001, 0.0001)] == [29, 299, 2995, 29956]


def test_the_largest_epsilon_of_a_hundred_rows_is_known() -> None:
    dataset = Dataset(
        "d",
        np.zeros((200, 1), np.float32),
        np.zeros(200, np.int64),
        np.repeat(["train", "non_member"], 100),
        ("a",),
    )
    claims = set_claims("s", dataset, np.arange(100), 100 + np.arange(100))
    assert claims.largest_epsilon == pytest.approx(3.28, abs=0.005)


@pytest.mark.parametrize(("fpr", "n"), [(0.1, 29), (0.01, 299)])
def test_a_rate_is_certified_from_the_number_on_that_it_takes(fpr: float, n: int) -> None:
    dataset = digits(n_non_members=400)
    pool = dataset.rows_of(Split.NON_MEMBER)
    assert n == negatives_needed(fpr)
    rows = np.array([0, 8, 16])  # of three subjects
    assert set_claims("s", dataset, rows, pool[:n]).certifies(fpr)
    few = set_claims("s", dataset, rows, pool[: n - 1])
    assert few.certifies(fpr) is False
    assert few.smallest_fpr > fpr


def test_subjects_count_where_they_share_rows() -> None:
    dataset = digits()
    claims = set_claims("s", dataset, np.arange(16), np.arange(80, 112))
    assert (claims.n_forget, claims.n_non_members) == (16, 32)
    assert claims.units == (2, 4)
    assert claims.smallest_tpr == pytest.approx(1 - 0.05**0.5)
    assert "of 2 and 4 subjects, which count instead" in next(claims_in_words(claims))


def test_sets_are_read_from_the_project(project: Project, plan: Plan, registry: Registry) -> None:
    (without,) = all_set_claims(None, plan, registry)
    assert without.unknown == NO_PROJECT
    (before,) = all_set_claims(project, plan, registry)
    assert before.unknown == "The data are not in the project yet."
    assert before.certifies(0.1) is None
    fill(project, plan, registry, [0.5])
    (by_rule,) = all_set_claims(project, plan, registry)
    assert (by_rule.n_forget, by_rule.n_non_members, by_rule.unknown) == (15, 10, "")
    content = plan.model_dump(mode="json")
    for choice, n_forget, unknown in (
        ({"name": "s", "use": "threes"}, 15, ""),
        ({"name": "s", "use": "nothing"}, None, "no such forget set"),
        ({"name": "s", "rows": [4, 5]}, 2, ""),
        ({"name": "s", "rows": [4], "non_members": "class == 9"}, 1, "no comparable"),
        ({"name": "s", "where": "loss > 1"}, None, "no column 'loss'"),
        ({"name": "s", "selector": "random"}, None, "when the plan is prepared"),
    ):
        chosen = Plan.model_validate(content | {"forget_sets": [choice]})
        (found,) = all_set_claims(project, chosen, registry)
        assert found.n_forget == n_forget
        assert unknown in found.unknown
        assert all(isinstance(line, str) for line in claims_in_words(found))


# Power.


@pytest.mark.parametrize(("k", "r"), [(1, 5), (1, 10), (3, 5), (5, 10)])
def test_sizes_have_the_power_they_promise(k: int, r: int) -> None:
    generator = np.random.default_rng(k * 100 + r)
    sizes = reach(1.0, k, r, alpha=0.05, tests=1)
    trials = 3000

    def share(margin: float, difference: float, kind: str) -> float:
        found = 0
        for _ in range(trials):
            x = generator.normal(difference, 1, k)
            y = generator.normal(0, 1, r)
            compared = compare_with_band(Sample.of(x), Sample.of(y), Margin(margin, 0.05))
            found += compared.within if kind == "within" else compared.p_beyond <= 0.05
        return found / trials

    assert share(sizes.passing_margin, 0, "within") == pytest.approx(POWER, abs=0.03)
    for margin, loss in ((1.0, 0.05), (4.0, 0.0)):  # a small margin leaves weight to both tails
        found = share(margin, margin + sizes.beyond_margin, "beyond")
        assert POWER - loss - 0.03 <= found <= POWER + 0.03


def test_sizes_shrink_with_seeds_and_grow_with_tests() -> None:
    one, more = reach(1.0, 1, 5, 0.05, 1), reach(1.0, 5, 10, 0.05, 1)
    assert more.half_width < one.half_width < one.passing_margin
    assert reach(1.0, 1, 5, 0.05, 6).beyond_margin > one.beyond_margin
    assert reach(2.0, 1, 5, 0.05, 1).half_width == pytest.approx(2 * one.half_width)
    for k, r in ((0, 5), (1, 1)):
        with pytest.raises(Undefined):
            reach(1.0, k, r, 0.05, 1)


def test_power_rests_on_the_spread_of_retrained_models(
    project: Project, plan: Plan, registry: Registry
) -> None:
    values = [0.50, 0.52, 0.51, 0.55, 0.49, 0.49]
    fill(project, plan, registry, values, weights=[0, 1, 2, 3, 4, 4])
    forget, relearn = criterion_powers(project, plan, registry)
    spread = float(np.std([0.50, 0.52, 0.51, 0.55, 0.49], ddof=1))  # equal weights count once
    assert forget.spread == pytest.approx(spread)
    sizes = reach(spread, 1, 5, plan.alpha, 2)
    assert forget.half_width == pytest.approx(sizes.half_width)
    assert forget.detectable == pytest.approx(0.1 + sizes.beyond_margin)
    assert "0.1 reaches the 0.0" in power_in_words(forget)
    assert "0.01 is below the 0.0" in power_in_words(replace(forget, margin=0.01))
    assert relearn.spread is None
    assert "No two retrained models" in relearn.unknown


def test_a_ratio_is_told_in_factors(project: Project, plan: Plan, registry: Registry) -> None:
    fill(project, plan, registry, [0.5, 0.6, 0.55])
    content = plan.model_dump(mode="json")
    content["criteria"] = [
        {"name": "r", "metric": "accuracy", "split": "forget", "margin": 2, "scale": "ratio"}
    ]
    (one,) = criterion_powers(project, Plan.model_validate(content), registry)
    spread = float(np.std(np.log([0.5, 0.6, 0.55]), ddof=1))
    assert math.log(one.spread) == pytest.approx(spread)
    assert 1 < one.half_width < one.passing_margin
    assert one.detectable > one.margin


@pytest.mark.parametrize(
    ("values", "reference", "reason"),
    [
        ([0.5], {}, "No two retrained models"),
        ([0.5, 0.5], {}, "do not differ"),
        ([0.5, 0.6], {"band_seeds": [1, 2]}, "Fewer than 5"),
    ],
)
def test_an_unknown_spread_has_a_reason(
    project: Project,
    plan: Plan,
    registry: Registry,
    values: list[float],
    reference: dict[str, Any],
    reason: str,
) -> None:
    fill(project, plan, registry, values)
    content = plan.model_dump(mode="json")
    content["reference"] |= reference
    forget, _ = criterion_powers(project, Plan.model_validate(content), registry)
    assert forget.half_width is None
    assert reason in forget.unknown
    assert reason in power_in_words(forget)


def test_a_zero_leaves_a_ratio_without_power(
    project: Project, plan: Plan, registry: Registry
) -> None:
    fill(project, plan, registry, [0.0, 0.6])
    content = plan.model_dump(mode="json")
    content["criteria"] = [
        {"name": "r", "metric": "accuracy", "split": "forget", "margin": 2, "scale": "ratio"}
    ]
    (one,) = criterion_powers(project, Plan.model_validate(content), registry)
    assert "above zero" in one.unknown


def test_everything_is_json_data(project: Project, plan: Plan, registry: Registry) -> None:
    fill(project, plan, registry, [0.5, 0.6, 0.55])
    for source in (None, project):
        record = evidence_record(planned_evidence(source, plan, registry))
        assert json.loads(json.dumps(record, allow_nan=False)) == json.loads(json.dumps(record))
        assert [one["rung"] for one in record["rungs"]] == [str(rung) for rung in Rung]
        assert record["non_members_needed"] == {"0.1": 29, "0.01": 299, "0.001": 2995}
