"""What an organisation states in a rule's configuration that it understands beside the pack, each with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

from policies.judging.subject import entries
from policies.judging.values import JsonValue

_KEYS = {"what", "name", "reason"}
_RIGHT = re.compile(r"[A-Za-z]+ [^*?\[\] ]+: (?:[a-z:-]+|\*) [a-z0-9./-]+")
"""A right that is stated names its role and its resource; its verb may be `*`, every one."""
SORTS: Mapping[str, str] = {
    "group": "an API group whose objects roles may write",
    "role": "a role that bindings may name",
    "right": "what one role may do, as `<kind> <name>: <verb> <resource>.<group>`, without the group for the core's",
    "namespace": "one in which roles may do what they may in a tenant's",
    "addon": "a namespace of an add-on, in which no tenant runs pods",
    "mark": "a label or annotation of a Secret, ServiceAccount or Namespace",
    "settings": "a ConfigMap in a namespace of a program with many rights, as `<namespace>/<name>`",
    "type": "a type of Secrets",
    "identity": "a cloud's identity that an account may have",
    "address": "a host that stores, issuers and receivers of alerts may ask; `aws`, `slackConfigs`: all of one",
    "handler": "one of a RuntimeClass",
}
"""What can be stated, and what it means."""


def is_stated(config: Mapping[str, JsonValue], what: str, name: str) -> bool:
    """Whether `understood` of a rule's configuration names a thing; `*` in a name is any text.

    An entry that is malformed, or has no reason, holds for nothing.
    """
    return any(
        _is_right(entry) and entry["what"] == what and fnmatchcase(name, str(entry["name"]))
        for entry in entries(config.get("understood"))
        if isinstance(entry, Mapping)
    )


def remark(config: Mapping[str, JsonValue]) -> str:
    """What a message says of entries that cannot be read; nothing where all can."""
    wrong = sum(not isinstance(entry, Mapping) or not _is_right(entry) for entry in entries(config.get("understood")))
    return f"; {wrong} of the entries of `understood` cannot be read and hold for nothing" if wrong else ""


def _is_right(entry: Mapping[str, JsonValue]) -> bool:
    if set(entry) != _KEYS or str(entry["what"]) not in SORTS:
        return False
    name, reason = entry["name"], entry["reason"]
    if entry["what"] == "right" and not (isinstance(name, str) and _RIGHT.fullmatch(name)):
        return False
    return isinstance(name, str) and bool(name.strip("*")) and isinstance(reason, str) and bool(reason.strip())


def understood_schema() -> dict[str, JsonValue]:
    """Schema of `understood`."""
    return {
        **{"type": "array", "items": {"type": "object"}, "default": []},
        "description": "What the organisation understands beside the pack, each entry with `what`, `name` (`*` is any"
        f" text) and `reason`. `what` is one of: {'; '.join(f'`{sort}` ({said})' for sort, said in SORTS.items())}.",
    }
