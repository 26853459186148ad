"""The executor side of the workbench's own jobs: what a worker does with a project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.compute.devices import environment, pick_device
from workbench.compute.seeding import seed_everything
from workbench.core.errors import UsageError
from workbench.core.vocabulary import PluginKind
from workbench.jobs.execution import Channel
from workbench.jobs.executor.preparation import architecture_for, import_model, prepare
from workbench.jobs.executor.run_execution import execute_run
from workbench.jobs.executor.workspace import Workspace
from workbench.jobs.protocol import Job


class Executor:
    """Runs the jobs of one lane; keeps the project it used last open and its data warm."""

    def __init__(self, device: str) -> None:
        self._device = pick_device(device)
        self._workspace: tuple[tuple[Path, tuple[Path, ...]], Workspace] | None = None
        seed_everything(0)

    def run(self, job: Job, channel: Channel) -> dict[str, Any]:
        """Do one job. Kinds: prepare {plan}, run {run}, import-model {...}, describe {}."""
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
            case "import-model":
                return _import_model(workspace, job.payload)
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


def _import_model(workspace: Workspace, payload: dict[str, Any]) -> dict[str, Any]:
    row = workspace.project.row("SELECT * FROM dataset WHERE name = ?", payload["dataset"])
    if row is None:
        raise UsageError(
            f"The project has no dataset {payload['dataset']!r}.",
            remedy="Import the data before the model; it gives the shapes.",
        )
    contributed = workspace.registry.get(PluginKind.ARCHITECTURE, payload["architecture"])
    params = contributed.parse_params(payload["params"]).model_dump(mode="json")
    dataset = workspace.data(int(row["id"])).dataset
    architecture = architecture_for(contributed.id, params, dataset.input_shape, dataset.n_classes)
    model_id = import_model(
        workspace,
        name=payload["name"],
        file=Path(payload["file"]),
        architecture=architecture,
        dataset_id=int(row["id"]),
        recipe=None,
    )
    return {"model": model_id, "name": payload["name"]}
