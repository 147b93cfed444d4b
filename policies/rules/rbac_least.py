"""Rule: roles and bindings give what is needed and no more."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.api_doors import api_doors
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown, titles, titles_schema
from policies.manifests.objects import each_object, told

_GROUPS = ("rbac.authorization.k8s.io", "authorization.openshift.io")
_ESCALATING = ("escalate", "bind", "impersonate")
_READING = ("get", "list", "watch", "*")
_SHELLS = ("pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers", "pods/proxy", "services/proxy")
_NODES = ("nodes/proxy",)
_MINTING = ("serviceaccounts/token",)
_STRONG = {
    **dict.fromkeys(
        ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
        (("create", "update", "patch"), "whoever writes it reads and changes every request to the API"),
    ),
    "certificatesigningrequests/approval": (("update", "patch"), "a certificate can be that of an administrator"),
    "signers": (("approve", "sign"), "a certificate can be that of an administrator"),
    "persistentvolumes": (("create",), "a volume can be a path of the node"),
}
"""Resources, the verbs that lead to every other right, and why."""

_STRICT_CONSTRAINTS = ("restricted", "restricted-v2", "nonroot", "nonroot-v2")
_STRONG_ROLES = ("cluster-admin", "system:openshift:scc:anyuid", "system:openshift:scc:privileged")
_STRONG_IN_ALL = ("admin", "edit", "system:node", "system:kube-controller-manager")
"""Roles that read Secrets, which for a whole cluster nobody gets."""

_EVERYBODY = {
    *("system:authenticated", "system:unauthenticated", "system:anonymous", "system:masters"),
    *("system:serviceaccounts", "system:authenticated:oauth", "system:cluster-admins", "system:nodes"),
}
_EXAMPLE = "apiGroups: [serving.kserve.io], resources: [inferenceservices], verbs: [get], resourceNames: [support]"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each right that is too much, and for each object that leads to rights."""
    rule = "roles name groups, resources and verbs, and give no way to more; bindings name who has them"
    if case.subject.group in _GROUPS:
        yield from told(case, _faults(case), rule, _EXAMPLE)
    yield from told(case, api_doors(case.subject, "rbac-least"), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    inputs = case.subject.inputs
    if case.subject.kind in ("Role", "ClusterRole"):
        if inputs.get("aggregationRule") is not None:
            yield Fault(path="aggregationRule", text="collects rights on the cluster, which cannot be seen here")
        for path, rule in listed(inputs.get("rules"), "rules"):
            yield from _rule(case, path, rule)
    if case.subject.kind in ("RoleBinding", "ClusterRoleBinding"):
        name = at(inputs.get("roleRef"), "name")
        if name is UNKNOWN or name in _STRONG_ROLES:
            yield Fault(path="roleRef.name", text=shown(name))
        elif case.subject.kind == "ClusterRoleBinding" and name in _STRONG_IN_ALL:
            yield Fault(path="roleRef.name", text=f"{shown(name)}, for every namespace")
        for path, subject in listed(inputs.get("subjects"), "subjects"):
            who = at(subject, "name")
            if who is UNKNOWN or who in _EVERYBODY or str(who).startswith("system:serviceaccounts:"):
                yield Fault(path=f"{path}.name", text=shown(who))


def _rule(case: Case, path: str, rule: JsonValue) -> Iterator[Fault]:
    if rule is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    for field in ("apiGroups", "resources", "verbs", "nonResourceURLs"):
        for where, value in listed(at(rule, field), f"{path}.{field}"):
            if value is UNKNOWN or "*" in str(value):
                yield Fault(path=where, text=shown(value))
    for where, verb in listed(at(rule, "verbs"), f"{path}.verbs"):
        if verb in _ESCALATING:
            yield Fault(path=where, text=f"{shown(verb)}, which leads to every other right")
    resources = [(where, str(value)) for where, value in listed(at(rule, "resources"), f"{path}.resources")]
    for where, resource in resources:
        text = _too_much(case, rule, resource)
        if text:
            yield Fault(path=where, text=f"is {resource!r}: {text}")


def _too_much(case: Case, rule: JsonValue, resource: str) -> str | None:
    verbs = [str(verb) for verb in entries(at(rule, "verbs"))]
    named = bool(entries(at(rule, "resourceNames")))
    text = None
    if resource in _NODES:
        text = "the kubelet's interface runs commands in every pod of a node"
    elif resource in _SHELLS and not titles(case.config, "allowShells", case.subject.title):
        text = "a way into running pods"
    elif resource in _MINTING and not named:
        text = "tokens of every account"
    elif resource == "securitycontextconstraints" and "use" in verbs:
        names = entries(at(rule, "resourceNames"))
        strict = names and all(name in _STRICT_CONSTRAINTS for name in names)
        text = None if strict else f"of it only {', '.join(_STRICT_CONSTRAINTS)} may be used"
    elif resource in _STRONG and any(verb in _STRONG[resource][0] for verb in verbs):
        text = _STRONG[resource][1]
    elif resource == "secrets" and _is_core(at(rule, "apiGroups")) and any(verb in _READING for verb in verbs):
        if case.subject.kind == "ClusterRole":
            text = "read in every namespace"
        elif not named:
            text = "all of the namespace's, without resourceNames"
    return text


def _is_core(groups: JsonValue) -> bool:
    """Whether the groups of a rule may be the core's; other groups have Secrets that are something else."""
    return not entries(groups) or any(group is UNKNOWN or group in ("", "*") for group in entries(groups))


RULE = Rule(
    id="rbac-least",
    title="Roles and bindings give what is needed and no more.",
    severity=Severity.CRITICAL,
    reason="A wildcard, a strong role or a right that gives rights ends every separation between tenants.",
    remedy="Name groups, resources and verbs; bind groups of people or one account; read single Secrets by name.",
    reference="https://kubernetes.io/docs/concepts/security/rbac-good-practices/",
    judge=judge,
    config_schema={"allowShells": titles_schema("roles that may exec into, attach to or forward ports of pods")},
)
