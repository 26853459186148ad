"""The report on paper: complete, in order, whole, the same every time."""

import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf_pages import Pdf, squeezed
from simulated_audit import few_models, simulate

from workbench.core.vocabulary import RunRole, RunStatus
from workbench.gui.pdf import render_pdf
from workbench.gui.pdf.markup import Node, parse
from workbench.gui.pdf.pages import Item, page_numbers, paginate
from workbench.gui.pdf.tables import column_widths
from workbench.metrics.catalogue import FAMILIES
from workbench.report import collect, render_html
from workbench.report.document import Failure

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    simulated = simulate(tmp_path_factory.mktemp("pdf") / "ward4.audit", few_models())
    found = collect(simulated.project)
    simulated.project.close()
    return found


@pytest.fixture(scope="module")
def content(report, qapp):
    return render_pdf(report)


@pytest.fixture(scope="module")
def pdf(content):
    return Pdf(content)


def shown(report):
    """Every piece of text in the HTML report that paper can show."""
    return list(_texts(parse(render_html(report)).child("body")))


def _texts(node: Node):
    if node.tag == "title" or "on-paper" in node.classes:
        return
    for child in node.children:
        if isinstance(child, Node):
            yield from _texts(child)
        elif child.strip():
            yield squeezed(child)


def test_pages_are_a4_and_numbered(content, pdf):
    assert content.startswith(b"%PDF-")
    assert set(re.findall(rb"/MediaBox \[([\d. ]+)\]", content)) == {b"0 0 595.000000 842.000000"}
    count = len(pdf.texts)
    assert count > 5
    for number, text in enumerate(pdf.texts, 1):
        assert text.endswith(f"Page{number}of{count}")


def test_everything_that_the_html_says_is_there(report, pdf):
    written = pdf.text.casefold()  # small titles are in capitals
    missing = [text for text in shown(report) if text.casefold() not in written]
    assert missing == []


def test_every_row_of_a_table_with_several_bodies_is_there(report, pdf):
    html = "".join(shown(report))
    for words in (*(family.title for family in FAMILIES), "Prediction agreement", "Peak memory"):
        assert pdf.text.count(squeezed(words)) >= html.count(squeezed(words)), words
    assert html.count(squeezed("Peak memory")) > len(report.forget_sets)


def test_the_first_page_gives_verdict_and_claim(report, pdf):
    first = pdf.texts[0]
    assert report.overall.outcome in first
    assert squeezed(report.summary) in first
    assert squeezed(report.claim) in first
    assert squeezed(report.limits) in first


def test_contents_and_references_name_the_right_page(report, pdf):
    listed = dict(re.findall(r"(Verdict|Definitions|Methods|Limits|Provenance)(\d+)", pdf.texts[0]))
    assert len(listed) == 5
    for title, page in listed.items():
        assert title in pdf.texts[int(page) - 1]
    part = report.forget_sets[0]
    closed = f"Hashesoftherunson{squeezed(part.name)}"
    page = int(re.search(rf"{closed}(\d+)", pdf.text)[1])
    assert closed in pdf.texts[page - 1]
    assert part.runs[0].key in pdf.texts[page - 1]


def test_only_inputs_and_maps_are_pixels(report, pdf, content):
    """Every other figure is drawn in vectors, and its words are text."""
    parts = [one for part in report.forget_sets for one in part.attributions if one.examples]
    maps = sum(5 * len(one.examples) + 1 for one in parts)  # the last one is the colour scale
    assert 0 < content.count(b"/Subtype /Image") <= maps
    assert "true-positiverate" in pdf.text


def test_same_report_same_pages(report, pdf):
    assert Pdf(render_pdf(report)).contents == pdf.contents


def test_any_thread_may_render(report, pdf):
    done = []
    thread = threading.Thread(target=lambda: done.append(render_pdf(report)))
    thread.start()
    thread.join()
    assert Pdf(done[0]).contents == pdf.contents


def test_a_report_without_verdict_or_forget_sets(report, qapp):
    nothing = {"overall": None, "rung": "", "claim": ""}
    nothing |= dict.fromkeys(("forget_sets", "glossary", "not_computed", "failures"), ())
    bare = report.model_copy(update=nothing)
    assert "NOTJUDGED" in Pdf(render_pdf(bare)).texts[0]


