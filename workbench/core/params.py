"""Parameters: typed, validated, hashable, and free of torch and Qt so that a form can read them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """Base of every parameter model. Unknown keys and NaN are refused, instances are immutable.

    Give each field a default, bounds and a `description` with its unit: the same declaration
    drives the form, the command line, the plan file and the hash of a run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NoParams(Params):
    """For plugins without any setting."""
