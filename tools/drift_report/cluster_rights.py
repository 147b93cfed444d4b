"""ClusterRoleBindings: whom they let into our namespaces, judged by subjects and by what their role allows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.kube import Object

RBAC = "rbac.authorization.k8s.io"
_ANY = "*"
_BOOTSTRAPPING = "kubernetes.io/bootstrapping"
_READS = frozenset({"get", "list", "watch"})
_ACCOUNTS = "system:serviceaccounts"
_EVERYBODY = frozenset(
    {
        *("Group system:authenticated", "Group system:authenticated:oauth", "Group system:unauthenticated"),
        *(f"Group {_ACCOUNTS}", "User system:anonymous"),
    }
)
"""Subjects that our own accounts, people without any, or all people of an OpenShift are among."""

_POWERS: Mapping[str, frozenset[str]] = {
    "": frozenset({"users", "groups", "persistentvolumes", "nodes/proxy"}),
    "authentication.k8s.io": frozenset({"uids", "userextras"}),
    "admissionregistration.k8s.io": frozenset(
        {
            *("mutatingwebhookconfigurations", "mutatingadmissionpolicies", "mutatingadmissionpolicybindings"),
            *("validatingwebhookconfigurations", "validatingadmissionpolicies", "validatingadmissionpolicybindings"),
        }
    ),
    "apiextensions.k8s.io": frozenset({"customresourcedefinitions"}),
    "apiregistration.k8s.io": frozenset({"apiservices"}),
    "certificates.k8s.io": frozenset({"certificatesigningrequests/approval", "signers"}),
    RBAC: frozenset({"clusterroles", "clusterrolebindings"}),
}
"""What lies in no namespace and, changed or impersonated, reaches into every one; `nodes/proxy` when it is read too."""
_DELEGATOR = "system:auth-delegator"
_SHOWN = 4
_FIRST = ("secrets", "pods", "namespaces")
"""Named before others: whoever reads Secrets has all keys."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """What a cluster has in namespaces, and Namespaces themselves: by API group the plurals of these kinds."""

    plurals: Mapping[str, frozenset[str]]

    def named(self, rules: Sequence[Mapping[str, Any]]) -> str:
        """What rules are about; empty for nothing of these kinds."""
        return _first({name for rule in rules for name in self._given(rule)})

    def words(self, rules: Sequence[Mapping[str, Any]]) -> str:
        """What rules allow in every namespace, such as `read and change secrets, pods and 3 more`; else empty."""
        found: dict[str, set[str]] = {}
        for rule in rules:
            verbs = {str(verb) for verb in rule.get("verbs") or []}
            for name in (*self._given(rule), *_powers(rule, verbs)):
                found.setdefault(name, set()).update(verbs)
        if not found:
            return ""
        verbs = set().union(*found.values())
        does = ["read"] * bool(verbs & (_READS | {_ANY})) + ["change"] * bool(verbs - _READS)
        return f"{' and '.join(does)} {_first(found)}"

    def _given(self, rule: Mapping[str, Any]) -> Iterator[str]:
        groups, resources = rule.get("apiGroups") or [], rule.get("resources") or []
        # `pods/exec` and `*/scale` reach into pods, and into whatever has it.
        plurals = {str(resource).partition("/")[0] for resource in resources}
        for group in self.plurals if _ANY in groups else groups:
            served = self.plurals.get(str(group), frozenset())
            yield from served if _ANY in plurals else served & plurals


def _powers(rule: Mapping[str, Any], verbs: Collection[str]) -> Iterator[str]:
    groups, resources = rule.get("apiGroups") or [], rule.get("resources") or []
    for group, names in _POWERS.items():
        for name in names if group in groups or _ANY in groups else ():
            plain, _, part = name.partition("/")
            is_given = not {name, _ANY, f"*/{part}" if part else name, f"{plain}/*"}.isdisjoint(resources)
            if is_given and (name == "nodes/proxy" or not _READS.issuperset(verbs)):
                yield name


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What a binding does to us: `why` says it, `is_drift` whether nobody but people can have meant it."""

    why: str
    is_drift: bool = False
    is_known: bool = False


