"""Rule: roles and bindings give what is needed and no more.

A right is understood or it is refused: what leads to everything stands in `policies.manifests.rights_table`, what is
understood in `policies.manifests.rights_known`, names of roles, groups and users in `policies.manifests.bound_names`.
Rights count wherever they are given, also within an object of another kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.aggregated import aggregated
from policies.manifests.api_doors import api_doors
from policies.manifests.bound_names import (
    STRICT_CONSTRAINTS,
    STRONG_IN_ALL,
    built_in,
    not_bound,
    strong_role,
)
from policies.manifests.bound_roles import Binding, bound, foreign_role
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown, titles, titles_schema
from policies.manifests.kin import akin, is_a_projects
from policies.manifests.namespace_places import Place, is_own, is_platform, place_of
from policies.manifests.objects import each_object, told
from policies.manifests.rights_closed import READS, SHOWN, Right, closed, url_fault
from policies.manifests.rights_table import ADMISSION, ANY, escalating, narrowing, power
from policies.manifests.rights_within import rights_within
from policies.manifests.understood_beside import is_stated, remark, understood_schema

_ID = "rbac-least"
_GROUPS = ("rbac.authorization.k8s.io", "authorization.openshift.io")
_READING = ("get", "list", "watch", "update", "patch", "deletecollection", "*")
"""Verbs whose answer holds the Secret: also a change of nothing, and the removal of many."""

_SHELLS = ("pods/exec", "pods/attach", "pods/portforward", "pods/ephemeralcontainers", "pods/proxy", "services/proxy")
_AGGREGATION = "apiregistration.k8s.io"
_EXAMPLE = "apiGroups: [serving.kserve.io], resources: [inferenceservices], verbs: [get], resourceNames: [support]"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each right that is too much, and for each object that leads to rights."""
    rule = "roles name groups, resources and verbs, and give no way to more; bindings name who has them"
    found, said = [*_faults(case), *api_doors(case, _ID)], remark(case.config)
    yield from told(case, [replace(fault, text=fault.text + said) for fault in found], rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    inputs, kind = case.subject.inputs, case.subject.kind
    if case.subject.group not in _GROUPS:
        yield from _within(case)
    elif kind in ("Role", "ClusterRole"):
        if inputs.get("aggregationRule") is not None:
            yield Fault(path="aggregationRule", text="collects rights on the cluster, which cannot be seen here")
        for path, rule in listed(inputs.get("rules"), "rules"):
            yield from _rule(case, path, rule, _place(case, cluster_wide=kind == "ClusterRole"))
        yield from aggregated(case.subject)
        if kind == "ClusterRole" and (why := built_in(case.subject.object_name or "")):
            yield Fault(path="metadata.name", text=f"{shown(case.subject.object_name)}, {why}")
    elif kind in ("RoleBinding", "ClusterRoleBinding"):
        yield from _binding(case, inputs, "", _place(case, cluster_wide=kind == "ClusterRoleBinding"))


def _place(case: Case, *, cluster_wide: bool) -> Place:
    """Where the object's rights hold; a namespace that is stated is as one of tenants."""
    namespace = case.subject.namespace
    if cluster_wide:
        return Place.CLUSTER
    if namespace and is_stated(case.config, "namespace", namespace):
        return Place.TENANT
    place = place_of(namespace, case.world)
    if place == Place.OTHER and (is_platform(namespace) or not akin(case.subject.object_name or "", namespace or "")):
        # An operator has settings of its own in a namespace that is called like it; nobody else has.
        return Place.ADDON
    return place


def _within(case: Case) -> Iterator[Fault]:
    """Rights in an object of another kind: for how many namespaces they hold is its controller's matter."""
    for found in rights_within(case.subject):
        if found.sort == "rule":
            yield from _rule(
                case, found.path, found.value, _place(case, cluster_wide=".permissions[" not in found.path)
            )
        elif found.sort == "binding":
            yield from _binding(case, mapping(found.value), f"{found.path}.", Place.CLUSTER)
        else:
            yield from _role_name(found.path, found.value, Place.TENANT)


def _binding(case: Case, inputs: dict[str, JsonValue], prefix: str, place: Place) -> Iterator[Fault]:
    name, kind = (at(inputs.get("roleRef"), field) for field in ("name", "kind"))
    path = f"{prefix}roleRef.name"
    found = [*_role_name(path, name, place)]
    yield from found
    if not found and isinstance(name, str) and not is_stated(case.config, "role", name):
        who = [bound(subject, case.world) for subject in _subjects(inputs)]
        binding = Binding(
            name=case.subject.object_name or "",
            namespace=None if place == Place.CLUSTER else case.subject.namespace,
            place=place,
            role=name,
            kind=str(kind),
            who=who,
        )
        if why := foreign_role(binding, case.world):
            yield Fault(path=path, text=f"{shown(name)}, {why}")
    for where, subject in listed(inputs.get("subjects"), f"{prefix}subjects"):
        name = at(subject, "name")
        if name is UNKNOWN or at(subject, "kind") != "ServiceAccount":
            yield from _who(f"{where}.name", name)
    for field in ("userNames", "groupNames"):
        for where, name in listed(inputs.get(field), f"{prefix}{field}"):
            yield from _who(where, name)


def _subjects(inputs: Mapping[str, JsonValue]) -> Iterator[JsonValue]:
    """Whom a binding names, in OpenShift's older kinds by their names alone too."""
    yield from entries(inputs.get("subjects"))
    for field, kind in (("userNames", "User"), ("groupNames", "Group")):
        yield from ({"kind": kind, "name": name} for name in entries(inputs.get(field)))


def _role_name(path: str, name: JsonValue, place: Place) -> Iterator[Fault]:
    if name is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    elif place >= Place.OTHER and str(name) in STRONG_IN_ALL:
        where = "for every namespace" if place == Place.CLUSTER else "in a namespace whose accounts may do more"
        yield Fault(path=path, text=f"{shown(name)}, {where}")
    elif why := strong_role(str(name)):
        yield Fault(path=path, text=f"{shown(name)}, {why}")


def _who(path: str, name: JsonValue) -> Iterator[Fault]:
    if name is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    elif why := not_bound(str(name)):
        yield Fault(path=path, text=f"{shown(name)}, {why}")


def _rule(case: Case, path: str, rule: JsonValue, place: Place) -> Iterator[Fault]:
    if rule is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    for field in ("apiGroups", "resources", "verbs"):
        stated = field == "verbs" and _are_all_stated(case, rule, "*")
        for where, value in listed(at(rule, field), f"{path}.{field}"):
            if value is UNKNOWN or ("*" in str(value) and not stated):
                yield Fault(path=where, text=shown(value))
    for where, value in listed(at(rule, "nonResourceURLs"), f"{path}.nonResourceURLs"):
        text = NOT_KNOWN if value is UNKNOWN else url_fault(str(value), _words(at(rule, "verbs")))
        if text:
            yield Fault(path=where, text=text)
    for where, verb in listed(at(rule, "verbs"), f"{path}.verbs"):
        if isinstance(verb, str) and escalating(verb) and not _are_all_stated(case, rule, verb):
            yield Fault(path=where, text=f"{shown(verb)}, which leads to every other right")
    for where, resource in listed(at(rule, "resources"), f"{path}.resources"):
        # One with a wildcard, or not known, is told already.
        known = isinstance(resource, str) and "*" not in resource
        text = _too_much(case, rule, str(resource), place) if known else None
        if text:
            yield Fault(path=where, text=f"is {str(resource)!r}: {text}")


def _too_much(case: Case, rule: JsonValue, resource: str, place: Place) -> str | None:
    groups, verbs, names = (_words(at(rule, field)) for field in ("apiGroups", "verbs", "resourceNames"))
    verbs = [verb for verb in verbs if not _is_stated(case, groups, resource, verb)]
    if not verbs:
        return None
    if ANY in names:
        # A name that is not known may be any.
        names = []
    if not all(_is_its_own(case, groups, name) for name in names):
        # Another program's webhook, or part of the API, is as good as all of them.
        names = []
    if text := power(groups, resource, verbs, names, place):
        return text
    if resource in _SHELLS:
        return None if titles(case.config, "allowShells", case.subject.title) else "a way into running pods"
    if resource == "securitycontextconstraints" and ("use" in verbs or "*" in verbs):
        strict = names and all(name in STRICT_CONSTRAINTS for name in names)
        return None if strict else f"of it only {', '.join(STRICT_CONSTRAINTS)} may be used"
    if resource == "secrets" and _is_core(groups) and (text := _secrets(verbs, names, place)):
        return text
    plain = tuple(verb for verb in verbs if not escalating(verb))
    own: frozenset[str] = frozenset()
    if place >= Place.CLUSTER or resource in SHOWN or not READS.issuperset(plain):
        asked = (*groups, *(name.partition(".")[2] for name in names))
        own = frozenset(entry for entry in asked if _is_own(case, entry))
    owner = case.subject.object_name or ""
    right = Right(groups=tuple(groups), resource=resource, names=tuple(names), place=place, own=own, owner=owner)
    return closed(right, plain)


def _is_stated(case: Case, groups: list[str], resource: str, verb: str) -> bool:
    """Whether the organisation states that the object may give a right, in each of the groups."""
    said = [f"{verb} {resource}{'.' if group else ''}{group}" for group in groups or [ANY]]
    return all(is_stated(case.config, "right", f"{case.subject.title}: {right}") for right in said)


def _are_all_stated(case: Case, rule: JsonValue, verb: str) -> bool:
    """The same of each resource of a rule."""
    groups, resources = (_words(at(rule, field)) for field in ("apiGroups", "resources"))
    return bool(resources) and all(_is_stated(case, groups, resource, verb) for resource in resources)


def _is_its_own(case: Case, groups: list[str], name: str) -> bool:
    """Whether an object is of the program that a role is called after, where it is one that answers for the API."""
    if _AGGREGATION in groups:
        return _is_own(case, name.partition(".")[2])
    return ADMISSION not in groups or (akin(name, case.subject.object_name or "") and not is_a_projects(name))


def _secrets(verbs: list[str], names: list[str], place: Place) -> str | None:
    reading = [verb for verb in verbs if verb in _READING]
    if reading and place >= Place.SYSTEM:
        return "read in every namespace" if place == Place.CLUSTER else "read in a namespace of the cluster itself"
    if any(not narrowing(names, "secrets", verb) for verb in reading):
        return "all of the namespace's, without resourceNames"
    if reading and place > Place.TENANT:
        return "read where a program with more rights may take its keys from it"
    return None


def _is_own(case: Case, group: str) -> bool:
    """Whether a group is the organisation's, or one that it states."""
    if is_own(group, case.world) or is_stated(case.config, "group", group):
        return True
    policy = case.world.settings.get("policy")
    kinds = entries(policy.get("kinds")) if isinstance(policy, Mapping) else []
    return any(
        isinstance(kind, Mapping) and kind.get("group") == group and not kind.get("carriesPods") for kind in kinds
    )


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
    config_schema={
        "allowShells": titles_schema("roles that may exec into, attach to or forward ports of pods"),
        "understood": understood_schema(),
    },
)
