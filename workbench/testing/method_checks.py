"""The rules every unlearning method keeps, each as one function."""
# ruff: noqa: ARG001 - every rule is called with the same three arguments

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from workbench.compute.models import tensors_of
from workbench.core.errors import PluginError
from workbench.core.hashing import hash_arrays, hash_json
from workbench.core.params import Params
from workbench.core.vocabulary import Exactness, Split
from workbench.plugin_api import Cancelled, Need
from workbench.registry import Contributed
from workbench.testing.checks import CheckFailed, CheckResult, NotApplicable, run_check
from workbench.testing.method_bench import MethodBench, MethodRun

MethodCheck = Callable[[MethodBench, Contributed, Params], str]

_IMPORT_PARAMS = """
import sys
from pathlib import Path
from workbench.registry import Registry
known = Registry.discover()
folder, id = sys.argv[1:]
if Path(folder) not in [plugin.folder for plugin in known.plugins]:
    known = Registry.discover([Path(folder)])
known.get("method", id).params_model()
print(*sorted({"torch", "PySide6"} & set(sys.modules)))
"""


def check_method(
    bench: MethodBench, method: Contributed, params: Params | None = None
) -> list[CheckResult]:
    """Every check on one method, in a fixed order, with `params` or with `quick_params`."""
    chosen = params or quick_params(method)
    return [
        run_check(name, method.id, partial(check, bench, method, chosen))
        for name, check in METHOD_CHECKS.items()
    ]


def quick_params(method: Contributed, **settings: Any) -> Params:
    """The defaults but for `settings`, and two epochs where the method has epochs."""
    if "epochs" in method.params_model().model_fields:
        settings = {"epochs": 2, **settings}
    return method.parse_params(settings)


def manifest_is_complete(bench: MethodBench, method: Contributed, params: Params) -> str:
    """The card is there, names the method, and the manifest says what the method guarantees."""
    declared, folder = method.declared, method.plugin.folder
    _expect(declared.exactness is not None, "The manifest does not say how exact the method is.")
    _expect(declared.cost != "", "The manifest does not say what the method costs.")
    _expect(bench.dataset.task in declared.tasks, f"The method is not for {bench.dataset.task}.")
    _expect(
        not (declared.straw_man and declared.exactness is not Exactness.APPROXIMATE),
        "A straw man cannot be exact or certified.",
    )
    card = folder / "README.md"
    _expect(card.is_file(), "The plugin folder has no README.md, which is the method's card.")
    _expect(f"`{method.id}`" in card.read_text(encoding="utf-8"), "The card leaves the id out.")
    method.load()
    return f"{declared.exactness}, needs {', '.join(declared.needs) or 'nothing'}"


def params_are_plain(bench: MethodBench, method: Contributed, params: Params) -> str:
    """Parameters survive JSON, hash equally, and each is described."""
    model = type(params)
    again = model.model_validate_json(params.model_dump_json())
    _expect(again == params, "The parameters change on their way through JSON.")
    _expect(_hash_params(again) == _hash_params(params), "Equal parameters hash differently.")
    nameless = [name for name, info in model.model_fields.items() if not info.description]
    _expect(not nameless, f"Parameters without description: {', '.join(nameless)}.")
    _expect(model.model_config.get("extra") == "forbid", "Unknown parameters are let through.")
    return f"{len(model.model_fields)} parameters"


def params_import_no_torch(bench: MethodBench, method: Contributed, params: Params) -> str:
    """A form can be drawn without torch or Qt in the process."""
    if method.declared.params is None:
        raise NotApplicable("The method has no parameters.")
    command = [sys.executable, "-c", _IMPORT_PARAMS, str(method.plugin.folder), method.id]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    _expect(ran.returncode == 0, f"The parameters cannot be imported alone: {ran.stderr[-500:]}")
    _expect(ran.stdout.strip() == "", f"Importing the parameters imports {ran.stdout.strip()}.")
    return "imported alone"


def result_is_usable(bench: MethodBench, method: Contributed, params: Params) -> str:
    """The host accepts the result (same tensors, all finite), and it maps rows to logits."""
    model = _model(bench.run(method, params))
    with torch.no_grad():
        logits = model(torch.from_numpy(bench.dataset.inputs[:4]))
    _expect(logits.shape == (4, bench.dataset.n_classes), "The result gives no row of logits.")
    _expect(bool(logits.isfinite().all()), "The logits of the result are not finite.")
    return "finite logits"


def weights_change(bench: MethodBench, method: Contributed, params: Params) -> str:
    """The method moves weights of the model it returns, not only of some copy or its buffers."""
    if not method.declared.needs:
        raise NotApplicable("The method is given nothing to work with.")
    was = dict(bench.original.named_parameters())
    now = dict(_model(bench.run(method, params)).named_parameters())
    changed = [name for name, value in now.items() if not torch.equal(value, was[name])]
    _expect(changed != [], "All weights are those of the original; try other parameters.")
    return f"{len(changed)} of {len(was)} weight tensors"


def original_is_untouched(bench: MethodBench, method: Contributed, params: Params) -> str:
    """Weights, modes, hooks and flags of the original stay, and so do global random states."""
    before, state = _fingerprint(bench.original), _global_random_state()
    bench.run(method, params, seed=3)
    _expect(_fingerprint(bench.original) == before, "The original model was changed.")
    _expect(_global_random_state() == state, "A global random state was changed.")
    return "same weights, modes, hooks, flags and random states"


