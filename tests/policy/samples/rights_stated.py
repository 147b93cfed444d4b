"""Samples of the rule on rights: what the organisation states that one role may do."""

from __future__ import annotations

from typing import Any

from tests.policy.support.sample import Sample
from tests.policy.support.tenants import TENANTS

_RBAC = "rbac.authorization.k8s.io/v1"


def _rule(groups: str, resources: str, verbs: str, *names: str) -> dict[str, Any]:
    rule = {"apiGroups": groups.split(","), "resources": resources.split(), "verbs": verbs.split()}
    return {**rule, "resourceNames": list(names)} if names else rule


def _role(kind: str, *rules: dict[str, Any], namespace: str = "helpdesk-prod", **metadata: Any) -> dict[str, Any]:
    held = {} if kind == "ClusterRole" else {"namespace": namespace}
    return {"apiVersion": _RBAC, "kind": kind, "metadata": {"name": "sample", **held, **metadata}, "rules": list(rules)}


def _sample(name: str, inputs: dict[str, Any], *says: str, config: dict[str, Any] | None = None) -> Sample:
    kind = inputs["kind"]
    return Sample(
        name=f"known, {kind}: {name}",
        resource_type=f"kubernetes:{_RBAC}:{kind}",
        inputs=inputs,
        says=says,
        world=TENANTS,
        config=config or {},
    )


_STATED = tuple(
    _sample(
        f"a right that is stated as {statement}",
        _role("ClusterRole", _rule("apps", "statefulsets", "get *")),
        *says,
        config={"understood": [{"what": "right", "name": statement, "reason": "an operator of figures"}]},
    )
    for statement, *says in (
        ("ClusterRole sample: * statefulsets.apps",),
        ("ClusterRole sample: create statefulsets.apps", "verbs[1]: is '*'", "a pod of any namespace"),
        ("ClusterRole other: * statefulsets.apps", "verbs[1]: is '*'", "a pod of any namespace"),
        ("ClusterRole sample: * statefulsets", "verbs[1]: is '*'", "a pod of any namespace"),
        ("ClusterRole *: * statefulsets.apps", "verbs[1]: is '*'", "1 of the entries of `understood` cannot be"),
        ("ClusterRole sample: * *", "verbs[1]: is '*'", "1 of the entries of `understood` cannot be read"),
    )
)
_STATED_TOO = tuple(
    _sample(
        f"{verb} {resource} that is stated",
        _role("ClusterRole", _rule("", resource, verb)),
        *says,
        config={"understood": [{"what": "right", "name": "ClusterRole sample: get secrets", "reason": "signs"}]},
    )
    for verb, resource, *says in (
        ("get", "secrets"),
        ("list", "secrets", "read in every namespace"),
        ("get list", "secrets", "read in every namespace"),
        ("update", "endpoints", "leads what is meant for others"),
    )
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"rbac-least": (*_STATED, *_STATED_TOO)}
