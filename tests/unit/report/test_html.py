from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pages import Page, drawings, flat, parsed
from simulated_audit import (
    SEEN,
    Model,
    SimulatedAudit,
    digit_like,
    few_models,
    plan_for,
    reference_models,
    simulate,
)

from workbench.core.vocabulary import RunRole, RunStatus, Split
from workbench.metrics.known_answers import Answer
from workbench.report import Report, collect, contents, render_html

HOSTILE = '"><script>alert(1)</script><img src=http://evil.example/x>'


def test_page_nests_and_begins_with_the_verdict(page: str, report: Report) -> None:
    read = Page(page)
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings[0] == "Verdict"
    assert report.summary in read.text
    assert page.index(report.limits) < page.index('id="audited"')
    assert read.text.count(report.limits) == 2


def test_every_candidate_and_criterion_stands_in_a_table(page: str, report: Report) -> None:
    read = Page(page)
    for part in report.forget_sets:
        section = page[page.index(f'id="forget-set-{part.id}"') :]
        for one in part.candidates:
            assert f">{one.label}</th>" in section
    for criterion in report.criteria:
        weight = "required" if criterion.primary else "informative"
        assert f"{criterion.name}, {weight}" in read.text
    judged = sum(len(one.criteria) for p in report.forget_sets for one in p.candidates[1:])
    assert page.count('<td class="plot">') == judged


def test_nothing_missing_is_hidden(page: str, report: Report) -> None:
    text = Page(page).text
    assert report.not_computed
    for entry in report.not_computed:
        assert flat(entry.reason) in text
    for failure in report.failures:
        assert failure.message in text
    for definition in report.glossary:
        assert flat(definition.caveat) in text


def test_all_hashes_are_shown(page: str, report: Report) -> None:
    hashes = {
        report.plan.hash,
        report.dataset.fingerprint,
        report.dataset.preprocessing_hash,
        report.model.weights_hash,
        report.evidence.head_hash,
        *(part.rows_hash for part in report.forget_sets),
        *(one.hash for one in report.plugins),
        *(one.hash for one in report.environments),
        *(run.key for part in report.forget_sets for run in part.runs),
        *(run.weights_hash for part in report.forget_sets for run in part.runs if run.weights_hash),
    }
    assert all(digest in page for digest in hashes)


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(page: str) -> None:
    read = Page(page)
    assert read.links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in read.links)
    assert not re.search(r"url\(|@import", page)
    tags = {tag for tag, _ in read.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
    assert not any(name.startswith("on") for _, attrs in read.tags for name in attrs)


def test_page_stays_small(page: str) -> None:
    assert len(page.encode()) < 5_000_000


def test_links_inside_the_page_have_targets(page: str) -> None:
    read = Page(page)
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in read.links if link.startswith("#")} <= set(ids)


def test_drawings_are_xml_and_speak(page: str) -> None:
    found = drawings(page)
    assert len(found) > 40
    for drawing in found:
        root = parsed(drawing)
        assert root.get("aria-label") or root.get("aria-hidden") == "true"
        assert not re.search(r'"(nan|inf)|[ ,](nan|inf)[ ,"]', drawing)


def test_every_table_has_a_caption_and_every_picture_a_text(page: str) -> None:
    read = Page(page)
    tags = [tag for tag, _ in read.tags]
    assert tags.count("table") == tags.count("caption") > 10
    assert all(attrs.get("alt") for tag, attrs in read.tags if tag == "img")
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_seed_is_a_mark(page: str, report: Report) -> None:
    part = report.forget_sets[0]
    section = page[page.index("Every model, every seed") : page.index("Membership attacks")]
    first = drawings(section[section.index('<div class="panels">') :])[0]
    finished = [run for run in part.runs if run.status is RunStatus.DONE]
    assert len(re.findall(r"<title>seed \d+:", first)) == len(finished)


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    models = [
        *reference_models(),
        Model("scrub", RunRole.CANDIDATE, 3, SEEN, (0,), params={"note": HOSTILE}),
    ]
    dataset = digit_like(name=HOSTILE)
    audit = SimulatedAudit(tmp_path / "p.audit", dataset, plan_for(models), name=HOSTILE)
    rows = dataset.rows_of(Split.TRAIN)[:25]
    for choice in audit.plan.forget_sets:
        forget_set = audit.forget_set(choice.name, {"where": HOSTILE}, rows)
        for model in models:
            audit.run(forget_set, rows, model)
        hostile = Model(HOSTILE, RunRole.CANDIDATE, 3, SEEN, (0,))
        audit.run(forget_set, rows, hostile)
        audit.failed_run(forget_set, hostile, 1, HOSTILE)
    page = render_html(collect(audit.project))
    read = Page(page)
    assert read.text.count(HOSTILE) > 5
    assert "script" not in {tag for tag, _ in read.tags}
    assert not any("evil" in link for link in read.links)
    assert "evil" not in "".join(attrs.get("src") or "" for tag, attrs in read.tags if tag == "img")
    for drawing in drawings(page):
        parsed(drawing)


def test_colour_pictures_are_drawn(tmp_path: Path) -> None:
    grey = digit_like(side=6)
    colour = np.repeat(grey.inputs, 3, axis=1)
    colour[:, 0] = 255 - colour[:, 0]
    fields: dict[str, Any] = {
        name: getattr(grey, name) for name in ("targets", "split", "class_names", "columns")
    }
    dataset = type(grey)(name="colour", inputs=colour, **fields)
    report = collect(simulate(tmp_path / "p.audit", few_models(), dataset=dataset).project)
    example = report.forget_sets[0].attributions[0].examples[0]
    assert np.array(example.image).shape == (6, 6, 3)
    assert np.array(example.original).shape == (6, 6)
    assert Page(render_html(report)).links


def test_an_unjudged_plan_is_not_dressed_up(tmp_path: Path) -> None:
    audit = SimulatedAudit(tmp_path / "p.audit", digit_like(), plan_for(few_models()))
    rows = audit.dataset.rows_of(Split.TRAIN)[:30]
    for choice in audit.plan.forget_sets:
        audit.forget_set(choice.name, {"rows": rows.tolist()}, rows)
    text = Page(render_html(collect(audit.project))).text
    assert "NOT JUDGED" in text
    assert "The controls were not judged." in text
    assert "PASS every required" in text  # the key of outcomes, and no other pass
    assert text.count("PASS") == 1


def test_the_self_test_stands_at_the_head(page: str, report: Report) -> None:
    head = flat(page[: page.index('id="audited"')])
    assert report.self_test.wrong == ()
    assert f"all {report.self_test.answers} formulas with a known answer gave it" in head


def test_a_failed_self_test_is_an_alarm_at_the_head(
    audit: SimulatedAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [Answer("entropy", 0.8, math.nan), Answer("AUC", 0.5, 0.5)]
    monkeypatch.setattr(contents, "check_known_answers", lambda: answers)
    page = render_html(collect(audit.project))
    head = flat(page[: page.index('id="audited"')])
    assert "The numbers of this report cannot be trusted" in head
    assert "1 of 2 formulas did not give the answer that is known to be right: entropy." in head
