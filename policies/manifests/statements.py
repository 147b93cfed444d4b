"""What an organisation states in a rule's configuration: names, each with the reason why it is right."""

from __future__ import annotations

from collections.abc import Mapping

from policies.judging.subject import entries
from policies.judging.values import JsonValue


def names(said: JsonValue) -> tuple[tuple[str, ...], str]:
    """The names of a list of `{name, reason}`, and a remark on what in it cannot be read, which holds for nothing."""
    found = [_name(entry) for entry in entries(said)]
    wrong = sum(name is None for name in found) + (said is not None and not isinstance(said, list))
    remark = f" ({wrong} of its statements cannot be read and hold for nothing)" if wrong else ""
    return tuple(name for name in found if name is not None), remark


def _name(entry: JsonValue) -> str | None:
    if not isinstance(entry, Mapping) or set(entry) != {"name", "reason"}:
        return None
    name, reason = entry["name"], entry["reason"]
    if not isinstance(name, str) or not isinstance(reason, str):
        return None
    # A statement about everything says nothing.
    return name if name.strip("*/ ") and reason.strip() else None


def names_schema(description: str) -> dict[str, JsonValue]:
    """Schema of such a list."""
    return {
        **{"type": "array", "items": {"type": "object"}, "default": []},
        "description": f"{description}: a list of `name` and `reason`.",
    }
