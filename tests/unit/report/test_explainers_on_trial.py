"""What the report says of an explainer that failed its trial, and of one that passed."""

from __future__ import annotations

import pytest
from pages import Page
from simulated_audit import EXPLAINERS, few_models, simulate

from workbench.audit.measured import measured
from workbench.core.vocabulary import Split
from workbench.report import Report, collect, render_html, render_json
from workbench.store import save_metrics

FAILED, PASSED = EXPLAINERS[:2]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Report:
    audit = simulate(tmp_path_factory.mktemp("tried") / "p.audit", few_models())
    similar = {FAILED: 0.83, PASSED: 0.12}
    with audit.project.transaction("tried") as tx:
        for run in audit.project.rows("SELECT id, model_id FROM run WHERE role = 'original'"):
            metrics = [
                measured(
                    "randomisation_similarity",
                    Split.FORGET,
                    lambda value=value: (value, None, 8),
                    group_key=explainer,
                )
                for explainer, value in similar.items()
            ]
            save_metrics(tx, run["id"], run["model_id"], metrics)
    report = collect(audit.project)
    audit.project.close()
    return report


def test_the_part_of_each_explainer_says_whether_it_failed(tried: Report) -> None:
    for part in tried.forget_sets:
        faults = {one.explainer: one.trial_fault for one in part.attributions}
        assert faults[FAILED].startswith(f"{FAILED} fails its trial")
        assert "0.83" in faults[FAILED]
        assert faults[PASSED] == ""
    assert Report.model_validate_json(render_json(tried)) == tried


def test_the_page_says_so_beside_the_maps(tried: Report) -> None:
    page = render_html(tried)
    text = Page(page).text
    parts = len(tried.forget_sets)
    assert text.count(f"{FAILED} fails its trial") == parts
    assert text.count("Similarity to original (no evidence)") == parts
    assert text.count("No evidence:") == parts
    assert f"{PASSED} fails its trial" not in text
    told = "similarity of maps under random weights 0.120 (n = 8)"
    assert text.count(f"On trial with the original, on forget rows: {told}.") == parts


def test_without_a_trial_nothing_is_said(report: Report, page: str) -> None:
    assert all(not one.trial_fault for part in report.forget_sets for one in part.attributions)
    assert "its trial" not in page
    assert "On trial" not in page
