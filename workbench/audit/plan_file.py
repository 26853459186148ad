"""Plan files: TOML that `workbench run` takes, written from a plan and read into a draft."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.audit.draft import Content
from workbench.audit.plan import Plan, plan_from, read_plan
from workbench.audit.schedule import planned_runs
from workbench.core.errors import UsageError
from workbench.registry import Registry


def read_plan_file(path: Path) -> Content:
    """The content of a draft. UsageError names the first thing that is wrong with the file."""
    content: Content = _without_none(read_plan(path).model_dump(mode="json"))
    return content


def write_plan_file(path: Path, content: Content, registry: Registry) -> None:
    """Write a complete plan. UsageError if it is not, or says what a file cannot."""
    plan = plan_from(content, str(content.get("name", "")))
    text = to_toml(plan)
    if not _is_same(plan, plan_from(tomllib.loads(text), path.name), registry):
        raise UsageError(
            "A setting with a default is left empty in the plan, which a plan file cannot say.",
            remedy="Give every setting of its methods a value.",
        )
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise UsageError(
            f"The plan file {path.name!r} cannot be written ({fault.strerror}).",
            remedy="Choose another folder.",
        ) from fault


def to_toml(plan: Plan) -> str:
    """The plan as TOML; what is None is left out, except that "no recovery" is `false`."""
    content = plan.model_dump(mode="json")
    if content["recovery"] is None:
        content["recovery"] = False
    tables = {
        name: value for name, value in content.items() if isinstance(value, dict) or _is_rows(value)
    }
    lines = _lines({name: value for name, value in content.items() if name not in tables})
    for name, value in tables.items():
        for table in value if isinstance(value, list) else [value]:
            head = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
            lines += ["", head, *_lines(table)]
    return "\n".join(lines) + "\n"


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(name)} = {_value(one)}" for name, one in table.items() if one is not None]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(_lines(value))
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # JSON escapes are TOML escapes, but TOML also wants the delete character escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("_", "a").replace("-", "a").isalnum()
    return name if is_bare else _value(name)


def _is_same(plan: Plan, written: Plan, registry: Registry) -> bool:
    """Whether a plan and what was written of it mean the same, defaults of methods included."""
    one, other = (_without_none(each.model_dump(mode="json")) for each in (plan, written))
    return one == other and planned_runs(plan, registry) == planned_runs(written, registry)


def _without_none(value: Any) -> Any:
    """Nothing says None where a default is None anyway; "no recovery" is the exception."""
    if isinstance(value, dict):
        return {
            name: _without_none(one)
            for name, one in value.items()
            if one is not None or name == "recovery"
        }
    return [_without_none(one) for one in value] if isinstance(value, list) else value
