"""A run of the engine for machines."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tools.engine.outcome import Outcome
from tools.engine.owners import owners
from tools.engine.restarts import restarts


def as_json(stack: str, outcome: Outcome) -> dict[str, Any]:
    """What changes, restarts and is wrong; `changes` holds every object, also those that a report folds away."""
    owner_of = owners(outcome.started)
    return {
        "stack": stack,
        "status": outcome.status,
        "complete": outcome.is_complete,
        "unchanged": sum(change.is_object for change in outcome.started) - len(outcome.object_changes()),
        "changes": [
            {
                "operation": change.operation,
                "kind": change.kind,
                "namespace": change.namespace,
                "name": change.called or change.name,
                "of": " ".join(owner_of[change.urn]),
                "urn": change.urn,
                "properties": list(change.keys),
            }
            for change in outcome.object_changes()
        ],
        "restarts": [asdict(restart) for restart in restarts(outcome)],
        "warnings": [message.text for message in outcome.messages if message.severity == "warning"],
        "violations": [asdict(violation) for violation in outcome.violations],
        "errors": [message.text for message in outcome.errors()],
    }
