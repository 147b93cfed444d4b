"""What an organisation states in a rule's configuration that it understands beside the pack, each with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from policies.judging.subject import entries
from policies.judging.values import JsonValue

_KEYS = {"what", "name", "reason"}


def is_stated(config: Mapping[str, JsonValue], what: str, name: str) -> bool:
    """Whether `understood` of a rule's configuration names a thing; `*` in a name is any text.

    An entry that is malformed, or has no reason, holds for nothing.
    """
    for entry in entries(config.get("understood")):
        if isinstance(entry, Mapping) and set(entry) == _KEYS and entry["what"] == what:
            pattern, reason = entry["name"], entry["reason"]
            reasoned = isinstance(reason, str) and bool(reason.strip())
            if reasoned and isinstance(pattern, str) and pattern.strip("*") and fnmatchcase(name, pattern):
                return True
    return False


def understood_schema(*sorts: str) -> dict[str, JsonValue]:
    """Schema of `understood`; `sorts` say what can be stated, as `<word>: <meaning>`."""
    return {
        **{"type": "array", "items": {"type": "object"}, "default": []},
        "description": "What the organisation understands beside the pack, each entry with `what`, `name` (`*` is any"
        f" text) and `reason`. `what` is one of: {'; '.join(sorts)}.",
    }
