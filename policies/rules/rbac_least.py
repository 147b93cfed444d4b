"""Rule: roles and bindings give what is needed and no more.

What is too much stands in tables: rights in `policies.manifests.rights_table`, names in
`policies.manifests.bound_names`. Rights count wherever they are given, also within an object of another kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.api_doors import api_doors
from policies.manifests.bound_names import STRICT_CONSTRAINTS, STRONG_IN_ALL, not_bound, strong_role
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown, titles, titles_schema
from policies.manifests.objects import each_object, told
from policies.manifests.rights_table import escalating, power
from policies.manifests.rights_within import rights_within

_ID = "rbac-least"
_GROUPS = ("rbac.authorization.k8s.io", "authorization.openshift.io")
_READING = ("get", "list", "watch", "update", "patch", "deletecollection", "*")
"""Verbs whose answer holds the Secret: also a change of nothing, and the removal of many."""

_OWN_NAMESPACES = ("kube-", "openshift-")
_SHELLS = ("pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers", "pods/proxy", "services/proxy")
_EXAMPLE = "apiGroups: [serving.kserve.io], resources: [inferenceservices], verbs: [get], resourceNames: [support]"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each right that is too much, and for each object that leads to rights."""
    rule = "roles name groups, resources and verbs, and give no way to more; bindings name who has them"
    yield from told(case, _faults(case), rule, _EXAMPLE)
    yield from told(case, api_doors(case.subject, _ID), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    inputs, kind = case.subject.inputs, case.subject.kind
    if case.subject.group not in _GROUPS:
        yield from _within(case)
    elif kind in ("Role", "ClusterRole"):
        if inputs.get("aggregationRule") is not None:
            yield Fault(path="aggregationRule", text="collects rights on the cluster, which cannot be seen here")
        for path, rule in listed(inputs.get("rules"), "rules"):
            yield from _rule(case, path, rule, cluster_wide=kind == "ClusterRole")
    elif kind in ("RoleBinding", "ClusterRoleBinding"):
        yield from _binding(inputs, "", cluster_wide=kind == "ClusterRoleBinding" or _is_of_the_cluster(case))


def _is_of_the_cluster(case: Case) -> bool:
    """Whether the namespace is one of the cluster's own, whose accounts may do everything."""
    return (case.subject.namespace or "").startswith(_OWN_NAMESPACES)


def _within(case: Case) -> Iterator[Fault]:
    """Rights in an object of another kind: for how many namespaces they hold is its controller's matter."""
    for found in rights_within(case.subject):
        if found.sort == "rule":
            yield from _rule(case, found.path, found.value, cluster_wide=".permissions[" not in found.path)
        elif found.sort == "binding":
            yield from _binding(mapping(found.value), f"{found.path}.", cluster_wide=True)
        else:
            yield from _role_name(found.path, found.value, cluster_wide=False)


def _binding(inputs: dict[str, JsonValue], prefix: str, *, cluster_wide: bool) -> Iterator[Fault]:
    yield from _role_name(f"{prefix}roleRef.name", at(inputs.get("roleRef"), "name"), cluster_wide=cluster_wide)
    for path, subject in listed(inputs.get("subjects"), f"{prefix}subjects"):
        name = at(subject, "name")
        if name is UNKNOWN or at(subject, "kind") != "ServiceAccount":
            yield from _who(f"{path}.name", name)
    for field in ("userNames", "groupNames"):
        for path, name in listed(inputs.get(field), f"{prefix}{field}"):
            yield from _who(path, name)


def _role_name(path: str, name: JsonValue, *, cluster_wide: bool) -> Iterator[Fault]:
    if name is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    elif cluster_wide and str(name) in STRONG_IN_ALL:
        yield Fault(path=path, text=f"{shown(name)}, for every namespace")
    elif why := strong_role(str(name)):
        yield Fault(path=path, text=f"{shown(name)}, {why}")


def _who(path: str, name: JsonValue) -> Iterator[Fault]:
    if name is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    elif why := not_bound(str(name)):
        yield Fault(path=path, text=f"{shown(name)}, {why}")


def _rule(case: Case, path: str, rule: JsonValue, *, cluster_wide: bool) -> Iterator[Fault]:
    if rule is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    for field in ("apiGroups", "resources", "verbs", "nonResourceURLs"):
        for where, value in listed(at(rule, field), f"{path}.{field}"):
            if value is UNKNOWN or "*" in str(value):
                yield Fault(path=where, text=shown(value))
    for where, verb in listed(at(rule, "verbs"), f"{path}.verbs"):
        if isinstance(verb, str) and escalating(verb):
            yield Fault(path=where, text=f"{shown(verb)}, which leads to every other right")
    for where, resource in listed(at(rule, "resources"), f"{path}.resources"):
        # One with a wildcard, or not known, is told already.
        known = isinstance(resource, str) and "*" not in resource
        text = _too_much(case, rule, str(resource), cluster_wide=cluster_wide) if known else None
        if text:
            yield Fault(path=where, text=f"is {str(resource)!r}: {text}")


def _too_much(case: Case, rule: JsonValue, resource: str, *, cluster_wide: bool) -> str | None:
    groups, verbs, names = (_words(at(rule, field)) for field in ("apiGroups", "verbs", "resourceNames"))
    wide = cluster_wide or _is_of_the_cluster(case)
    text = power(groups, resource, verbs, names, cluster_wide=wide)
    if text is None and resource in _SHELLS and not titles(case.config, "allowShells", case.subject.title):
        text = "a way into running pods"
    elif resource == "securitycontextconstraints" and ("use" in verbs or "*" in verbs):
        strict = names and all(name in STRICT_CONSTRAINTS for name in names)
        text = text if strict else f"of it only {', '.join(STRICT_CONSTRAINTS)} may be used"
    elif resource == "secrets" and _is_core(groups) and any(verb in _READING for verb in verbs):
        if cluster_wide:
            text = "read in every namespace"
        elif not names:
            text = "all of the namespace's, without resourceNames"
    return text


def _words(value: JsonValue) -> list[str]:
    """Entries of a list of words; what is not known may be any word."""
    if value is UNKNOWN:
        return ["*"]
    return ["*" if entry is UNKNOWN else str(entry) for entry in entries(value)]


def _is_core(groups: list[str]) -> bool:
    """Whether the groups of a rule may be the core's; other groups have Secrets that are something else."""
    return not groups or any(group in ("", "*") for group in groups)


RULE = Rule(
    id=_ID,
    title="Roles and bindings give what is needed and no more.",
    severity=Severity.CRITICAL,
    reason="A wildcard, a strong role or a right that gives rights ends every separation between tenants.",
    remedy="Name groups, resources and verbs; bind groups of people or one account; read single Secrets by name.",
    reference="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
    judge=judge,
    config_schema={"allowShells": titles_schema("roles that may exec into, attach to or forward ports of pods")},
)
