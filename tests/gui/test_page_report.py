"""The Report page: what the report says, its pages, and its export."""

import json

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QAbstractItemModelTester

from workbench.core.errors import WorkbenchError
from workbench.core.vocabulary import Outcome, RunRole
from workbench.gui.pages.report.contents import NOT_JUDGED, read_verdict
from workbench.gui.pages.report.export import FORMATS, ExportDialog
from workbench.gui.pages.report.page import ReportPage
from workbench.gui.pages.report.verdict_model import Column, VerdictModel
from workbench.gui.pdf.apart import PrintingProcess, render_pdf_apart
from workbench.gui.testing import settle
from workbench.gui.widgets.blocks import EmptyState
from workbench.gui.widgets.outcomes import OutcomeBadge
from workbench.report import collect
from workbench.report.controls import ANSWERS, questions
from workbench.report.criteria import criterion_blocks
from workbench.store import Project

PAGES = 1
PRINTING = 60  # seconds that laying pages out may take on a busy machine


@pytest.fixture
def report(small_project):
    with Project.open(small_project, read_only=True) as project:
        return collect(project)


@pytest.fixture
def verdict(small_project, report):
    with Project.open(small_project, read_only=True) as project:
        return read_verdict(project, report.plan.id)


@pytest.fixture
def open_page(make_session, qtbot, small_project):
    """Show the page of a project, the small one if not told. The test holds it, nothing after."""

    def make(path=small_project):
        session = make_session(path)
        page = ReportPage(session)
        qtbot.addWidget(page)
        page.resize(840, 600)
        page.show()
        settle(session)
        return page

    return make


def open_dialog(page):
    page.export_report()
    return page.findChild(ExportDialog)


def export(page, kind, path):
    dialog = open_dialog(page)
    dialog.choose(kind, path)
    dialog.start()
    settle(page.session, seconds=PRINTING)
    return dialog


def test_every_criterion_is_written_as_in_the_report(verdict, report):
    part = report.forget_sets[0]
    (shown,) = verdict.forget_sets
    for candidate in part.candidates:
        lines = shown.parts if candidate.role is RunRole.CANDIDATE else shown.parts[-1].parts
        line = next(one for one in lines if one.name == candidate.label)
        assert line.outcome is candidate.verdict.outcome
        rows = [row for one in criterion_blocks(report.criteria, [candidate]) for row in one.rows]
        assert [(one.outcome, one.estimate, one.interval) for one in line.parts] == [
            (row.outcome, row.estimate, row.interval) for row in rows
        ]
        assert all(one.why for one in line.parts)


def test_controls_are_questions_with_answers(verdict, report):
    (shown,) = verdict.forget_sets
    asked = questions(report.forget_sets[0].controls, report.criteria)
    controls = next(one for one in shown.parts if "failure" in one.name)
    assert [one.name for one in controls.parts] == [one.question for one in asked]
    assert [one.word for one in controls.parts] == [ANSWERS[one.outcome] for one in asked]


def test_limits_and_claim_stand_beside_the_verdict(verdict, report):
    assert verdict.outcome is report.overall.outcome
    assert verdict.summary == report.summary
    assert report.claim in verdict.claim
    assert report.limits in verdict.limits
    assert "Not tested: " in verdict.limits, "the plan has no criterion on retain accuracy"


def test_a_plan_without_a_verdict_is_not_called_anything(small_project, report):
    with Project.open(small_project) as project:
        with project.transaction("test.unjudged") as tx:
            tx.delete("verdict", {"plan_id": report.plan.id})
        verdict = read_verdict(project, report.plan.id)
    assert verdict.outcome is None
    assert "no verdict yet" in verdict.summary
    assert verdict.forget_sets[0].word == NOT_JUDGED


def test_the_page_shows_the_verdict(open_page, report):
    page = open_page()
    badge = page.findChild(OutcomeBadge)
    assert str(report.overall.outcome) in badge.accessibleName()
    lines = page.tree.lines
    assert lines.rowCount() == 1
    assert page.tree.isExpanded(lines.index(0, 0))
    assert Outcome(lines.index(0, Column.OUTCOME).data()) is report.forget_sets[0].verdict.outcome


def test_the_line_under_the_cursor_is_told_in_full(open_page, qtbot):
    page = open_page()
    page.tree.setFocus(Qt.FocusReason.TabFocusReason)
    told = []
    page.tree.line_chosen.connect(told.append)
    qtbot.keyClick(page.tree, Qt.Key.Key_Down)
    assert told
    assert told[0].why
    assert told[0] == page.verdict.forget_sets[0].parts[0]


