"""Objects of a tenant's namespace, changed row by row, in a world whose settings name tenants."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.support.sample import WORLD, Sample, changed

TENANTS = dataclasses.replace(WORLD, settings={**WORLD.settings, "tenants": {"helpdesk": {}, "sales": {}}})


def held(version: str, kind: str, **fields: Any) -> dict[str, Any]:
    """An object called `sample` in the namespace of helpdesk."""
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "sample", "namespace": "helpdesk-prod"}, **fields}


def rows(base: dict[str, Any], *lines: tuple[Any, ...], **more: Any) -> tuple[Sample, ...]:
    """Samples out of lines of name, changes and fragments of what is said."""
    version = base["apiVersion"]
    token = f"kubernetes:{'core/v1' if version == 'v1' else version}:{base['kind']}"
    return tuple(
        Sample(
            name=f"an object, {base['kind']}: {name}",
            resource_type=token,
            inputs=changed(base, changes),
            says=tuple(says),
            **{"world": TENANTS, **more},
        )
        for name, changes, *says in lines
    )
