"""The page on metrics names tests that exist and counts that are true."""

import re
from pathlib import Path

import numpy as np

from workbench.metrics.known_answers import (
    attacks,
    check_known_answers,
    composites,
    explanations,
    models,
    outputs,
    proportions,
    significance,
)

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "metrics.md").read_text(encoding="utf-8")
FAMILIES = (attacks, composites, explanations, models, outputs, proportions, significance)


def test_every_test_it_names_exists():
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 40
    files = {path.name: path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py")}
    assert [f"{file}::{test}" for file, test in named if f"def {test}(" not in files[file]] == []


def test_every_property_has_tests():
    rows = [line for line in PAGE.splitlines() if re.match(r"\| \d+\. ", line)]
    assert [int(row.split()[1].rstrip(".")) for row in rows] == list(range(1, 17))
    assert all("::" in row for row in rows)


def test_it_counts_the_known_answers():
    numbers = sum(np.size(one.expected) for family in FAMILIES for one in family.QUESTIONS)
    assert f"{len(check_known_answers())} questions, {numbers} numbers" in PAGE
