"""The conformance kit finds what it promises to find: each rule is broken by one bad plugin."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from workbench.core.vocabulary import PluginKind
from workbench.registry import Registry, trust
from workbench.testing import METHOD_CHECKS, MethodBench, Status, check_method, small_bench

MANIFEST = """
api = 1
id = "on-trial"
title = "On trial"
version = "1"

[[contributions]]
kind = "method"
id = "on-trial"
title = "On trial"
summary = "A method of the tests."
object = "method:OnTrial"
params = "params:OnTrialParams"
needs = {needs}
exactness = "approximate"
cost = "little"
"""

PARAMS = """
from workbench.plugin_api import TuningParams


class OnTrialParams(TuningParams):
    pass
"""

GOOD = """
import random

import torch
from torch import nn


class OnTrial:
    def unlearn(self, ctx, model, params):
        def loss(batch):
            return ctx.loss(model(batch.inputs), batch.targets).mean()

        optimiser = params.make_optimiser(ctx, model)
        for epoch in ctx.epochs(params.epochs):
            for batch in ctx.batches("retain"):
                optimiser.zero_grad()
                ctx.backward(batch, loss)
                optimiser.step()
        return model
"""

RETAIN = '["retain", "labels"]'
STEP = "        optimiser = params"

# The rule that is broken, and what is replaced in the good plugin to break it.
DEFECTS = {
    "manifest_is_complete": ("manifest", 'cost = "little"', 'cost = ""'),
    "params_are_plain": (
        "params",
        "    pass",
        '    nameless: int = 3',
    ),
    "params_import_no_torch": ("params", "from workbench", "import torch\nfrom workbench"),
    "result_is_usable": ("method", "return model", "return None"),
    "weights_change": ("method", "params.make_optimiser(ctx, model)",
                       "params.make_optimiser(ctx, ctx.copy_of(model))"),
    "original_is_untouched": ("method", STEP, "        random.random()\n" + STEP),
    "same_seed_same_result": ("method", "return model",
                              "return self.drift(model)\n\n    calls = 0\n\n"
                              "    def drift(self, model):\n"
                              "        OnTrial.calls += 1\n"
                              "        next(model.parameters()).data += OnTrial.calls\n"
                              "        return model"),
    "cancels_within_a_batch": (
        "method",
        "        for epoch in",
        "        rows = ctx._rows['retain']\n"
        "        ctx._data.inputs(rows)\n"
        "        ctx._data.inputs(rows)\n"
        "        for epoch in",
    ),
    "withheld_data_has_no_influence": (
        "method",
        "        for epoch in",
        "        seen = ctx._data.inputs(ctx._rows['forget']).mean()\n"
        "        next(model.parameters()).data += seen\n"
        "        for epoch in",
    ),
    "declared_needs_are_used": ("manifest", RETAIN, '["retain", "forget", "labels"]'),
    "zero_epochs_change_nothing": ("method", "return model",
                                   "next(model.parameters()).data += 1\n        return model"),
    "not_a_number_aborts": (
        "method",
        "return ctx.loss(model(batch.inputs), batch.targets).mean()",
        "return ctx.loss(model(batch.inputs.nan_to_num()), batch.targets).mean()",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> MethodBench:
    return small_bench()


@pytest.fixture
def failed_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench: MethodBench):
    monkeypatch.setenv("WORKBENCH_CONFIG_DIR", str(tmp_path / "config"))

    def check(defect: tuple[str, str, str] | None) -> set[str]:
        files = {"manifest": MANIFEST.format(needs=RETAIN), "params": PARAMS, "method": GOOD}
        if defect is not None:
            file, old, new = defect
            assert old in files[file]
            files[file] = files[file].replace(old, new)
        folder = tmp_path / "on_trial"
        folder.mkdir()
        (folder / "plugin.toml").write_text(files["manifest"], encoding="utf-8")
        (folder / "params.py").write_text(files["params"], encoding="utf-8")
        (folder / "method.py").write_text(dedent(files["method"]), encoding="utf-8")
        (folder / "README.md").write_text("# `on-trial`\n", encoding="utf-8")
        registry = Registry.discover([folder])
        method = registry.get(PluginKind.METHOD, "on-trial")
        trust(method.plugin)
        results = check_method(bench, method)
        assert len(results) == len(METHOD_CHECKS)
        return {result.check for result in results if result.status is Status.FAILED}

    return check


def test_a_good_plugin_keeps_every_rule(failed_rules) -> None:
    assert failed_rules(None) == set()


def test_every_rule_has_a_plugin_that_breaks_it() -> None:
    assert set(DEFECTS) == set(METHOD_CHECKS)


@pytest.mark.parametrize("rule", DEFECTS)
def test_the_rule_finds_its_defect(failed_rules, rule: str) -> None:
    assert rule in failed_rules(DEFECTS[rule])
