"""Rights that lead to every other right, as one table with the source of each line.

A line is about resources of API groups. Where a whole group is of this sort, the line names no resource: what a later
version of Kubernetes or OpenShift adds to the group is covered before anybody knows it. Rights on groups that stand
nowhere here are judged by the table of what is understood (`policies.manifests.rights_closed`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from policies.manifests.namespace_places import Place

ANY = "*"
WRITE = frozenset({"create", "update", "patch"})
REMOVE = frozenset({"delete", "deletecollection"})
EVERY_VERB: frozenset[str] = frozenset()
ESCALATING = ("escalate", "bind", "impersonate")
"""Beginnings of verbs that give rights themselves, on whatever resource: Kubernetes 1.35 has `impersonate:...` too."""

_RISKS = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks"
_SCC = "https://docs.openshift.com/container-platform/latest/authentication/managing-security-context-constraints.html"
_CONTROLLERS = "https://kubernetes.io/docs/reference/access-authn-authz/rbac/#controller-roles"
_KUBELET = "https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/#kubelet-authorization"
_AGGREGATION = "https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/"
_USERS = "https://docs.openshift.com/container-platform/latest/authentication/understanding-authentication.html"

ADMISSION = "admissionregistration.k8s.io"
_ADMISSION = "whoever writes it reads and changes every request to the API"
_CERTIFICATE = "a certificate can be that of an administrator"
_RENDERS = "a controller makes of it whatever it says, with its own rights"
_RUNS = "a pod of any namespace runs as any account there and mounts any Secret"


@dataclass(frozen=True, kw_only=True)
class Power:
    """`verbs` on `resources` of `groups`; no group means any, no resource every one of the groups, no verb any.

    `since`: the place from which on it is too much. `by_name`: with resourceNames it is not. Names that begin with one
    of `own_names` are those of the cluster's own parts, for which `by_name` does not hold. `namespaced`: every
    namespace may have an object of the name, so that `by_name` holds within one alone.
    """

    why: str
    source: str
    groups: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    verbs: frozenset[str] = EVERY_VERB
    since: Place = Place.TENANT
    by_name: bool = False
    own_names: tuple[str, ...] = ()
    namespaced: bool = False


def _of(*names: str) -> frozenset[str]:
    return frozenset(names)


POWERS: tuple[Power, ...] = (
    Power(
        why="the kubelet's interface runs commands in every pod of a node",
        source=_RISKS,
        resources=_of("nodes/proxy"),
    ),
    Power(
        why="it reads the files of a node, or the memory of its containers",
        source=_KUBELET,
        groups=_of(""),
        resources=_of("nodes/log", "nodes/checkpoint", "nodes/configz"),
    ),
    Power(
        why="labels and taints say which pods come to a node, its address where the API sends commands",
        source=_RISKS,
        groups=_of(""),
        resources=_of("nodes", "nodes/status"),
        verbs=WRITE,
    ),
    Power(
        why="a namespace's labels switch off the checks of its pods, and network rules go by them",
        source=_RISKS,
        groups=_of("", "project.openshift.io"),
        resources=_of("namespaces", "projects", "namespaces/finalize"),
        verbs=_of("update", "patch"),
    ),
    Power(
        why="tokens of every account",
        source=_RISKS,
        resources=_of("serviceaccounts/token"),
        by_name=True,
        namespaced=True,
    ),
    Power(
        why=_ADMISSION,
        source=_RISKS,
        resources=_of("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
        verbs=WRITE | REMOVE,
        by_name=True,
    ),
    Power(
        why=_ADMISSION,
        source=_RISKS,
        groups=_of(ADMISSION),
        verbs=WRITE | REMOVE,
        by_name=True,
    ),
    Power(
        why="whoever writes it answers for the API, and gets the requests of others",
        source=_AGGREGATION,
        groups=_of("apiregistration.k8s.io"),
        verbs=WRITE | REMOVE,
        by_name=True,
    ),
    Power(
        why=_CERTIFICATE,
        source=_RISKS,
        resources=_of("certificatesigningrequests/approval"),
        verbs=_of("update", "patch"),
    ),
    Power(
        why=_CERTIFICATE,
        source=_RISKS,
        resources=_of("signers"),
        verbs=_of("approve", "sign"),
        by_name=True,
        own_names=("kubernetes.io/", "*"),
    ),
    Power(
        why="whom the cluster trusts is decided by it",
        source=_RISKS,
        groups=_of("certificates.k8s.io"),
        resources=_of("clustertrustbundles"),
        verbs=WRITE | REMOVE,
        by_name=True,
        own_names=("kubernetes.io",),
    ),
    Power(
        why="a volume can be a path of the node",
        source=_RISKS,
        resources=_of("persistentvolumes"),
        verbs=_of("create"),
    ),
    Power(
        why="it says what pods may do",
        source=_SCC,
        groups=_of("security.openshift.io"),
        resources=_of("securitycontextconstraints"),
        verbs=WRITE,
    ),
    Power(
        why="who is who, and who is in which group, is decided by it",
        source=_USERS,
        groups=_of("user.openshift.io", "oauth.openshift.io"),
        resources=_of("users", "groups", "identities", "useridentitymappings", "oauthclients", "oauthaccesstokens"),
        verbs=WRITE,
    ),
    Power(
        why="it configures the cluster itself",
        source=_USERS,
        groups=_of(
            *("config.openshift.io", "operator.openshift.io", "machineconfiguration.openshift.io"),
            *("machine.openshift.io", "imageregistry.operator.openshift.io"),
        ),
        verbs=WRITE,
    ),
    Power(
        why=_RUNS,
        source=_RISKS,
        groups=_of("", "apps", "extensions", "batch", "apps.openshift.io"),
        resources=_of(
            *("pods", "replicationcontrollers", "deployments", "daemonsets", "statefulsets", "replicasets"),
            *("jobs", "cronjobs", "deploymentconfigs"),
        ),
        verbs=WRITE,
        since=Place.OTHER,
    ),
    Power(
        why=_RUNS,
        source=_RISKS,
        groups=_of(
            *("build.openshift.io", "tekton.dev", "serving.knative.dev", "serving.kserve.io", "ray.io"),
            *("kubevirt.io", "leaderworkerset.x-k8s.io", "jobset.x-k8s.io"),
        ),
        resources=_of(
            *("builds", "buildconfigs", "builds/clone", "buildconfigs/instantiate", "tasks", "clustertasks"),
            *("taskruns", "pipelines", "pipelineruns", "services", "configurations", "inferenceservices"),
            *("llminferenceservices", "servingruntimes", "rayclusters", "rayjobs", "rayservices"),
            *("virtualmachines", "virtualmachineinstances", "leaderworkersets", "jobsets"),
        ),
        verbs=WRITE,
        since=Place.OTHER,
    ),
    Power(
        why=_RUNS,
        source=_RISKS,
        groups=_of("argoproj.io"),
        resources=_of("workflows", "workflowtemplates", "clusterworkflowtemplates", "cronworkflows", "rollouts"),
        verbs=WRITE,
        since=Place.OTHER,
    ),
    Power(
        why="every server of the cluster starts what it says",
        source=_CONTROLLERS,
        groups=_of("serving.kserve.io"),
        resources=_of("clusterservingruntimes", "clusterstoragecontainers"),
        verbs=WRITE,
    ),
    Power(
        why=_RENDERS,
        source=_CONTROLLERS,
        groups=_of("argoproj.io"),
        resources=_of("applications", "applicationsets", "appprojects"),
        verbs=WRITE,
    ),
    Power(
        why=_RENDERS,
        source=_CONTROLLERS,
        groups=_of(
            *("kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "source.toolkit.fluxcd.io", "fleet.cattle.io"),
            *("helm.cattle.io", "management.cattle.io", "configsync.gke.io", "configmanagement.gke.io", "kro.run"),
            *("pkg.crossplane.io", "apiextensions.crossplane.io", "kubernetes.crossplane.io", "helm.crossplane.io"),
            *("work.open-cluster-management.io", "policy.open-cluster-management.io"),
            *("apps.open-cluster-management.io", "addons.cluster.x-k8s.io"),
        ),
        verbs=WRITE,
    ),
    Power(
        why=_RENDERS,
        source=_CONTROLLERS,
        groups=_of("operators.coreos.com", "olm.operatorframework.io"),
        resources=_of(
            *("subscriptions", "installplans", "clusterserviceversions", "catalogsources", "operatorgroups"),
            *("clusterextensions", "clustercatalogs"),
        ),
        verbs=WRITE,
    ),
    Power(
        why="a policy of it changes or makes objects in every namespace",
        source=_CONTROLLERS,
        groups=_of("kyverno.io", "policies.kyverno.io", "mutations.gatekeeper.sh"),
        resources=_of(
            *("clusterpolicies", "policies", "mutatingpolicies", "generatingpolicies", "assign", "modifyset"),
            *("policyexceptions", "updaterequests"),
        ),
        verbs=WRITE,
    ),
)
"""Each line's `source` says why; lines are asked in this order, and the first that holds is told."""


