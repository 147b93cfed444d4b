"""From the objects of an environment to the rights of a way; nothing is asked and nothing is written here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from components.labels import DOMAIN
from tools.identity.resources import KNOWN, OF_CLUSTER, OVER_CLUSTER, Resource, resource

Object = Mapping[str, Any]
Wanted = tuple[Resource, tuple[str, ...], tuple[str, ...]]
"""A resource, the verbs on it, and the names that it is about: none is every one."""

CI, ARGO, DRIFT, PLAN = "ci", "argocd", "drift", "plan"
WAYS = (CI, ARGO, DRIFT, PLAN)

_READS = ("get", "list", "watch")
_NAMED = frozenset({"Role", "RoleBinding", "Secret", "ServiceAccount"})
"""Kinds whose names are fixed by the settings and whose other objects are nobody's business here: rights by name.

Names of other kinds carry a sum of their content, or the name of an adapter: by name each change would need new rights.
"""

_AWAITED: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("ReplicaSet", "Pod", "PersistentVolumeClaim"),
    "StatefulSet": ("Pod", "PersistentVolumeClaim"),
    "DaemonSet": ("Pod",),
    "Job": ("Pod",),
    "PersistentVolumeClaim": ("Pod",),
    "InferenceService": ("Deployment", "ReplicaSet", "Pod"),
    "LLMInferenceService": ("Deployment", "ReplicaSet", "Pod"),
}
"""What else is read while the engine, or our look at readiness, waits for a kind."""

_EXTRA_READS = (Resource(group="", plural="events"), Resource(group="", plural="endpoints"))
_SECRETS = Resource(group="", plural="secrets")
_SLICES = Resource(group="discovery.k8s.io", plural="endpointslices")


@dataclass(frozen=True, order=True)
class Rule:
    """One rule of a role, with one API group; without `names` it holds for every object."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()

    def manifest(self) -> dict[str, Any]:
        """The rule as the API has it."""
        names = {"resourceNames": list(self.names)} if self.names else {}
        return {"apiGroups": [self.group], "resources": list(self.resources), "verbs": list(self.verbs), **names}


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Rules by namespace, and those of the cluster; `granted` are rules that the environment's own roles grant.

    `owners` are the labels by which an owner is found: those of each namespace, and "" for what lies in none.

    Kubernetes lets nobody grant what he does not hold. So the deployer holds them, and needs neither `escalate`, by
    which it could write any right into a role, nor `bind`.
    """

    namespaces: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    cluster: Sequence[Rule] = ()
    owners: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    granted: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


def rights(objects: Sequence[Object], way: str, served: Sequence[Resource] = ()) -> Rights:
    """What a way needs for these objects; raise FaultsError for a kind that is not known.

    `served` are further resources in namespaces that whoever looks for drift reads, as one cluster serves them.
    """
    if way == PLAN:
        return Rights()
    inside: dict[str, list[Object]] = {}
    outside: list[Object] = []
    for one in objects:
        known = resource(one["apiVersion"], one["kind"])
        if known.namespaced:
            inside.setdefault(one["metadata"]["namespace"], []).append(one)
        else:
            outside.append(one)
    makers: Mapping[str, Callable[[Sequence[Object]], Iterator[Wanted]]]
    makers = {CI: _deploys, ARGO: _syncs, DRIFT: partial(_looks, served)}
    make = makers[way]
    return Rights(
        namespaces={name: _joined(make(of_namespace)) for name, of_namespace in sorted(inside.items())},
        cluster=_joined(_beside(outside, way)),
        owners=_owners(outside),
        granted={} if way == DRIFT else {name: list(_grants(found)) for name, found in sorted(inside.items())},
    )


def _owners(objects: Iterable[Object]) -> dict[str, dict[str, str]]:
    """Labels of our own domain, as the Namespaces have them and as the cluster's objects do."""
    found: dict[str, dict[str, str]] = {}
    for one in objects:
        labels = {key: str(value) for key, value in (one["metadata"].get("labels") or {}).items()}
        own = {key: value for key, value in labels.items() if key in _OWNER_LABELS}
        found.setdefault(one["metadata"]["name"] if one["kind"] == "Namespace" else "", own)
    return found


_OWNER_LABELS = tuple(f"{DOMAIN}/{word}" for word in ("environment", "tenant", "owner", "cost-centre"))


def _deploys(objects: Sequence[Object]) -> Iterator[Wanted]:
    """Create, change, remove and watch what is declared; read what is waited for."""
    for known, kind, names in _kinds(objects):
        if kind in _NAMED:
            yield known, ("create",), ()
            yield known, ("get", "patch", "delete"), names
            # The provider waits for the end of whatever it removes by listing the kind in its namespace, without end
            # where it may not (provider/pkg/await/informers of v4.25.0).
            yield known, ("list", "watch"), ()
        else:
            yield known, (*_READS, "create", "patch", "delete"), ()
        for awaited in _AWAITED.get(kind, ()):
            yield next(found for (_, name), found in KNOWN.items() if name == awaited), _READS, ()
        if kind == "Service":
            yield _SLICES, _READS, ()
    yield from ((known, _READS, ()) for known in _EXTRA_READS)


