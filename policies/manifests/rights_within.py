"""Rights that an object of another kind holds: rules and bindings that its controller turns into roles.

OLM's ClusterServiceVersions, tenants of Capsule, roles of Rancher: the mappings look as in Kubernetes' own kinds, so
they are found by their form wherever they stand. Objects within the object are not entered: they are judged themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.judging.subject import Subject
from policies.judging.values import JsonValue
from policies.manifests.nested import is_manifest

_WITHOUT = frozenset(
    {
        *("", "apps", "batch", "autoscaling", "policy", "events.k8s.io", "networking.k8s.io", "storage.k8s.io"),
        *("scheduling.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "node.k8s.io", "authorization.k8s.io"),
        *("admissionregistration.k8s.io", "apiregistration.k8s.io", "apiextensions.k8s.io", "audit.k8s.io"),
        *("authentication.k8s.io", "certificates.k8s.io", "flowcontrol.apiserver.k8s.io", "resource.k8s.io"),
    }
)
"""Groups whose objects give no rights; in audit and flow control the same words say what is logged or queued."""

_ROLE_KEYS = frozenset({"clusterRole", "clusterRoleName", "clusterRoleRef", "roleName", "roleTemplateName"})
_ROLE_LISTS = frozenset({"clusterRoleNames", "additionalClusterRoles"})


@dataclass(frozen=True, kw_only=True)
class Within:
    """A mapping of rights at a path: a `rule`, a `binding` with its `roleRef`, or a `role` by its name."""

    path: str
    sort: str
    value: JsonValue


def rights_within(subject: Subject) -> Iterator[Within]:
    """Every rule, binding and name of a role in an object whose kind is not one of roles and bindings."""
    if subject.group in _WITHOUT:
        return
    for key, value in subject.inputs.items():
        if key not in ("metadata", "status", "apiVersion", "kind"):
            yield from _walk(value, key, key)


def _walk(value: JsonValue, path: str, key: str) -> Iterator[Within]:
    if isinstance(value, dict):
        if not is_manifest(value):
            yield from _mapping(value, path)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            where = f"{path}[{index}]"
            if not isinstance(entry, str):
                yield from _walk(entry, where, key)
            elif key in _ROLE_LISTS:
                yield Within(path=where, sort="role", value=entry)


def _mapping(value: dict[str, JsonValue], path: str) -> Iterator[Within]:
    if isinstance(value.get("verbs"), list) and ("resources" in value or "nonResourceURLs" in value):
        yield Within(path=path, sort="rule", value=value)
    elif isinstance(value.get("roleRef"), dict):
        yield Within(path=path, sort="binding", value=value)
    for name, entry in value.items():
        where = f"{path}.{name}"
        if not isinstance(entry, str):
            yield from _walk(entry, where, name)
        elif name in _ROLE_KEYS:
            yield Within(path=where, sort="role", value=entry)
