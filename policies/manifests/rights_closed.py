"""Rights are understood or refused by name: what the table of rights says of a role's groups, resources and verbs.

Reading passes but where it shows secrets or leads into pods. Writing passes where a row of `rights_known` says that it
opens nothing at that place, and in groups of the organisation's own domains, whose objects `kinds-known` holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from policies.manifests.kin import akin
from policies.manifests.namespace_places import Place
from policies.manifests.platform_names import is_read_by_a_controller
from policies.manifests.rights_known import HARMLESS_STATUS, NATIVE, ROWS
from policies.manifests.rights_table import ANY, narrowing

READS = frozenset({"get", "list", "watch"})
WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_READ_PARTS = frozenset(
    {
        "status",
        "scale",
        "log",
        "metrics",
        "stats",
        "approval",
        "finalizers",
        "layers",
        "eviction",
        "pendingworkloads",
        "healthz",
    }
)
"""Subresources that show no more than their object does; `layers` are those of an image."""

_OF_OWN = frozenset({"", "status", "scale", "finalizers"})
"""What a custom resource can have behind its name."""

SHOWN: dict[str, str] = {
    "oauthaccesstokens": "tokens by which others have signed in",
    "oauthauthorizetokens": "tokens by which others sign in",
    "useroauthaccesstokens": "tokens by which others have signed in",
    "oauthclients": "it holds the secrets of the sign-in",
    "downloadrequests": "it hands out backups, with the Secrets in them",
    "tokens": "tokens by which others have signed in",
    "kubeconfigs": "keys of a cluster",
    "machineconfigs": "it holds keys that are written onto nodes",
    "kubeadmconfigs": "it holds keys by which nodes join",
}
"""Resources that show secrets to whoever reads them, beside Secrets themselves."""

_TELLING: dict[str, str] = {
    "k8s.keycloak.org": "passwords and keys of those who sign in stand in it",
    "keycloak.org": "passwords and keys of those who sign in stand in it",
    "kubevirt.io": "the data by which machines start holds passwords",
    "helm.cattle.io": "values of charts hold passwords",
    "bootstrap.cluster.x-k8s.io": "it holds keys by which nodes join",
    "controlplane.cluster.x-k8s.io": "it holds keys by which nodes join",
}
"""Groups whose objects hold secrets of others, which nobody reads for all namespaces."""

_URLS = ("/healthz", "/livez", "/readyz", "/version", "/metrics", "/api", "/apis", "/openapi", "/swagger.json")
_URL_FOLDERS = (
    *("/healthz/", "/livez/", "/readyz/", "/version/", "/metrics/", "/api/", "/apis/", "/openapi/", "/.well-known/"),
    *("/flagz", "/statusz"),
)
"""Addresses of the API server that tell its health, figures and kinds."""

_OTHER_VERBS: dict[str, frozenset[str]] = {
    "securitycontextconstraints": frozenset({"use"}),
    "podsecuritypolicies": frozenset({"use"}),
    "signers": frozenset({"approve", "sign", "attest"}),
    "resourceclaims": frozenset({"use"}),
}
"""Verbs beside reading and writing, which are judged by what they lead to, or mean nothing any more."""

_BY_NAME: dict[str, tuple[str, ...]] = {
    "configmaps": (
        *("argocd-", "aws-auth", "config-features", "coredns", "extension-apiserver-authentication", "istio", "kube-"),
        *("inferenceservice-config", "cluster-info", "kubeadm-config", "kubelet-config", "config-", "feature-flags"),
    ),
    "secrets": (),
    "leases": ("kube-", "cloud-controller-manager", "apiserver-"),
    "services": ("kubernetes", "kube-dns", "istiod"),
    "endpoints": ("kubernetes", "kube-dns", "istiod"),
}
"""Resources of which single ones may be written by names like the role's own; how those begin that may not."""

_UNKNOWN = "no such right is understood: name the group in `understood` of this rule, or take the right away"


@dataclass(frozen=True, kw_only=True)
class Right:
    """A right at a place, without its verbs.

    `own` are those of its groups that need no row, `owner` is the name of the role that has it.
    """

    groups: tuple[str, ...]
    resource: str
    names: tuple[str, ...]
    place: Place
    own: frozenset[str] = frozenset()
    owner: str = ""

    @property
    def name(self) -> str:
        """The resource without what stands behind its name."""
        return self.resource.partition("/")[0]

    @property
    def part(self) -> str:
        """The subresource, or nothing."""
        return self.resource.partition("/")[2]


def closed(right: Right, verbs: Collection[str]) -> str | None:
    """Why verbs are too much, or None; what holds a wildcard is told elsewhere."""
    if ANY in right.groups:
        return None
    for verb in verbs:
        if verb in READS:
            why = _read(right)
        elif verb in WRITES:
            why = None if _single(right, verb) else _written(right, verb)
        else:
            known = verb == ANY or verb in _OTHER_VERBS.get(right.name, ())
            why = None if known else f"the verb {verb!r} is not understood"
        if why:
            return why
    return None