@cache
def _lines(resource: str) -> tuple[Power, ...]:
    return tuple(line for line in POWERS if not line.resources or resource in line.resources)


def power(
    groups: Collection[str], resource: str, verbs: Collection[str], names: Collection[str], place: Place
) -> str | None:
    """Why a right is too much at a place, or None. A group or verb `*` is every one; no group may be any."""
    for line in _lines(resource):
        if place < line.since or not _meets(line.groups, groups):
            continue
        met = [verb for verb in verbs if _meets(line.verbs, [verb])]
        if not met:
            continue
        own = any(name.startswith(line.own_names) for name in names) if line.own_names else False
        named = line.by_name and all(narrowing(names, resource, verb) for verb in met)
        if named and not own and not (line.namespaced and place >= Place.OTHER):
            continue
        return line.why
    return None


def narrowing(names: Collection[str], resource: str, verb: str) -> bool:
    """Whether resourceNames narrow a right.

    Requests without a name have the empty one, which resourceNames can hold. Those that create and that remove many
    have no name but for subresources, so that names say nothing about them.
    """
    if not names or "" in names:
        return False
    return "/" in resource or verb not in ("create", "deletecollection")


def _meets(wanted: frozenset[str], given: Collection[str]) -> bool:
    return not wanted or not given or ANY in given or not wanted.isdisjoint(given)


def escalating(verb: str) -> bool:
    """Whether a verb gives rights on whatever it is allowed."""
    return verb.startswith(ESCALATING)


def sources() -> Iterator[str]:
    """Where the table's lines come from, each address once."""
    yield from dict.fromkeys(line.source for line in POWERS)
