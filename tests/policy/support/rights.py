"""Objects of RBAC for samples of the rule on rights."""

from __future__ import annotations

from typing import Any

from tests.policy.support.sample import Sample
from tests.policy.support.tenants import TENANTS

RBAC = "rbac.authorization.k8s.io/v1"


def rule(groups: str, resources: str, verbs: str, *names: str) -> dict[str, Any]:
    """One rule of a role; groups by comma, resources and verbs by blank."""
    stated = {"apiGroups": groups.split(","), "resources": resources.split(), "verbs": verbs.split()}
    return {**stated, "resourceNames": list(names)} if names else stated


def role(kind: str, *rules: dict[str, Any], namespace: str = "helpdesk-prod", **metadata: Any) -> dict[str, Any]:
    """A Role or a ClusterRole of some rules."""
    held = {} if kind == "ClusterRole" else {"namespace": namespace}
    return {"apiVersion": RBAC, "kind": kind, "metadata": {"name": "sample", **held, **metadata}, "rules": list(rules)}


def sample(name: str, inputs: dict[str, Any], *says: str, config: dict[str, Any] | None = None) -> Sample:
    """A sample among the tenants, with what the rule must say of it."""
    kind = inputs["kind"]
    return Sample(
        name=f"known, {kind}: {name}",
        resource_type=f"kubernetes:{RBAC}:{kind}",
        inputs=inputs,
        says=says,
        world=TENANTS,
        config=config or {},
    )
