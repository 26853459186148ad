from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from simulated_audit import (
    ATTACKS,
    EXPLAINERS,
    SEEN,
    Model,
    SimulatedAudit,
    digit_like,
    few_models,
    plan_for,
    reference_models,
    simulate,
)

from workbench.audit.ladder import LIMITS
from workbench.core.dataset import Dataset
from workbench.core.errors import ProjectError, UsageError
from workbench.core.vocabulary import Outcome, RunRole, RunStatus, Split
from workbench.report import Report, collect, render_json
from workbench.report.document import ForgetSetPart
from workbench.report.runs import spread_rows
from workbench.store import Project


def test_names_what_was_audited(audit: SimulatedAudit, report: Report) -> None:
    assert report.plan.hash == audit.plan.hash
    assert report.dataset.fingerprint == audit.dataset.fingerprint
    assert report.dataset.rows == {Split.TRAIN: 450, Split.TEST: 225, Split.NON_MEMBER: 225}
    assert report.model.n_parameters == 4 * 6 + 4
    assert report.limits == LIMITS
    assert report.rung == "L3"
    assert report.plan.locked


def test_every_verdict_of_the_project_is_in_the_report(
    audit: SimulatedAudit, report: Report
) -> None:
    stored = audit.project.rows("SELECT * FROM verdict WHERE forget_set_id IS NOT NULL")
    told = [
        (part.id, one.role, one.label, judged.criterion, judged.outcome)
        for part in report.forget_sets
        for one in part.candidates
        for judged in (one.verdict, *one.criteria)
        if judged
    ]
    wanted = [
        (row["forget_set_id"], row["role"], row["label"], row["criterion"], row["outcome"])
        for row in stored
        if row["role"] in (RunRole.CANDIDATE, RunRole.STRAW_MAN)
    ]
    assert wanted
    assert sorted(told) == sorted(wanted)
    assert report.overall is not None
    assert report.overall.outcome in set(Outcome)


def test_controls_are_those_of_the_verdict(report: Report) -> None:
    for part in report.forget_sets:
        assert {one.role for one in part.controls} == {
            RunRole.ORIGINAL,
            RunRole.CONTROL,
            RunRole.STRAW_MAN,
        }
        negative = next(one for one in part.controls if one.role is RunRole.CONTROL)
        assert len(negative.criteria) == len(report.criteria)


def test_every_metric_of_every_run_is_in_the_report(audit: SimulatedAudit, report: Report) -> None:
    (stored,) = audit.project.rows("SELECT count(*) AS n FROM metric")
    told = sum(len(run.metrics) for part in report.forget_sets for run in part.runs)
    assert told == stored["n"]


def test_band_summarises_the_retrained_models_only(report: Report) -> None:
    part = report.forget_sets[0]
    values = [
        metric.value
        for run in part.runs
        if run.role is RunRole.REFERENCE
        for metric in run.metrics
        if (metric.name, metric.split) == ("accuracy", Split.FORGET) and metric.value is not None
    ]
    (row,) = [r for r in part.band if (r.name, r.split) == ("accuracy", Split.FORGET)]
    assert row.n == len(values) == 5
    assert (row.low, row.high) == (min(values), max(values))
    assert row.mean == pytest.approx(np.mean(values))
    assert row.sd == pytest.approx(np.std(values, ddof=1))


def _forget_accuracies(part: ForgetSetPart, role: RunRole, label: str) -> list[float]:
    return [
        metric.value
        for run in part.runs
        if (run.role, run.label) == (role, label)
        for metric in run.metrics
        if (metric.name, metric.split, metric.group_key) == ("accuracy", Split.FORGET, "")
        and metric.value is not None
    ]


def test_spread_between_training_and_unlearning_seeds_is_told_apart(report: Report) -> None:
    part = report.forget_sets[0]
    assert {row.label for row in part.spreads} == {"scrub"}, "fine-tune has one seed"
    (row,) = [r for r in part.spreads if (r.name, r.split) == ("accuracy", Split.FORGET)]
    label = next(run.label for run in part.runs if run.role is RunRole.REFERENCE)
    trained = _forget_accuracies(part, RunRole.REFERENCE, label)
    unlearned = _forget_accuracies(part, RunRole.CANDIDATE, "scrub")
    assert (row.n_training, row.n_unlearning) == (len(trained), len(unlearned)) == (5, 2)
    assert row.training_sd == pytest.approx(np.std(trained, ddof=1))
    assert row.unlearning_sd == pytest.approx(np.std(unlearned, ddof=1))


def test_models_with_equal_weights_have_no_spread(report: Report) -> None:
    runs = [
        run.model_copy(update={"weights_hash": "same"}) if run.role is RunRole.CANDIDATE else run
        for run in report.forget_sets[0].runs
    ]
    assert spread_rows(runs) == ()


def test_seeds_of_the_plan_are_told_by_their_kind(report: Report) -> None:
    assert report.plan.seeds.keys() == {"training", "unlearning", "evaluation"}
    assert "scrub 0, 1; fine-tune 0" in report.plan.seeds["unlearning"]


def test_missing_numbers_keep_their_reason_and_runs(report: Report) -> None:
    peaks = [entry for entry in report.not_computed if entry.metric == "peak_memory"]
    assert [entry.forget_set for entry in peaks] == [part.name for part in report.forget_sets]
    for entry, part in zip(peaks, report.forget_sets, strict=True):
        assert "does not tell the peak memory" in entry.reason
        assert set(entry.runs) == {run.id for run in part.runs if run.status is RunStatus.DONE}


