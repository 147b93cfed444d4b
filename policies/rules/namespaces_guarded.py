"""Stack rule: every namespace has its network closed by default, and a quota."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.stack_rule import StackCase, StackRule
from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN
from policies.manifests.fields import NOT_KNOWN, at, titles, titles_schema
from policies.manifests.quantities import quantity

_RULE = "a namespace has a NetworkPolicy that denies both directions by default, and a ResourceQuota"
_EXAMPLE = "podSelector: {}, policyTypes: [Ingress, Egress]; hard: {requests.cpu: '16', requests.memory: 64Gi}"
_DEMANDED = {
    "CPU": {"cpu", "requests.cpu", "limits.cpu"},
    "memory": {"memory", "requests.memory", "limits.memory"},
}
"""What a quota must bound, and the figures that do."""


def judge(case: StackCase) -> Iterator[tuple[str, str]]:
    """Yield one message for each namespace that lacks a guard."""
    policies = list(case.kinds("networking.k8s.io", "NetworkPolicy"))
    quotas: dict[str | None, set[str]] = {}
    for quota in case.kinds("", "ResourceQuota"):
        quotas.setdefault(quota.namespace, set()).update(_bounded(quota))
    for namespace in case.kinds("", "Namespace"):
        for text in _faults(case, namespace, policies, quotas):
            yield namespace.title, f"{namespace.title}: {text}; rule: {_RULE}; example: {_EXAMPLE}"


def _faults(
    case: StackCase, namespace: Subject, policies: list[Subject], quotas: dict[str | None, set[str]]
) -> Iterator[str]:
    name = namespace.object_name
    if name is None:
        yield f"metadata.name: {NOT_KNOWN}"
        return
    for direction in ("Ingress", "Egress"):
        if not any(policy.namespace == name and _denies(policy, direction) for policy in policies):
            yield f"no NetworkPolicy denies {direction} by default"
    if titles(case.config, "withoutQuota", namespace.title):
        return
    if name not in quotas:
        yield "no ResourceQuota bounds it"
        return
    for what, fields in _DEMANDED.items():
        if not quotas[name] & fields:
            yield f"no ResourceQuota bounds its {what}"


def _bounded(quota: Subject) -> Iterator[str]:
    """What a quota bounds for every pod; one with scopes is about some of them."""
    spec = quota.inputs.get("spec")
    if at(spec, "scopes") in (None, []) and at(spec, "scopeSelector") in (None, {}):
        for field, figure in mapping(at(spec, "hard")).items():
            if quantity(figure) is not None:
                yield field


def _denies(policy: Subject, direction: str) -> bool:
    """Whether a policy is about every pod and allows nothing in a direction."""
    spec = policy.inputs.get("spec")
    selector, rules = at(spec, "podSelector"), at(spec, direction.lower())
    return (
        spec is not UNKNOWN
        and selector in ({}, None)
        and direction in entries(at(spec, "policyTypes"))
        and rules in (None, [])
    )


RULE = StackRule(
    id="namespaces-guarded",
    title="Every namespace denies traffic by default and has a quota of CPU and memory.",
    severity=Severity.HIGH,
    reason="Without a default, a pod that no policy selects talks to everything; without a quota one tenant takes all.",
    remedy="Make namespaces by components.tenancy.Tenant, or add the NetworkPolicy and the ResourceQuota.",
    reference="https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies",
    judge=judge,
    dev_level=EnforcementLevel.ADVISORY,
    config_schema={"withoutQuota": titles_schema("namespaces that need no quota, such as the object store's")},
)
