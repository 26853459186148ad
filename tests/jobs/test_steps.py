"""What a person does step by step, as jobs of the real executor."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from listening import PATIENCE, Heard
from safetensors.numpy import save_file

from workbench.audit.artifact_names import EXPLAINED_ROWS, maps_of
from workbench.audit.plan import Plan
from workbench.core.vocabulary import RunStatus
from workbench.jobs import protocol
from workbench.jobs.campaign import Campaign
from workbench.jobs.handle import JobResult
from workbench.jobs.lane import DEFAULT_EXECUTOR, Lane
from workbench.jobs.lanes import LanePool
from workbench.jobs.protocol import Job
from workbench.store import Project, load_outputs, load_tensors, verify

Do = Callable[..., Any]

DIGITS = {"train_rows": 120, "non_member_rows": 120, "label_noise": 0.1}
RECIPE = {"epochs": 2, "learning_rate": 0.01}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p.audit", "P") as project:
        yield project
        assert verify(project) == []


@pytest.fixture
def lane(make_lane: Callable[..., Lane]) -> Lane:
    return make_lane(DEFAULT_EXECUTOR, in_process=True)


@pytest.fixture
def attempt(project: Project, lane: Lane) -> Callable[..., JobResult]:
    def attempt(kind: str, listener: Heard | None = None, **payload: Any) -> JobResult:
        job = Job(kind, kind, {"project": str(project.path), **payload})
        return lane.submit(job, listener).wait(PATIENCE)

    return attempt


@pytest.fixture
def do(attempt: Callable[..., JobResult]) -> Do:
    def do(kind: str, listener: Heard | None = None, **payload: Any) -> dict[str, Any]:
        result = attempt(kind, listener, **payload)
        assert result.result is not None, result.error
        return result.result

    return do


@pytest.fixture
def refusal(attempt: Callable[..., JobResult]) -> Callable[..., str]:
    def refusal(kind: str, **payload: Any) -> str:
        result = attempt(kind, **payload)
        assert result.status is RunStatus.ERROR
        assert result.error is not None
        return result.error.message

    return refusal


@pytest.fixture
def dataset(do: Do) -> int:
    made = do("import-data", source="digits", path=None, params=DIGITS, name=None)
    return int(made["dataset"])


@pytest.fixture
def train(dataset: int) -> dict[str, Any]:
    return {
        "dataset": dataset,
        "architecture": "mlp",
        "params": {"hidden": [16]},
        "recipe": RECIPE,
        "seed": 3,
        "name": "mine",
    }


def test_data_are_imported_with_what_there_is_to_note(project: Project, do: Do) -> None:
    payload = {"source": "digits", "path": None, "params": DIGITS}
    first = do("import-data", **payload, name="mine")
    again = do("import-data", **payload, name="other")
    assert (first["name"], again["name"]) == ("mine", "mine")
    assert again["dataset"] == first["dataset"]
    assert again["notes"][0] == "The same data are in the project already, as 'mine'."
    assert first["notes"] == again["notes"][1:]


def test_a_model_is_trained_live_and_measured(
    project: Project, do: Do, train: dict[str, Any]
) -> None:
    heard = Heard()
    model_id = do("train-model", heard, **train)["model"]
    row = project.row("SELECT * FROM model WHERE id = ?", model_id)
    assert row is not None
    assert (row["name"], row["recipe"]["epochs"]) == ("mine", 2)
    assert load_outputs(project, model_id, train["dataset"]) is not None
    assert heard.of(protocol.Series)
    assert heard.of(protocol.Committed)[0].what == {"model": model_id}
    steps = {message.text for message in heard.of(protocol.Progress)}
    assert {"training for 2 epochs", "outputs of all rows"} <= steps
    assert do("train-model", **train)["model"] == model_id
    assert do("train-model", **train | {"seed": 4})["model"] != model_id


def test_training_stops_within_a_batch(project: Project, lane: Lane, train: dict[str, Any]) -> None:
    train["recipe"] = RECIPE | {"epochs": 10_000}
    heard = Heard()
    job = Job("long", "train-model", {"project": str(project.path), **train})
    handle = lane.submit(job, heard)
    heard.wait_for(protocol.Series)
    handle.cancel()
    assert handle.wait(PATIENCE).status is RunStatus.CANCELLED
    assert project.rows("SELECT id FROM model") == []


@pytest.mark.parametrize("by", ["id", "name"])
def test_an_imported_model_is_measured_at_once(
    project: Project, do: Do, train: dict[str, Any], tmp_path: Path, by: str
) -> None:
    weights = load_tensors(project, do("train-model", **train)["model"])
    file = tmp_path / "weights.safetensors"
    save_file(weights, file)
    made = do(
        "import-model",
        file=str(file),
        name="imported",
        dataset=train["dataset"] if by == "id" else "digits",
        architecture="mlp",
        params={"hidden": [16]},
    )
    assert made["name"] == "imported"
    assert load_outputs(project, made["model"], train["dataset"]) is not None


def test_outputs_are_measured_over_other_data(
    project: Project, do: Do, train: dict[str, Any]
) -> None:
    model_id = do("train-model", **train)["model"]
    other = do(
        "import-data", source="digits", path=None, params=DIGITS | {"seed": 1}, name="other"
    )["dataset"]
    assert load_outputs(project, model_id, other) is None
    assert do("measure-outputs", model=model_id, dataset=other) == {}
    assert load_outputs(project, model_id, other) is not None


def test_a_choice_is_resolved_and_not_saved(
    project: Project, do: Do, train: dict[str, Any], dataset: int
) -> None:
    model_id = do("train-model", **train)["model"]
    by_rule = {"name": "hard", "where": "class == 3 and loss > 0"}
    proposed = do("choose-forget-set", dataset=dataset, model=model_id, choice=by_rule)
    assert proposed["rows"] == sorted(proposed["rows"])
    assert len(proposed["rows"]) > 0
    assert proposed["definition"]["where"] == by_rule["where"]
    drawn = {"name": "some", "selector": "random-share", "params": {"share": 0.1}}
    proposed = do("choose-forget-set", dataset=dataset, model=None, choice=drawn)
    assert len(proposed["rows"]) == 12
    assert proposed["definition"]["selector"] == "random-share"
    assert project.rows("SELECT id FROM forget_set") == []


def test_rows_are_explained_as_in_a_run(
    project: Project, do: Do, tiny_plan: dict[str, Any], tmp_path: Path, lane: Lane
) -> None:
    tiny_plan |= {"recovery": None, "controls": {"straw_men": []}}
    Campaign(project, Plan.model_validate(tiny_plan), folder=tmp_path).run(LanePool([lane]))
    run = project.row("SELECT * FROM run WHERE role = 'candidate'")
    assert run is not None
    stored = {
        row["name"]: project.array(row["hash"])
        for row in project.rows("SELECT name, hash FROM run_artifact WHERE run_id = ?", run["id"])
    }
    rows = stored[EXPLAINED_ROWS]
    models = [run["original_model_id"], run["model_id"]]
    explained = do(
        "explain",
        models=models,
        rows=rows.tolist(),
        explainer="saliency",
        params={},
        dataset=1,
    )
    assert explained["maps"].keys() == {str(model) for model in models}
    maps = np.frombuffer(
        base64.b64decode(explained["maps"][str(run["model_id"])]), explained["dtype"]
    ).reshape(explained["shape"])
    np.testing.assert_array_equal(maps, stored[maps_of("saliency")])


@pytest.mark.parametrize(
    ("kind", "change", "sentence"),
    [
        ("train-model", {"recipe": {"epochs": 0}}, "The recipe: epochs must be greater than"),
        ("train-model", {"architecture": "mpl"}, "mpl"),
        ("train-model", {"params": {"hiden": [1]}}, "did you mean 'hidden'?"),
        ("train-model", {"dataset": 9}, "The project has no dataset 9."),
        ("train-model", {"dataset": "other"}, "The project has no dataset 'other'."),
    ],
)
def test_bad_input_to_training_is_one_plain_sentence(
    refusal: Callable[..., str],
    train: dict[str, Any],
    kind: str,
    change: dict[str, Any],
    sentence: str,
) -> None:
    assert sentence in refusal(kind, **train | change)


def test_other_bad_input_is_one_plain_sentence(
    refusal: Callable[..., str], dataset: int, do: Do, train: dict[str, Any]
) -> None:
    choice = {"name": "a", "where": "class == 3", "rows": [1]}
    model_id = do("train-model", **train)["model"]
    explain = {"models": [model_id], "explainer": "saliency", "params": {}, "dataset": dataset}
    assert "no model 9" in refusal("measure-outputs", model=9, dataset=dataset)
    assert "give exactly one of" in refusal(
        "choose-forget-set", dataset=dataset, model=None, choice=choice
    )
    assert "The forget set is empty." in refusal(
        "choose-forget-set", dataset=dataset, model=None, choice={"name": "a", "where": "row < 0"}
    )
    assert "has no row 100000" in refusal("explain", **explain, rows=[0, 100_000])
    missing = refusal("import-data", source="npz", path="/no/such.npz", params={}, name=None)
    assert "such.npz" in missing


def test_a_real_worker_does_the_same(project: Project, make_lane: Callable[..., Lane]) -> None:
    lane = make_lane(DEFAULT_EXECUTOR)
    payload = {"source": "digits", "path": None, "params": DIGITS, "name": None}
    job = Job("1", "import-data", {"project": str(project.path), **payload})
    dataset = (lane.submit(job).wait(PATIENCE).result or {})["dataset"]
    train = {"architecture": "mlp", "params": {}, "recipe": RECIPE, "seed": 0, "name": "mine"}
    job = Job("2", "train-model", {"project": str(project.path), "dataset": dataset, **train})
    model_id = (lane.submit(job).wait(PATIENCE).result or {})["model"]
    explain = {"models": [model_id], "rows": [0, 5], "explainer": "saliency", "params": {}}
    job = Job("3", "explain", {"project": str(project.path), "dataset": dataset, **explain})
    result = lane.submit(job).wait(PATIENCE).result or {}
    maps = np.frombuffer(base64.b64decode(result["maps"][str(model_id)]), result["dtype"])
    assert maps.reshape(result["shape"]).shape == (2, 1, 8, 8)
