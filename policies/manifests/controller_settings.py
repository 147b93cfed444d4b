"""Settings of programs with many rights: ConfigMaps that say for whom they work and what they let through.

A ConfigMap of such a name is closed: keys that are understood pass with the values that are understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN
from policies.manifests.bound_names import not_bound
from policies.manifests.fields import NOT_KNOWN, Fault, shown
from policies.manifests.hosts import outside
from policies.manifests.namespace_places import Place, place_of
from policies.manifests.understood_beside import is_stated

_IDENTITIES = ("aws-auth", "extension-apiserver-authentication")
"""ConfigMaps of the system from which the API server or the sign-in reads who somebody is."""

_NO_SETTINGS = (
    *("kube-root-ca.crt", "node-local-dns", "cluster-monitoring-config", "user-workload-monitoring-config", "grafana-"),
    *(
        "argocd-ssh-known-hosts-cm",
        "argocd-tls-certs-cm",
        "argocd-gpg-keys-cm",
        "argocd-notifications-cm",
        "dashboard-",
    ),
    *("openshift-service-ca.crt", "trusted-ca-bundle", "user-ca-bundle", "config-logging", "config-observability"),
)
_NO_SETTINGS_END = ("-ca", "-ca-bundle", "-dashboard", "-dashboards", "-ca.crt", "-image-config")
"""How ConfigMaps are called that hold certificates, pictures and figures, or what nobody gets rights by."""

_SHOWN = frozenset(
    {"grafana_dashboard", "console.openshift.io/dashboard", "config.openshift.io/inject-trusted-cabundle"}
)
"""Labels of ConfigMaps that somebody looks at, or that the cluster fills."""

_ANY = r"(?s).*"
_FALSE = "false|False|"
_ARGO: Mapping[str, str] = {
    "admin.enabled": _ANY,
    "application.instanceLabelKey": _ANY,
    "application.resourceTrackingMethod": "annotation|label|annotation\\+label",
    "exec.enabled": _FALSE,
    "help.chatUrl": _ANY,
    "help.chatText": _ANY,
    "installationID": _ANY,
    "kustomize.buildOptions": "|--enable-helm=false",
    "passwordPattern": _ANY,
    "resource.compareoptions": _ANY,
    "resource.exclusions": _ANY,
    "resource.inclusions": _ANY,
    "resource.respectRBAC": _ANY,
    "server.rbac.log.enforce.enable": "true",
    "statusbadge.enabled": _ANY,
    "timeout.hard.reconciliation": _ANY,
    "timeout.reconciliation": _ANY,
    "timeout.reconciliation.jitter": _ANY,
    "users.anonymous.enabled": _FALSE,
    "users.session.duration": _ANY,
}
_ARGO_BEGINNINGS = (
    "ui.",
    "resource.customizations.health.",
    "resource.customizations.ignoreResourceUpdates.",
    "resource.customizations.ignoreDifferences.",
    "ga.",
)
_KNATIVE = re.compile(r"(?:(?:disabled|Disabled|allowed|enabled|Enabled|true|false)$)")
_KNATIVE_OPEN = re.compile(
    r"kubernetes\.podspec-(?:affinity|topologyspreadconstraints|fieldref|init-containers|persistent-volume-claim"
    r"|persistent-volume-write|priorityclassname|schedulername|nodeselector|dryrun|volumes-emptydir|volumes-csi)$"
    r"|multi-container$|multi-container-probing$|queueproxy\.mount-podinfo$|responsive-revision-gc$|secure-pod-defaults$"
    r"|tag-header-based-routing$|autodetect-http2$"
)
"""Features of Knative whose pods the pack judges all the same."""

_ISSUER = re.compile(
    r"^\s*(?:issuer|issuerURL|host|ssoURL|baseURL|keystoneHost)\s*:\s*[\"']?([^\s\"']+)", re.MULTILINE | re.IGNORECASE
)
_CONNECTOR = re.compile(r"^[\s-]*type\s*:\s*[\"']?([\w-]+)", re.MULTILINE)
_CONNECTORS = ("oidc", "ldap", "saml", "openshift", "keystone", "atlassian-crowd", "gitlab", "gitea")
"""Connectors of Dex that ask an address of their own configuration."""

_RESOURCES = (
    "applications",
    "applicationsets",
    "logs",
    "projects",
    "repositories",
    "clusters",
    "certificates",
    "gpgkeys",
)
_READING = ("get",)
_OF_APPLICATIONS = ("get", "sync", "create", "update", "delete")


def config_map(case: Case) -> Iterator[Fault]:
    """Faults of a ConfigMap from which a program takes rights."""
    name = case.subject.object_name or ""
    if name in _IDENTITIES:
        yield Fault(path="metadata.name", text=f"{shown(name)}, by which somebody gets every right")
        return
    judge = _MAPS.get(name)
    if judge is None:
        yield from _strange(case, name)
        return
    for field in ("data", "binaryData"):
        data = case.subject.inputs.get(field)
        if data is UNKNOWN or (field == "binaryData" and data):
            yield Fault(path=field, text=NOT_KNOWN if data is UNKNOWN else "holds settings that cannot be read here")
            continue
        for key, value in mapping(data).items():
            for text in [NOT_KNOWN] if not isinstance(value, str) else judge(case, key, value):
                yield Fault(path=f"{field}.{key}", text=text)


def _strange(case: Case, name: str) -> Iterator[Fault]:
    """A ConfigMap in a namespace of a program with many rights may be its settings, unless it is known to be none."""
    namespace = case.subject.namespace or ""
    labels = mapping(case.subject.metadata.get("labels"))
    if (
        place_of(namespace, case.world) < Place.ADDON
        or name.startswith(_NO_SETTINGS)
        or name.endswith(_NO_SETTINGS_END)
    ):
        return
    if not _SHOWN.isdisjoint(labels) or is_stated(case.config, "settings", f"{namespace}/{name}"):
        return
    text = f"{shown(name)}: what a program takes from it in {namespace} is not understood"
    yield Fault(path="metadata.name", text=text)


def _argo(case: Case, key: str, value: str) -> Iterator[str]:
    if key == "url":
        if text := outside(case, value):
            yield text
    elif key in ("oidc.config", "dex.config"):
        places = _ISSUER.findall(value)
        for address in places:
            if text := outside(case, address):
                yield f"who signs in is decided at {text}"
        for sort in _CONNECTOR.findall(value):
            if sort not in _CONNECTORS:
                yield f"who signs in is decided by {sort!r}, whose address is not understood"
        if not places:
            yield "says nowhere who decides who signs in"
    elif not key.startswith(_ARGO_BEGINNINGS) and not re.fullmatch(_ARGO.get(key, r"(?!)"), value):
        yield f"{shown(value)}: what Argo CD opens by it is not understood"


def _argo_rights(case: Case, key: str, value: str) -> Iterator[str]:
    if key == "policy.default":
        if value not in ("", "role:readonly", "role:''"):
            yield f"{shown(value)}: everybody who signs in would have it"
    elif key.startswith("policy.") and key.endswith("csv"):
        for line in value.splitlines():
            if text := argo_policy(line):
                yield f"{line.strip()!r}: {text}"
    elif key not in ("scopes", "policy.matchMode"):
        yield f"{shown(value)}: what Argo CD opens by it is not understood"


def argo_policy(line: str) -> str | None:
    """What is wrong with a line of Argo CD's rights, or None."""
    words = [word.strip().strip('"') for word in line.split(",")]
    if not line.strip() or line.strip().startswith("#"):
        return None
    if words[0] == "g" and len(words) == 3:
        return not_bound(words[1])
    if words[0] != "p" or len(words) != 6:
        return "is neither a right nor a member"
    _, _, resource, action, _, effect = words
    if effect == "deny":
        return None
    allowed = _OF_APPLICATIONS if resource in ("applications", "applicationsets") else _READING
    base = action.partition("/")[0]
    if resource in _RESOURCES and base in allowed:
        return None
    return f"{action!r} on {resource!r} is not understood: name what may be done, never '*', exec or override"


def _knative(_: Case, key: str, value: str) -> Iterator[str]:
    if key == "_example" or value in ("disabled", "Disabled", "false"):
        return
    if not (_KNATIVE_OPEN.match(key) and _KNATIVE.match(value)):
        yield f"{shown(value)}: what pods may ask for by it is not understood"


_MAPS: Mapping[str, Callable[[Case, str, str], Iterator[str]]] = {
    "argocd-cm": _argo,
    "argocd-rbac-cm": _argo_rights,
    "config-features": _knative,
}