def test_failed_runs_are_told_without_local_paths(report: Report) -> None:
    assert len(report.failures) == len(report.forget_sets)
    assert report.failures[0].message == "The loss of batch 3 is not finite."
    assert "secret" not in render_json(report)


def test_attacks_come_in_the_order_of_the_plan_with_true_curves(report: Report) -> None:
    part = report.forget_sets[0]
    assert [one.attack for one in part.attacks] == list(ATTACKS)
    loss = part.attacks[0]
    original = next(one for one in loss.rocs if one.role is RunRole.ORIGINAL)
    area = np.trapezoid(original.tpr, original.fpr)
    assert area == pytest.approx(original.auc, abs=0.02)
    assert loss.n_forget == part.n_rows
    for histogram in loss.histograms:
        assert sum(histogram.forget) == pytest.approx(1, abs=1e-4)
        assert sum(histogram.non_member) == pytest.approx(1, abs=1e-4)


def test_attribution_examples_share_a_scale_and_name_their_rows(
    audit: SimulatedAudit, report: Report
) -> None:
    for part in report.forget_sets:
        row = audit.project.row("SELECT * FROM forget_set WHERE id = ?", part.id)
        assert row is not None
        forget = set(audit.project.array(row["rows_artifact"]).tolist())
        assert [one.explainer for one in part.attributions] == list(EXPLAINERS)
        for one in part.attributions:
            assert one.scale
            assert one.floor is not None
            assert {e.split for e in one.examples} == {Split.FORGET, Split.RETAIN}
            for example in one.examples:
                assert (example.row in forget) == (example.split is Split.FORGET)
                values = np.array([example.original, example.unlearned, example.retrained])
                assert np.abs(values).max() <= 1


def test_glossary_defines_every_metric_that_occurs(report: Report) -> None:
    measured = {m.name for part in report.forget_sets for run in part.runs for m in run.metrics}
    assert measured <= {entry.name for entry in report.glossary}


def test_json_round_trip_is_exact_and_finite(report: Report) -> None:
    text = render_json(report)
    assert Report.model_validate_json(text) == report
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    assert render_json(report) == text


def test_series_with_nan_are_kept_as_gaps(tmp_path: Path) -> None:
    audit = SimulatedAudit(tmp_path / "p.audit", digit_like(), plan_for(few_models()))
    dataset = audit.dataset
    rows = dataset.rows_of(Split.TRAIN)[dataset.targets[dataset.rows_of(Split.TRAIN)] == 7]
    for choice in audit.plan.forget_sets:
        forget_set = audit.forget_set(choice.name, {"where": "class == 7"}, rows)
    run_id = audit.run(forget_set, rows, Model("scrub", RunRole.CANDIDATE, 3, SEEN, (0,)))[0]
    with audit.project.transaction("test") as tx:
        curve = np.array([[0.0, 1.0], [1.0, np.nan], [2.0, np.inf]])
        tx.insert("series", run_id=run_id, name="gaps", hash=tx.put_array(curve))
    report = collect(audit.project)
    run = report.forget_sets[-1].runs[-1]
    (gaps,) = [one for one in run.curves if one.name == "gaps"]
    assert gaps.values == (1.0, None, None)
    assert Report.model_validate_json(render_json(report)) == report


def test_a_plan_that_was_not_judged_says_so(tmp_path: Path) -> None:
    audit = SimulatedAudit(tmp_path / "p.audit", digit_like(), plan_for(few_models()))
    rows = audit.dataset.rows_of(Split.TRAIN)[:30]
    for choice in audit.plan.forget_sets:
        forget_set = audit.forget_set(choice.name, {"rows": rows.tolist()}, rows)
        for model in few_models():
            audit.run(forget_set, rows, model)
    report = collect(audit.project)
    assert report.overall is None
    assert report.rung == ""
    assert all(not part.controls for part in report.forget_sets)
    assert "not judged" in report.summary


def test_tables_of_numbers_get_no_attribution_maps(tmp_path: Path) -> None:
    pictures = digit_like()
    table = Dataset(
        name="table",
        inputs=pictures.inputs.reshape(len(pictures), -1).astype(np.float32),
        targets=pictures.targets,
        split=pictures.split,
        class_names=pictures.class_names,
        columns=pictures.columns,
    )
    models = [*reference_models(), Model("scrub", RunRole.CANDIDATE, 3, SEEN, (0,))]
    audit = simulate(tmp_path / "p.audit", models, dataset=table)
    report = collect(audit.project)
    for one in report.forget_sets[0].attributions:
        assert one.examples == ()
        assert "not images" in one.unavailable


def test_exact_copies_of_forget_rows_are_pointed_out(tmp_path: Path) -> None:
    dataset = digit_like()
    sevens = np.flatnonzero((dataset.targets == 7) & (dataset.split == "train"))
    test = dataset.rows_of(Split.TEST)
    dataset.inputs[test[0]] = dataset.inputs[sevens[0]]
    report = collect(simulate(tmp_path / "p.audit", few_models(), dataset=dataset).project)
    noted = {
        part.name: tuple(note for note in part.notes if "cannot be told" not in note)
        for part in report.forget_sets
    }
    assert noted["class seven"] == (
        "1 forget row has an exact copy among the test rows. Such rows look remembered after "
        "retraining too.",
    )


def test_refuses_a_project_without_a_plan(tmp_path: Path) -> None:
    with (
        Project.create(tmp_path / "empty.audit", "empty") as project,
        pytest.raises(UsageError, match="no plan yet"),
    ):
        collect(project)


def test_refuses_a_plan_that_does_not_exist(audit: SimulatedAudit) -> None:
    with pytest.raises(ProjectError, match="no plan 99"):
        collect(audit.project, plan_id=99)