def url_fault(url: str, verbs: Collection[str]) -> str | None:
    """Why requests to an address of the API server that is no resource are too much, or None."""
    known = url in _URLS or url.startswith(_URL_FOLDERS)
    if not known or ("*" in url and not url.endswith("/*")):
        return f"is {url!r}" if "*" in url else f"is {url!r}: what it shows is not understood"
    strange = [verb for verb in verbs if verb not in ("get", "head", "options")]
    return f"is {url!r}: the verb {strange[0]!r} is not understood" if strange else None


def _read(right: Right) -> str | None:
    """Reading a subresource may be a way in, as it is with exec: one that stands in the table is judged as written."""
    if right.name in SHOWN and not right.own.issuperset(right.groups):
        return SHOWN[right.name]
    if not right.part or right.part in _READ_PARTS:
        return _read_everywhere(right) if right.place >= Place.CLUSTER else None
    found = [row for group in right.groups if (row := _row(group, right.resource, ANY))]
    return next((why for since, why, _ in found if right.place >= since), None) if found else _UNKNOWN


def _read_everywhere(right: Right) -> str | None:
    """Why nobody reads a resource of all namespaces, or None: what is in it is understood, and shows no secret."""
    if right.resource == "pods/log":
        return "what everybody's programs write down would be read"
    for group in right.groups:
        if group in right.own:
            continue
        if not has_rows(group):
            return f"what {group} shows is not understood: name the group in `understood` of this rule"
        if group in _TELLING:
            return _TELLING[group]
    return None


def _single(right: Right, verb: str) -> bool:
    """Whether only single objects may be written, by names that are nobody else's."""
    if not narrowing(right.names, right.resource, verb):
        return False
    if right.name == "customresourcedefinitions":
        return all(name.partition(".")[2] in right.own for name in right.names)
    if right.name not in _BY_NAME or any(name.startswith(_BY_NAME[right.name]) for name in right.names):
        return False
    if right.name == "configmaps" and any(is_read_by_a_controller(name, secret=False) for name in right.names):
        return False
    return all(akin(name, right.owner) for name in right.names)


def _written(right: Right, verb: str) -> str | None:
    own = not right.own.isdisjoint(right.groups) and right.part in _OF_OWN
    strange = [group for group in right.groups if group not in right.own]
    found = [*_rows(strange, right.resource, verb)]
    if not found:
        return None if own else _UNKNOWN
    return next((why for since, why in found if right.place >= since), None)


def _rows(groups: Collection[str], resource: str, verb: str) -> Iterator[tuple[Place, str]]:
    """What the table says of every group alone.

    A row for every resource of a group does not count where one of Kubernetes' own groups has the resource by name.
    """
    rows = [(group, _row(group, resource, verb)) for group in groups]
    native = any(row and row[2] and group in NATIVE for group, row in rows)
    for group, row in rows:
        if row and (row[2] or not native):
            yield row[:2]
        elif not row and not has_rows(group):
            yield Place.TENANT, _UNKNOWN


@cache
def _row(group: str, resource: str, verb: str) -> tuple[Place, str, bool] | None:
    """Since where it is too much and why, and whether a row names the resource."""
    name, _, part = resource.partition("/")
    if part == "finalizers":
        # It has no address of its own: the right lets an owner be named, nothing else.
        return (Place.NOWHERE, "", True) if _row(group, name, "update") else None
    for key, is_named in ((resource, True), (name if part in ("status", "scale") else "", True), ("*", False)):
        found = _table().get((group, key)) or (_suffixed(group) if key == "*" else None)
        for verbs, since, why in found or ():
            if "*" in verbs or verb in verbs:
                if key != resource and is_named and (part == "scale" or group in HARMLESS_STATUS):
                    return Place.NOWHERE, "", True
                return since, why, is_named
    return None


_Rights = list[tuple[frozenset[str], Place, str]]


@cache
def _table() -> dict[tuple[str, str], _Rights]:
    found: dict[tuple[str, str], _Rights] = {}
    for groups, resources, verbs, since, why in ROWS:
        for group in groups.split(" ") if groups != groups.strip() or not groups else groups.split():
            for resource in resources.split():
                found.setdefault((group, resource), []).append((frozenset(verbs.split()), since, why))
    return found


def _suffixed(group: str) -> _Rights | None:
    """The row of a whole family of groups, `*.openshift.io`: the longest one."""
    parts = group.split(".")
    for index in range(1, len(parts)):
        row = _table().get((f"*.{'.'.join(parts[index:])}", "*"))
        if row:
            return row
    return None


@cache
def has_rows(group: str) -> bool:
    """Whether a group's resources stand in the table, so that another name is none of its."""
    return _suffixed(group) is not None or any(key[0] == group for key in _table())