def same_seed_same_result(bench: MethodBench, method: Contributed, params: Params) -> str:
    """Two runs at one seed agree in every bit, whatever the global random state."""
    first = _hash(_model(bench.run(method, params, seed=5)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(987)
        second = _hash(_model(bench.run(method, params, seed=5)))
    _expect(first == second, "Two runs at the same seed give different weights.")
    return f"weights {first[:12]} twice"


def cancels_within_a_batch(bench: MethodBench, method: Contributed, params: Params) -> str:
    """Once the user cancels, no further batch is read and the run ends as cancelled."""
    total = bench.run(method, params).batches
    if total == 0:
        raise NotApplicable("The method reads no batch.")
    for at in sorted({1, (1 + total) // 2, total}):
        run = MethodRun()
        try:
            bench.run(method, params, cancel_at=at, run=run)
        except Cancelled:
            _expect(run.batches == at, f"{run.batches - at} batches were read after cancelling.")
        else:
            raise CheckFailed(f"Cancelling at batch {at} of {total} was ignored.")
    return f"cancelled at the first, the middle and the last one of {total} batches"


def withheld_data_has_no_influence(bench: MethodBench, method: Contributed, params: Params) -> str:
    """Other values in everything the method did not ask for leave its result as it is."""
    declared = method.declared.needs
    expected = _hash(_model(bench.run(method, params)))
    for what, dataset in _withheld(bench, declared):
        got = _hash(_model(bench.run(method, params, dataset=dataset)))
        _expect(got == expected, f"The result depends on {what}, which is not declared.")
    return ", ".join(what for what, _ in _withheld(bench, declared))


def declared_needs_are_used(bench: MethodBench, method: Contributed, params: Params) -> str:
    """Without any one of its declared needs the method cannot run."""
    declared = method.declared.needs
    if not declared:
        raise NotApplicable("The method needs nothing.")
    for need in declared:
        try:
            bench.run(method, params, needs=[n for n in declared if n is not need])
        except PluginError:
            continue
        raise CheckFailed(f"The method declares {str(need)!r} but runs without.")
    return ", ".join(declared)


def zero_epochs_change_nothing(bench: MethodBench, method: Contributed, params: Params) -> str:
    """A method with epochs hands the original back, bit for bit, when told to do none."""
    if "epochs" not in type(params).model_fields:
        raise NotApplicable("The method has no epochs.")
    result = _model(bench.run(method, params.model_copy(update={"epochs": 0})))
    _expect(_hash(result) == _hash(bench.original), "The model changed in zero epochs.")
    return "bit-identical"


def not_a_number_aborts(bench: MethodBench, method: Contributed, params: Params) -> str:
    """A loss that is not finite ends the run with a plain error and leaves the original alone."""
    if not {Need.FORGET, Need.RETAIN} & set(method.declared.needs):
        raise NotApplicable("The method reads no rows.")
    before = _fingerprint(bench.original)
    try:
        bench.run(method, params, dataset=bench.with_nan())
    except PluginError as fault:
        _expect(fault.remedy != "", "The error does not say what to do.")
        _expect(_fingerprint(bench.original) == before, "The original was changed.")
        return fault.message
    raise CheckFailed("Rows that are not a number went unnoticed.")


METHOD_CHECKS: dict[str, MethodCheck] = {
    check.__name__: check
    for check in (
        manifest_is_complete,
        params_are_plain,
        params_import_no_torch,
        result_is_usable,
        weights_change,
        original_is_untouched,
        same_seed_same_result,
        cancels_within_a_batch,
        withheld_data_has_no_influence,
        declared_needs_are_used,
        zero_epochs_change_nothing,
        not_a_number_aborts,
    )
}


def _withheld(bench: MethodBench, needs: tuple[Need, ...]) -> Iterator[tuple[str, Any]]:
    dataset = bench.dataset
    outside = np.setdiff1d(np.arange(len(dataset)), dataset.rows_of(Split.TRAIN))
    yield "test and non-member rows", bench.with_noise(outside)
    if Need.FORGET not in needs:
        yield "forget rows", bench.with_noise(bench.forget_rows)
    if Need.RETAIN not in needs:
        yield "retain rows", bench.with_noise(bench.retain_rows)
    if Need.LABELS not in needs:
        yield "labels", bench.with_noise(np.arange(len(dataset)), targets_only=True)


def _fingerprint(model: nn.Module) -> tuple[Any, ...]:
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return (
        _hash(model),
        [module.training for module in model.modules()],
        [len(getattr(module, kind)) for module in model.modules() for kind in hooks],
        [(parameter.requires_grad, parameter.grad is None) for parameter in model.parameters()],
    )


def _global_random_state() -> tuple[Any, ...]:
    return (
        torch.get_rng_state().numpy().tobytes(),
        hash_json(random.getstate()),
        str(np.random.get_state()),  # noqa: NPY002 - the global state is what is watched
    )


def _hash(model: nn.Module) -> str:
    return hash_arrays(tensors_of(model))


def _hash_params(params: Params) -> str:
    return hash_json(params.model_dump(mode="json"))


def _model(run: MethodRun) -> nn.Module:
    if run.model is None:
        raise CheckFailed("The method returned no model.")
    return run.model


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise CheckFailed(otherwise)