def reach(
    binding: Object,
    roles: Mapping[str, Object],
    served: Served,
    namespaces: Collection[str],
    delegating: Collection[str] = (),
) -> Reach | None:
    """What a ClusterRoleBinding gives in our namespaces, or to our accounts; None for nothing.

    In namespaces that are `delegating` an LLMInferenceService is declared: KServe lets the account of its scheduler
    ask the API server whether tokens are good, which nobody else can see.
    """
    subjects = [_subject(one) for one in binding.get("subjects") or []]
    name = str((binding.get("roleRef") or {}).get("name", ""))
    rules: Sequence[Mapping[str, Any]] = (roles.get(name) or {}).get("rules") or []
    allowed = served.words(rules)
    own = [one for one in subjects if _is_of(one, namespaces)]
    if own and name == _DELEGATOR and not allowed and all(_is_delegating(one, delegating) for one in subjects):
        return Reach(why="KServe's", is_known=True)
    if own:
        return Reach(why=f"gives {_names(own)} of ours the ClusterRole {name}", is_drift=True)
    if not allowed:
        return None
    everybody = [one for one in subjects if one in _EVERYBODY]
    if everybody:
        return Reach(why=f"lets {_names(everybody)} {allowed} in every namespace", is_drift=True)
    if not subjects or _is_built_in(binding, roles.get(name), subjects):
        return None
    return Reach(why=f"lets {_names(subjects)} {allowed} in every namespace")


def content(binding: Object, roles: Mapping[str, Object]) -> dict[str, Any]:
    """What of a binding decides about rights: another content is another thing to judge."""
    role = binding.get("roleRef") or {}
    return {
        "role": role,
        "subjects": sorted(_subject(one) for one in binding.get("subjects") or []),
        "rules": (roles.get(str(role.get("name"))) or {}).get("rules") or [],
    }


def _subject(one: Mapping[str, Any]) -> str:
    place = f"{one.get('namespace', '')}/" if one.get("kind") == "ServiceAccount" else ""
    return f"{one.get('kind')} {place}{one.get('name')}"


def _is_of(subject: str, namespaces: Collection[str]) -> bool:
    """Whether it is an account of ours: by its kind, as the group of its namespace, or as the user that it is."""
    kind, _, name = subject.partition(" ")
    if kind == "ServiceAccount":
        return name.partition("/")[0] in namespaces
    if kind == "Group":
        return name.startswith(f"{_ACCOUNTS}:") and name.removeprefix(f"{_ACCOUNTS}:") in namespaces
    return name.startswith("system:serviceaccount:") and name.split(":")[2] in namespaces


def _is_built_in(binding: Object, role: Object | None, subjects: Sequence[str]) -> bool:
    """Whether Kubernetes makes it itself at its start: binding and role say so, and whom it binds is the cluster's."""
    marks = [(one or {}).get("metadata", {}).get("labels") or {} for one in (binding, role)]
    return all(mark.get(_BOOTSTRAPPING) == "rbac-defaults" for mark in marks) and all(map(_is_of_cluster, subjects))


def _is_of_cluster(subject: str) -> bool:
    kind, _, name = subject.partition(" ")
    if kind == "ServiceAccount":
        return name.startswith("kube-system/")
    return name.startswith("system:") and not name.startswith(("system:serviceaccount", "system:anonymous"))


def _is_delegating(subject: str, delegating: Collection[str]) -> bool:
    kind, _, name = subject.partition(" ")
    return kind == "ServiceAccount" and name.partition("/")[0] in delegating


def _first(names: Collection[str]) -> str:
    ordered = sorted(names, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    more = f" and {len(ordered) - _SHOWN} more kinds" if len(ordered) > _SHOWN else ""
    return f"{', '.join(ordered[:_SHOWN])}{more}"


def _names(subjects: Sequence[str]) -> str:
    more = f" and {len(subjects) - _SHOWN} more" if len(subjects) > _SHOWN else ""
    return f"{', '.join(subjects[:_SHOWN])}{more}"