def _syncs(objects: Sequence[Object]) -> Iterator[Wanted]:
    """As Argo CD's controller applies and prunes; no Secret, as rendered ones hold placeholders."""
    for known, kind, names in _kinds(objects):
        if kind == "Secret":
            continue
        if kind in _NAMED:
            yield known, (*_READS, "create"), ()
            yield known, ("update", "patch", "delete"), names
        else:
            yield known, (*_READS, "create", "update", "patch", "delete"), ()
    yield Resource(group="apps", plural="replicasets"), _READS, ()
    yield Resource(group="", plural="pods"), _READS, ()
    yield Resource(group="", plural="events"), ("list",), ()


def _looks(served: Sequence[Resource], _: Sequence[Object]) -> Iterator[Wanted]:
    """Read every known kind but Secrets: whoever may list them reads them."""
    for known in KNOWN.values():
        if known.namespaced and known != _SECRETS:
            yield known, ("get", "list"), ()
    for known in (*(Resource(group=group, plural=plural) for group, plural in _CHILDREN), *served):
        if known != _SECRETS:
            yield known, ("get", "list"), ()


_CHILDREN = (
    *(("", "endpoints"), ("", "podtemplates"), ("", "replicationcontrollers"), ("apps", "controllerrevisions")),
    *(("coordination.k8s.io", "leases"), ("discovery.k8s.io", "endpointslices")),
    *(("storage.k8s.io", "csistoragecapacities"), ("serving.kserve.io", "inferencegraphs")),
    *(("serving.kserve.io", "trainedmodels"), ("serving.kserve.io", "localmodelcaches")),
    *(("serving.kserve.io", "llminferenceserviceconfigs"), ("resource.k8s.io", "resourceclaims")),
    *(("resource.k8s.io", "resourceclaimtemplates"), ("gateway.networking.k8s.io", "grpcroutes")),
    *(("gateway.networking.k8s.io", "referencegrants"), ("keda.sh", "scaledjobs")),
    *(("keda.sh", "triggerauthentications"), ("inference.networking.k8s.io", "inferencepools")),
)
"""Kinds that controllers make, or that others may make by hand, beside those that the program declares."""


def _beside(objects: Sequence[Object], way: str) -> Iterator[Wanted]:
    """What lies in no namespace: by name. Namespaces are made before, as the rights in them lie in them."""
    if way == DRIFT:
        yield from ((known, ("get", "list"), ()) for known in (*OF_CLUSTER, *OVER_CLUSTER))
        return
    for known, kind, names in _kinds(objects):
        change = ("patch", "delete") if way == CI else ("update", "patch", "delete")
        yield known, ("get", *change), names
        if kind != "Namespace":
            yield known, ("create",), ()
        yield known, ("list", "watch"), ()


def _kinds(objects: Iterable[Object]) -> Iterator[tuple[Resource, str, tuple[str, ...]]]:
    names: dict[tuple[str, str], set[str]] = {}
    for one in objects:
        names.setdefault((one["apiVersion"], one["kind"]), set()).add(one["metadata"]["name"])
    for (version, kind), found in sorted(names.items()):
        yield resource(version, kind), kind, tuple(sorted(found))


def _joined(wanted: Iterable[Wanted]) -> list[Rule]:
    """As few rules as say the same: verbs of a resource together, then resources with the same verbs."""
    verbs: dict[tuple[Resource, tuple[str, ...]], dict[str, None]] = {}
    for known, more, names in wanted:
        verbs.setdefault((known, names), {}).update(dict.fromkeys(more))
    alike: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (known, names), words in verbs.items():
        without = verbs.get((known, ()), {}) if names else {}
        left = tuple(word for word in words if word not in without)
        if left:
            alike.setdefault((known.group, left, names), []).append(known.plural)
    rules = [Rule(group, tuple(sorted(plurals)), words, names) for (group, words, names), plurals in _apart(alike)]
    return sorted(rules)


def _apart(
    alike: Mapping[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]],
) -> Iterator[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]]]:
    """Rules by name are of one resource: the same name of another kind is another object."""
    for key, plurals in alike.items():
        if key[2]:
            yield from ((key, [plural]) for plural in plurals)
        else:
            yield key, plurals


def _grants(objects: Iterable[Object]) -> Iterator[Mapping[str, Any]]:
    seen = []
    for one in objects:
        for rule in one.get("rules") or [] if one["kind"] == "Role" else []:
            if rule not in seen:
                seen.append(rule)
                yield rule
