"""What an organisation states in a rule's configuration: names, each with a reason."""

from __future__ import annotations

from collections.abc import Mapping

from policies.judging.subject import entries
from policies.judging.values import JsonValue
from policies.manifests.fields import at


def stated(config: Mapping[str, JsonValue], key: str) -> frozenset[str]:
    """Names that a rule's configuration lists with a reason; one without a reason is not stated."""
    return frozenset(
        name
        for entry in entries(config.get(key))
        if isinstance(name := at(entry, "name"), str) and isinstance(at(entry, "reason"), str) and at(entry, "reason")
    )


def stated_schema(description: str) -> dict[str, JsonValue]:
    """Schema of such a list."""
    text = {"type": "string", "minLength": 1}
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": text, "reason": text},
            "required": ["name", "reason"],
            "additionalProperties": False,
        },
        "default": [],
        "description": description,
    }
