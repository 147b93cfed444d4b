"""The catalog's list of vLLM's flags, made from vLLM's own parser.

What the parser knows (how many values, short names, kind of value, choices, keys of JSON) is written anew; what people
have judged (which setting says a flag, why it is closed, which values are understood) stays. A flag that nobody has
judged is closed until somebody does, and one that is gone stands below `removed`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

FACTS = ("takes", "short", "negated", "kind", "choices", "keys")
"""What the parser knows of a flag; `infra/catalog/server-flags.json` says what each is."""

UNJUDGED = "is new in this version, and nobody has said what it opens"


def merged(listed: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The list with the facts of another parser; `said` is what tools/server_flags/reading.py writes."""
    flags: dict[str, Any] = {}
    for name, entry in listed["flags"].items():
        judged = {key: value for key, value in entry.items() if key not in FACTS}
        if name in said["flags"]:
            flags[name] = {**said["flags"][name], **judged}
        elif entry.get("elsewhere"):
            flags[name] = {**entry}
    for name, facts in said["flags"].items():
        flags.setdefault(name, {**facts, "closed": UNJUDGED})
    gone = {name: {"gone": said["version"]} for name in listed["flags"] if name not in flags}
    removed = {**gone, **listed.get("removed", {})}
    return {
        "about": listed["about"],
        "version": said["version"],
        "flags": dict(sorted(flags.items())),
        "removed": {name: entry for name, entry in sorted(removed.items()) if name not in said["flags"]},
    }


def text(content: Mapping[str, Any]) -> str:
    """The list as its file has it: one flag a line."""
    parts = [f'"about": {json.dumps(content["about"])}', f'"version": {json.dumps(content["version"])}']
    for key in ("flags", "removed"):
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in content[key].items())
        parts.append(f'"{key}": {{\n{lines}\n}}')
    return "{\n" + ",\n".join(parts) + "\n}\n"