def test_what_is_open_stays_open_when_the_verdict_is_read_again(open_page):
    page = open_page()
    tree, lines = page.tree, page.tree.lines
    candidate = lines.index(0, 0, lines.index(0, 0))
    tree.setExpanded(candidate, True)
    tree.setCurrentIndex(lines.index(1, 0, candidate))
    before = lines.path(tree.currentIndex())
    page.invalidate()
    settle(page.session)
    assert tree.isExpanded(lines.index(0, 0, lines.index(0, 0)))
    assert lines.path(tree.currentIndex()) == before
    assert len(before) == 3


def test_the_lines_keep_the_rules_of_qt(verdict, qapp):
    model = VerdictModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    model.show_lines(verdict.forget_sets)
    model.show_lines(())


@pytest.mark.parametrize("kind", FORMATS)
def test_exports_and_logs_every_format(open_page, tmp_path, small_project, kind):
    page = open_page()
    out = tmp_path / f"out.{kind}"
    dialog = export(page, kind, out)
    start = out.read_bytes()[:2000]
    match kind:
        case "pdf":
            assert start.startswith(b"%PDF")
        case "html":
            assert b"<!doctype html>" in start
        case "json":
            assert json.loads(out.read_bytes())["plan"]["name"] == "small"
    rows = page.session.project.rows("SELECT format, file_name FROM report")
    assert rows == [{"format": kind, "file_name": out.name}]
    dialog.close()


def test_what_was_written_can_be_opened(open_page, tmp_path, monkeypatch, qtbot):
    page = open_page()
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url) or True)
    dialog = export(page, "json", tmp_path / "out.json")
    for title in ("Open", "Open folder"):
        (one,) = [one for one in dialog.findChildren(type(page._export)) if one.text() == title]
        qtbot.mouseClick(one, Qt.MouseButton.LeftButton)
    assert opened == [
        QUrl.fromLocalFile(str(tmp_path / "out.json")),
        QUrl.fromLocalFile(str(tmp_path)),
    ]
    dialog.close()


def test_nothing_but_a_report_is_replaced(open_page, tmp_path):
    page = open_page()
    precious = tmp_path / "thesis.txt"
    precious.write_text("mine")
    dialog = export(page, "json", precious)
    assert precious.read_text() == "mine"
    assert "not overwritten" in "".join(label.text() for label in dialog.findChildren(_label(page)))
    dialog.close()


def _label(page):
    return type(page._why)


def test_a_closed_dialog_is_answered_in_the_message_bar(open_page, tmp_path):
    page = open_page()
    dialog = open_dialog(page)
    dialog.choose("json", tmp_path / "out.json")
    dialog.start()
    dialog.close()
    del dialog
    settle(page.session, seconds=PRINTING)
    assert (tmp_path / "out.json").is_file()
    assert any("out.json" in notice.message for notice in page.session.faults.notices)


def test_a_window_that_only_reads_says_why_it_does_not_export(open_page, make_session):
    writer = make_session
    first = open_page()
    second = ReportPage(writer(first.session.path))
    assert second.session.read_only
    second.export_report()
    settle(second.session)
    notice = second.session.faults.notices.pop()  # expected
    assert "only reads" in notice.message
    assert notice.remedy
    second.deleteLater()


def test_pages_are_laid_out_when_they_are_looked_at_and_can_be_turned(open_page, qtbot):
    page = open_page()
    preview = page.preview
    assert preview.n_pages == 0
    page.tabs.setCurrentIndex(PAGES)
    settle(page.session, seconds=PRINTING)
    assert preview.n_pages > 3
    preview.show_page(2)
    settle(page.session)
    assert any("Page 2" in one.accessibleName() for one in preview.findChildren(type(page._why)))


def test_printing_apart_gives_a_whole_file_and_leaves_no_process(report, qapp):
    content = render_pdf_apart(report)
    assert content.startswith(b"%PDF")
    assert content.rstrip().endswith(b"%%EOF")


def test_a_page_is_painted_in_the_width_that_was_asked_for(report, qapp):
    printing = PrintingProcess(report)
    picture = printing.picture(1, 300)
    assert picture.width == 300
    assert picture.height == pytest.approx(300 * 2**0.5, abs=2)
    assert len(picture.pixels) == 4 * 300 * picture.height
    assert len(set(picture.pixels)) > 10, "not an empty page"
    printing.close()
    with pytest.raises(WorkbenchError, match="could not be made"):
        printing.picture(1, 300)


@pytest.mark.parametrize("which", ["empty_project", "data_project"])
def test_says_what_is_missing(open_page, request, which):
    page = open_page(request.getfixturevalue(which))
    assert page.verdict is None
    (empty,) = [one for one in page.findChildren(EmptyState) if one.isVisible()]
    assert page.session.state.missing(page.step) in empty.accessibleDescription()
