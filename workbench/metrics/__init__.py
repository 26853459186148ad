"""Every formula of the audit as a pure function: arrays in, numbers out."""

from __future__ import annotations

from workbench.metrics.errors import Undefined

__all__ = ["Undefined"]
