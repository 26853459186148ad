"""From a plan to its runs: what is executed, in which role, and the lock that precedes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from workbench.audit.plan import MethodChoice, Plan
from workbench.core.errors import ProjectError, UsageError
from workbench.core.hashing import hash_json
from workbench.core.vocabulary import PluginKind, RunRole, RunStatus
from workbench.registry import Registry
from workbench.store import Project, Transaction, now, save_plugin

ORIGINAL = "original"


@dataclass(frozen=True)
class PlannedRun:
    """One execution of one method at one seed on one forget set."""

    forget_set: str
    label: str
    role: RunRole
    method: str
    params: dict[str, Any]
    seed: int


def planned_runs(plan: Plan, registry: Registry) -> tuple[PlannedRun, ...]:
    """Every run of the plan, references first: a verdict is worthless without them."""
    return tuple(_planned(plan, registry))


def _planned(plan: Plan, registry: Registry) -> Iterator[PlannedRun]:
    reference = plan.reference.method
    straw_men = tuple(MethodChoice(id=method) for method in plan.straw_men(registry))
    for chosen in plan.forget_sets:
        name = chosen.name
        yield PlannedRun(name, ORIGINAL, RunRole.ORIGINAL, ORIGINAL, {}, 0)
        yield from _seeds(name, reference, RunRole.REFERENCE, plan.reference.band_seeds, registry)
        yield from _seeds(name, reference, RunRole.CONTROL, plan.reference.control_seeds, registry)
        for straw_man in straw_men:
            yield from _seeds(name, straw_man, RunRole.STRAW_MAN, straw_man.seeds, registry)
        for method in plan.methods:
            yield from _seeds(name, method, RunRole.CANDIDATE, method.seeds, registry)


def _seeds(
    forget_set: str,
    method: MethodChoice,
    role: RunRole,
    seeds: tuple[int, ...],
    registry: Registry,
) -> Iterator[PlannedRun]:
    params = registry.get(PluginKind.METHOD, method.id).parse_params(method.params)
    for seed in seeds:
        yield PlannedRun(
            forget_set, method.label, role, method.id, params.model_dump(mode="json"), seed
        )


def lock_plan(project: Project, plan: Plan) -> int:
    """Write the plan, its hash and its criteria into the project before any result; its id.

    The same plan is locked once: locking it again returns the id it already has.
    """
    known = project.row("SELECT id FROM plan WHERE hash = ?", plan.hash)
    if known:
        return int(known["id"])
    with project.transaction(
        "plan.locked", subject=f"plan:{plan.name}", payload={"hash": plan.hash}
    ) as tx:
        time = now()
        plan_id = tx.insert(
            "plan",
            name=plan.name,
            content=plan.model_dump(mode="json"),
            hash=plan.hash,
            locked=time,
            created=time,
        )
        for criterion in plan.criteria:
            tx.insert(
                "criterion",
                plan_id=plan_id,
                name=criterion.name,
                definition=criterion.model_dump(mode="json"),
                is_primary=int(criterion.primary),
                is_exploratory=0,
            )
    return plan_id


def queue_runs(project: Project, plan_id: int, plan: Plan, registry: Registry) -> list[int]:
    """Queue every run of a prepared plan that is not there yet; ids of those not done, in order.

    Runs that ended in an error, a crash or an interruption are queued again.
    """
    prepared = project.row("SELECT * FROM plan WHERE id = ?", plan_id)
    if prepared is None or prepared["forget_sets"] is None:
        raise UsageError("The plan was not prepared.", remedy="Run it again from the start.")
    with project.transaction("runs.queued", subject=f"plan:{plan_id}") as tx:
        return [
            run_id
            for planned in planned_runs(plan, registry)
            if (run_id := _queue(tx, prepared, plan, planned, registry)) is not None
        ]


def _queue(
    tx: Transaction, prepared: dict[str, Any], plan: Plan, planned: PlannedRun, registry: Registry
) -> int | None:
    """Queue one run; None if it is done. UsageError if it was done with something else."""
    forget_set = _existing(tx, "forget_set", prepared["forget_sets"][planned.forget_set])
    inputs = _inputs(tx, prepared, plan, planned, forget_set, registry)
    identity = {
        "plan_id": prepared["id"],
        "forget_set_id": forget_set["id"],
        "label": planned.label,
        "seed": planned.seed,
        "role": str(planned.role),
    }
    values = {
        "status": str(RunStatus.QUEUED),
        "key": hash_json(
            {
                "inputs": inputs,
                "method": planned.method,
                "params": planned.params,
                "seed": planned.seed,
            }
        ),
        "plugin_id": _plugin(tx, planned, registry),
        "queued": now(),
        "error": None,
    }
    existing = tx.row(
        "SELECT id, status, key FROM run WHERE plan_id = ? AND forget_set_id = ? AND label = ? "
        "AND seed = ? AND role = ?",
        *identity.values(),
    )
    if existing is None:
        run_id = tx.insert(
            "run",
            **identity,
            **values,
            method=planned.method,
            params=planned.params,
            original_model_id=prepared["original_model_id"],
        )
    elif existing["status"] == RunStatus.RUNNING:
        raise UsageError(
            f"Another program is running {planned.label!r}, seed {planned.seed}, of this plan.",
            remedy="Wait until it has finished.",
        )
    elif existing["status"] != RunStatus.DONE:
        run_id = int(existing["id"])
        tx.update("run", {"id": run_id}, **values)
        tx.delete("run_input", {"run_id": run_id})
    elif existing["key"] != values["key"]:
        raise UsageError(
            f"What {planned.label!r} depends on has changed since seed {planned.seed} was run.",
            remedy="Give the plan another name, so that all its runs are made alike.",
        )
    else:
        return None
    for name, digest in inputs.items():
        tx.insert("run_input", run_id=run_id, name=name, hash=digest)
    return run_id


def _existing(tx: Transaction, table: str, row_id: int) -> dict[str, Any]:
    row = tx.row(f"SELECT * FROM {table} WHERE id = ?", row_id)
    if row is None:
        raise ProjectError(
            f"The plan names {table.replace('_', ' ')} {row_id}, which is gone.",
            remedy="Run 'workbench verify', and restore the project from a copy.",
        )
    return row


def _inputs(
    tx: Transaction,
    prepared: dict[str, Any],
    plan: Plan,
    planned: PlannedRun,
    forget_set: dict[str, Any],
    registry: Registry,
) -> dict[str, str]:
    """Hashes of everything the result of a run depends on, besides its method and seed."""
    inputs = {
        "original weights": _existing(tx, "model", prepared["original_model_id"])["weights_hash"],
        "dataset": _existing(tx, "dataset", prepared["dataset_id"])["fingerprint"],
        "forget rows": forget_set["rows_artifact"],
        "recipe": hash_json(plan.recipe.model_dump(mode="json")),
    }
    used = [(PluginKind.ATTACK, attack) for attack in plan.attacks]
    used += [(PluginKind.ATTRIBUTION, explainer) for explainer in plan.attributions]
    if planned.role is not RunRole.ORIGINAL:
        used.append((PluginKind.METHOD, planned.method))
    return inputs | {f"{kind} {id_}": registry.get(kind, id_).plugin.hash for kind, id_ in used}


def _plugin(tx: Transaction, planned: PlannedRun, registry: Registry) -> int | None:
    if planned.role is RunRole.ORIGINAL:
        return None
    plugin = registry.get(PluginKind.METHOD, planned.method).plugin
    return save_plugin(
        tx,
        plugin.id,
        plugin.manifest.version,
        str(plugin.origin),
        plugin.hash,
        plugin.manifest.model_dump(mode="json"),
    )
