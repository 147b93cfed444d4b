"""What a cluster holds beside what a backend has recorded: names and paths of fields alone, and no values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ops.plan.report import Entry
from tools.drift import Drift, look
from tools.engine.words import counted
from tools.kube import Kube, KubeError, through_kubectl
from tools.local.errors import LocalError
from tools.pipeline.backend import Backend


def drifted(stack: str, project: Path, folder: Path, environment: str, context: str) -> Entry:
    """Look once, through kubectl's context; what cannot be looked at is said, and is no failure of the plan."""
    try:
        resources = Backend(stack, project, folder).latest().get("resources") or []
        if not resources:
            return {"text": "not looked at: the backend has recorded nothing", "lines": []}
        with through_kubectl(context) as transport:
            found = look(resources, Kube(transport), manager=_manager(resources), environment=environment)
    except (KubeError, LocalError) as error:
        return {"text": f"not looked at: {error}", "lines": []}
    return told(found)


def told(found: Drift) -> Entry:
    """One line an object; what was not compared has lines of its own and does not count."""
    lines = list(_lines(found))
    left = [f"not compared: {line}" for line in (*found.unread, "buckets, users and quotas of the object store")]
    text = f"{counted(len(lines), 'object')} not as recorded" if lines else "every object is as recorded"
    return {"text": text, "lines": [*lines, *left]}


def _lines(found: Drift) -> Iterator[str]:
    yield from (f"gone: {entry}" for entry in found.missing)
    yield from (f"being removed: {row.entry}" for row in found.leaving)
    yield from (f"being removed with its namespace: {entry}" for entry in found.inside)
    yield from (f"without the volume that it has filled: {entry}" for entry in found.stale)
    for word, rows in (("changed by hand", found.taken), ("not recorded", found.unrecorded)):
        yield from (f"{word}: {row.entry}: {', '.join(map(str, row.fields))}" for row in rows)
    yield from (f"in no state: {entry}" for entry in found.unknown)


def _manager(resources: Sequence[Mapping[str, Any]]) -> str:
    """`<project>-<stack>`, as the URNs have it."""
    stack, project = str(resources[0]["urn"]).removeprefix("urn:pulumi:").split("::")[:2]
    return f"{project}-{stack}"