def test_strange_names_and_endless_messages(report, qapp):
    message = "The step <b>failed</b> & nobody knows why. " * 400
    failure = Failure(
        forget_set="threes",
        label="x" * 300,
        role=RunRole.CANDIDATE,
        seed=0,
        status=RunStatus.ERROR,
        message=message,
        remedy="",
    )
    plan = report.plan.model_copy(update={"name": "<i>Ward</i> & \x07 \N{SNOWMAN}"})
    pages = Pdf(render_pdf(report.model_copy(update={"failures": (failure,), "plan": plan})))
    assert "<i>Ward</i>&" in pages.texts[0]
    # Qt draws one line more above a cut, out of sight
    assert 400 <= pages.text.count("<b>failed</b>&nobody") <= 400 + 4
    assert "x" * 300 in pages.text


def test_without_a_font_one_sentence(tmp_path, report):
    if sys.platform != "linux":
        pytest.skip("fonts are looked up by fontconfig on Linux only")
    (tmp_path / "fonts.conf").write_text("<fontconfig><cachedir>cache</cachedir></fontconfig>")
    (tmp_path / "report.json").write_text(report.model_dump_json())
    code = (
        "import sys\n"
        "from workbench.gui.pdf import render_pdf\n"
        "from workbench.report import Report\n"
        "try: render_pdf(Report.model_validate_json(open(sys.argv[1]).read()))\n"
        "except Exception as fault: print(type(fault).__name__, fault)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "report.json"],
        env={**os.environ, "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("WorkbenchError The PDF cannot be written, because no font")


@dataclass
class Block:
    """A piece of `lines` lines, each ten high."""

    name: str
    count: int = 1

    @property
    def height(self):
        return 10.0 * self.count

    @property
    def lines(self):
        return [(10.0 * i, 10.0 * i + 10) for i in range(self.count)]


def names(pages):
    return [[place.piece.name for place in page.places] for page in pages]


def test_a_heading_moves_with_what_it_is_about():
    items = [Item(Block("text", 8)), Item(Block("heading"), keep=True), Item(Block("table", 2))]
    assert names(paginate(items, 100)) == [["text"], ["heading", "table"]]


def test_a_header_comes_back_on_every_page():
    head = Block("head")
    items = [Item(Block("caption"), keep=True), Item(head, keep=True)]
    items += [Item(Block(f"row {i}", 3), head=head) for i in range(5)]
    assert names(paginate(items, 100)) == [
        ["caption", "head", "row 0", "row 1"],
        ["head", "row 2", "row 3", "row 4"],
    ]


def test_what_fits_a_page_is_never_cut():
    items = [Item(Block(str(i), 1 + i % 7), before=5) for i in range(40)]
    pages = paginate(items, 100)
    assert [name for page in names(pages) for name in page] == [str(i) for i in range(40)]
    for page in pages:
        assert page.used <= 100
        assert all(place.part == (0, place.piece.height) for place in page.places)


def test_what_is_taller_than_a_page_is_cut_between_lines():
    pages = paginate([Item(Block("first")), Item(Block("long", 25))], 104)
    parts = [place.part for page in pages for place in page.places if place.piece.name == "long"]
    assert parts == [(0, 100), (100, 200), (200, 250)]


def test_a_heading_stays_with_the_first_lines_of_what_is_too_long():
    items = [Item(Block("text", 9)), Item(Block("heading"), keep=True), Item(Block("long", 25))]
    assert names(paginate(items, 100)) == [["text"], ["heading", "long"], ["long"], ["long"]]


def test_anchors_know_their_page():
    items = [Item(Block("a", 6), anchor="a"), Item(Block("b", 6), anchor="b")]
    items += [Item(Block("c"), anchor="c", new_page=True)]
    assert page_numbers(paginate(items, 100)) == {"a": 1, "b": 2, "c": 3}


SIZES = st.lists(
    st.tuples(st.floats(1, 200), st.floats(0, 900)).map(lambda one: (one[0], one[0] + one[1])),
    min_size=1,
    max_size=8,
)


@given(SIZES)
def test_columns_fill_the_width_and_break_no_word_without_need(sizes):
    widths = column_widths(sizes, 500)
    assert sum(widths) == pytest.approx(500)
    if sum(low for low, _ in sizes) <= 500:
        assert all(own >= low - 1e-6 for own, (low, _) in zip(widths, sizes, strict=True))


def test_a_long_column_leaves_short_ones_what_they_need():
    assert column_widths([(20, 60), (30, 2000)], 300) == pytest.approx([60, 240])
