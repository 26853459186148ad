"""The project file: what an audit used, measured and concluded, with proof that it is unchanged."""

from workbench.store.contents import (
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
from workbench.store.evidence import event_hash, merkle_root, now
from workbench.store.interruption import mark_interrupted
from workbench.store.processes import is_gone, process_start, worker_identity
from workbench.store.project import Project
from workbench.store.transaction import Transaction
from workbench.store.verification import Fault, verify

__all__ = [
    "Fault",
    "Project",
    "Transaction",
    "event_hash",
    "is_gone",
    "load_dataset",
    "load_metrics",
    "load_outputs",
    "load_tensors",
    "mark_interrupted",
    "merkle_root",
    "now",
    "process_start",
    "save_dataset",
    "save_environment",
    "save_forget_set",
    "save_metrics",
    "save_model",
    "save_outputs",
    "save_plugin",
    "verify",
    "worker_identity",
]
