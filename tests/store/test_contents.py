from __future__ import annotations

import numpy as np
import pytest
from store_examples import METRICS, add_run, example_dataset, example_tensors

from workbench.core.errors import DataError, ProjectError
from workbench.core.hashing import hash_arrays
from workbench.store import (
    Project,
    load_dataset,
    load_metrics,
    load_outputs,
    load_tensors,
    save_dataset,
    save_environment,
    save_forget_set,
    save_metrics,
    save_model,
    save_outputs,
    save_plugin,
)


def test_a_dataset_comes_back_with_the_same_fingerprint(project: Project) -> None:
    dataset = example_dataset()
    with project.transaction("dataset.imported") as tx:
        dataset_id = save_dataset(tx, dataset, {"plugin": "digits", "params": {"n": 12}})
    back = load_dataset(project, dataset_id)
    assert back.fingerprint == dataset.fingerprint
    assert (back.name, back.notes, back.task) == (dataset.name, dataset.notes, dataset.task)
    assert back.class_names == dataset.class_names
    assert back.preprocessing == dataset.preprocessing
    assert list(back.columns) == ["age", "subject"]
    np.testing.assert_array_equal(back.inputs, dataset.inputs)


def test_a_dataset_may_be_read_without_its_inputs(project: Project) -> None:
    dataset = example_dataset()
    with project.transaction("dataset.imported") as tx:
        dataset_id = save_dataset(tx, dataset, {})
    light = load_dataset(project, dataset_id, inputs=False)
    assert light.inputs.shape == (len(dataset), 0)
    np.testing.assert_array_equal(light.targets, dataset.targets)
    np.testing.assert_array_equal(light.columns["subject"], dataset.columns["subject"])


def test_the_same_dataset_is_imported_once(project: Project) -> None:
    with project.transaction("x") as tx:
        first = save_dataset(tx, example_dataset(), {})
        assert save_dataset(tx, example_dataset(), {}) == first
        assert save_dataset(tx, example_dataset("other name"), {}) == first
        with pytest.raises(DataError, match="another dataset named 'digits'"):
            save_dataset(tx, example_dataset(n=15), {})


def test_a_model_comes_back_tensor_by_tensor(project: Project) -> None:
    tensors = example_tensors()
    architecture = {"id": "mlp", "params": {}, "input_shape": [16], "n_outputs": 3}
    with project.transaction("x") as tx:
        model_id = save_model(tx, "original", architecture, tensors, source={"file": "m.pt"})
        tuned = tensors | {"layer.bias": np.ones(3, np.float32)}
        save_model(tx, "tuned", architecture, tuned, parent_id=model_id, source={})
    back = load_tensors(project, model_id)
    assert hash_arrays(back) == hash_arrays(tensors)
    assert back["norm.num_batches_tracked"].shape == ()
    row = project.row("SELECT * FROM model WHERE id = ?", model_id)
    assert row is not None
    assert row["weights_hash"] == hash_arrays(tensors)
    assert (row["architecture"], row["recipe"]) == (architecture, None)
    assert len(project.rows("SELECT * FROM artifact")) == 4, "shared tensors are stored once"


def test_outputs_are_found_by_what_they_depend_on(project: Project) -> None:
    outputs = {"logits": np.ones((12, 3), np.float32), "loss": np.arange(12.0)}
    with project.transaction("x") as tx:
        dataset_id = save_dataset(tx, example_dataset(), {})
        weights = {"w": np.ones(3, np.float32)}
        one, equal = (save_model(tx, name, {"id": "a"}, weights, source={}) for name in "ab")
        other = save_model(tx, "c", {"id": "b"}, weights, source={})
        save_outputs(tx, one, dataset_id, outputs)
        save_outputs(tx, one, dataset_id, outputs)
    for model_id in (one, equal):
        back = load_outputs(project, model_id, dataset_id)
        assert back is not None
        assert hash_arrays(back) == hash_arrays(outputs)
    loss = load_outputs(project, one, dataset_id, ["loss"])
    assert loss is not None
    assert list(loss) == ["loss"]
    assert load_outputs(project, one, dataset_id, ["embedding"]) is None
    assert load_outputs(project, other, dataset_id) is None, "another architecture"


