"""The executor side of the workbench's own jobs: what a worker does with a project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workbench.compute.devices import environment, pick_device
from workbench.compute.seeding import seed_everything
from workbench.core.errors import UsageError
from workbench.jobs.execution import Channel
from workbench.jobs.executor import steps
from workbench.jobs.executor.preparation import prepare
from workbench.jobs.executor.run_execution import execute_run
from workbench.jobs.executor.workspace import Workspace
from workbench.jobs.protocol import Job

Step = Callable[[Workspace, dict[str, Any], Channel], dict[str, Any]]

_STEPS: Mapping[str, Step] = {
    "import-data": steps.import_data_step,
    "import-model": steps.import_model_step,
    "train-model": steps.train_model_step,
    "measure-outputs": steps.measure_outputs_step,
    "choose-forget-set": steps.choose_forget_set_step,
    "explain": steps.explain_step,
}


class Executor:
    """Runs the jobs of one lane; keeps the project it used last open and its data warm.

    A job has one of these kinds. Its payload names the `project` file, and in `plugins` folders
    of further plugins; `dataset` is an id or a name. What it returns is behind the arrow.

        describe {}                                        -> the environment; needs no project
        prepare {plan, folder}                             -> {forget_sets}
        run {run}                                          -> {run, model, metrics}
        import-data {source, path|null, params, name|null} -> {dataset, name, notes}
        import-model {file, architecture, params, dataset, name}          -> {model, name}
        train-model {dataset, architecture, params, recipe, seed, name}   -> {model}
        measure-outputs {model, dataset}                   -> {}
        choose-forget-set {dataset, model|null, choice}    -> {rows, definition}; saves nothing
        explain {models, rows, explainer, params, dataset} -> {shape, dtype, maps}; saves nothing

    `choice` is a ForgetSetChoice, `recipe` a Recipe as JSON. `maps` holds by model id the array
    of `shape` and `dtype` in base64.
    """

    def __init__(self, device: str) -> None:
        self._device = pick_device(device)
        self._workspace: tuple[tuple[Path, tuple[Path, ...]], Workspace] | None = None
        seed_everything(0)

    def run(self, job: Job, channel: Channel) -> dict[str, Any]:
        """Do one job. UsageError if there is no such kind."""
        if job.kind == "describe":
            return environment(self._device)
        workspace = self._open(job)
        match job.kind:
            case "prepare":
                return prepare(
                    workspace, int(job.payload["plan"]), Path(job.payload["folder"]), channel
                )
            case "run":
                return execute_run(workspace, job, channel)
            case kind if kind in _STEPS:
                return _STEPS[kind](workspace, job.payload, channel)
        raise UsageError(f"There is no job of kind {job.kind!r}.")

    def close(self) -> None:
        """Close the project that is kept open, if any."""
        if self._workspace is not None:
            self._workspace[1].project.close()
            self._workspace = None

    def _open(self, job: Job) -> Workspace:
        path = Path(job.payload["project"])
        folders = tuple(Path(folder) for folder in job.payload.get("plugins", ()))
        if self._workspace is None or self._workspace[0] != (path, folders):
            self.close()
            workspace = Workspace.open(path, list(folders), self._device)
            self._workspace = ((path, folders), workspace)
        return self._workspace[1]