def test_metrics_come_back_equal_and_in_order(project: Project) -> None:
    with project.transaction("x") as tx:
        run_id = add_run(tx)
        save_metrics(tx, run_id, 1, METRICS)
    assert load_metrics(project, run_id) == METRICS


def test_environments_and_plugins_are_stored_once_per_state(project: Project) -> None:
    with project.transaction("x") as tx:
        assert save_environment(tx, {"a": 1, "b": 2}) == save_environment(tx, {"b": 2, "a": 1}) == 1
        assert save_environment(tx, {"a": 2}) == 2
        assert save_plugin(tx, "ssd", "1", "builtin", "h1", {}) == 1
        assert save_plugin(tx, "ssd", "1", "builtin", "h1", {}) == 1
        assert save_plugin(tx, "ssd", "1", "builtin", "h2", {}) == 2


def test_a_forget_set_gets_a_version_when_it_changes(project: Project) -> None:
    rows = np.array([1, 4])
    with project.transaction("x") as tx:
        dataset_id = save_dataset(tx, example_dataset(), {})
        first = save_forget_set(tx, dataset_id, "s", {"where": "a"}, rows)
        assert save_forget_set(tx, dataset_id, "s", {"where": "a"}, rows.astype(np.int32)) == first
        second = save_forget_set(tx, dataset_id, "s", {"where": "a"}, np.array([1, 5]))
        third = save_forget_set(tx, dataset_id, "s", {"where": "b"}, rows)
        other = save_forget_set(tx, dataset_id, "t", {"where": "a"}, rows)
        assert save_forget_set(tx, dataset_id, "s", {"where": "a"}, rows) == first
    versions = project.rows("SELECT id, version, n_rows FROM forget_set ORDER BY id")
    assert [(row["id"], row["version"]) for row in versions] == [
        (first, 1),
        (second, 2),
        (third, 3),
        (other, 1),
    ]
    stored = project.row("SELECT rows_artifact FROM forget_set WHERE id = ?", second)
    assert stored is not None
    assert project.array(stored["rows_artifact"]).tolist() == [1, 5]


def test_what_is_not_there_is_named(project: Project) -> None:
    with pytest.raises(ProjectError, match="has no dataset 7"):
        load_dataset(project, 7)
    with pytest.raises(ProjectError, match="has no model 7"):
        load_tensors(project, 7)


def test_outputs_of_other_rows_are_refused_on_both_ways(project: Project) -> None:
    dataset = example_dataset()
    with project.transaction("filled") as tx:
        dataset_id = save_dataset(tx, dataset, {})
        model_id = save_model(tx, "m", {"id": "mlp"}, {"w": np.ones(2)}, source={})
    short = {"logits": np.ones((len(dataset), 3)), "loss": np.ones(len(dataset) - 1)}
    with (
        pytest.raises(DataError, match="loss of model 1 hold 11 rows"),
        project.transaction("t") as tx,
    ):
        save_outputs(tx, model_id, dataset_id, short)
    with project.transaction("outputs.stored") as tx:
        save_outputs(tx, model_id, dataset_id, {"loss": np.ones(len(dataset))})
    event = project.row("SELECT payload FROM event WHERE type = 'outputs.stored'")
    assert event["payload"]["rows_of"] == {"dataset": dataset.fingerprint, "rows": len(dataset)}
    with project.transaction("t") as tx:
        wrong = tx.put_array(np.ones(len(dataset) + 1))
        tx.update("output", {"dataset_id": dataset_id, "name": "loss"}, hash=wrong)
    with pytest.raises(ProjectError, match="hold 13 rows for a dataset of 12"):
        load_outputs(project, model_id, dataset_id)
