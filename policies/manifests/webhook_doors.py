"""Who answers for the API beside the API server: admission webhooks, conversion webhooks, aggregated APIs.

Whoever answers a webhook reads each request that it is asked about, and a mutating one changes it. So it is asked about
the kinds of the organisation's own domains, or it is answered in a namespace of an add-on, where no tenant runs pods.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.kin import akin
from policies.manifests.namespace_places import is_own, is_platform, is_tenants, tenant_of
from policies.manifests.ownership import DOMAIN, ENVIRONMENT, PART_OF, TENANT
from policies.manifests.rights_closed import has_rows
from policies.manifests.selectors import narrows
from policies.manifests.understood_beside import is_stated

_OF_SOME_PODS = (DOMAIN, "serving.kserve.io", "ray.io", "kueue.x-k8s.io", "jobset.sigs.k8s.io", "sidecar.istio.io")
"""Domains of labels that their projects put on their own pods alone."""

_EVERYWHERE = (
    *("pod-security.kubernetes.io/", "security.openshift.io/", "kubernetes.io/os", "kubernetes.io/arch", PART_OF),
    *("app.kubernetes.io/managed-by", ENVIRONMENT),
)
"""Labels that whatever is declared has, or every namespace: they narrow nothing, with whatever value."""

_NAME = "kubernetes.io/metadata.name"
_SECRET = ("secrets", "serviceaccounts/token", "tokenreviews", "subjectaccessreviews", "certificatesigningrequests")
_RIGHTS = ("rbac.authorization.k8s.io", "authorization.openshift.io")
_SOME = frozenset(
    {
        *(
            "pods",
            "deployments",
            "statefulsets",
            "daemonsets",
            "replicasets",
            "replicationcontrollers",
            "jobs",
            "cronjobs",
        ),
        *("persistentvolumeclaims", "services", "ingresses", "configmaps", "inferenceservices", "llminferenceservices"),
        *("rayclusters", "rayjobs", "pytorchjobs", "mpijobs", "jobsets", "leaderworkersets", "rollouts", "notebooks"),
    }
)
"""Resources of namespaces, which a selector of namespaces or of labels bounds."""

_HARMLESS_PARTS = ("", "status", "scale", "finalizers")
_RESERVED = ("k8s.io", "kubernetes.io", "openshift.io")
_FIGURES = ("metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io")
_AGGREGATED = (
    *_FIGURES,
    *(
        "visibility.kueue.x-k8s.io",
        "packages.operators.coreos.com",
        "subresources.kubevirt.io",
        "upload.cdi.kubevirt.io",
    ),
    *("tap.linkerd.io", "wgpolicyk8s.io", "reports.kyverno.io", "clusterip.kubevirt.io", "projectcalico.org"),
)
"""API groups that other servers are meant to answer: figures, and those of add-ons that are no custom resources."""


def webhooks(case: Case) -> Iterator[Fault]:
    """Faults of a configuration of admission webhooks."""
    changes = case.subject.kind.startswith("Mutating")
    for path, hook in listed(case.subject.inputs.get("webhooks"), "webhooks"):
        if hook is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
            continue
        yield from _client(at(hook, "clientConfig"), f"{path}.clientConfig")
        namespace = at(hook, "clientConfig", "service", "namespace")
        addon = isinstance(namespace, str) and _is_addons(case, namespace)
        if addon:
            bounded = bounds(at(hook, "namespaceSelector")) or bounds(at(hook, "objectSelector"), domains=_OF_SOME_PODS)
        else:
            bounded = _selects_own(at(hook, "namespaceSelector"), namespace, case)
        asked = _Asked(case, addon=str(namespace) if addon else "", bounded=bounded, changes=changes)
        for where, rule in listed(at(hook, "rules"), f"{path}.rules"):
            yield from asked.faults(rule, where)


def definition(case: Case) -> Iterator[Fault]:
    """Faults of a CustomResourceDefinition: who converts its objects reads and changes all of them."""
    spec = case.subject.inputs.get("spec")
    client = at(spec, "conversion", "webhook", "clientConfig")
    if at(spec, "conversion") is None or client is None:
        return
    path = "spec.conversion.webhook.clientConfig"
    yield from _client(client, path)
    group, service = at(spec, "group"), at(client, "service")
    if service is None or UNKNOWN in (client, service):
        return
    namespace = at(service, "namespace")
    own = isinstance(group, str) and (is_own(group, case.world) or is_stated(case.config, "group", group))
    if not own and not _converts(case, namespace, group):
        text = f"{shown(namespace)}: it would convert every object of {group}, and is no namespace of its project"
        yield Fault(path=f"{path}.service.namespace", text=text)


def _converts(case: Case, namespace: JsonValue, group: JsonValue) -> bool:
    if not isinstance(namespace, str) or is_tenants(namespace, case.world):
        return False
    return _is_addons(case, namespace) or (akin(namespace, str(group)) and not has_rows(str(group)))


def api_service(case: Case) -> Iterator[Fault]:
    """An APIService of a group that others serve takes that part of the API over, with its callers' credentials."""
    spec = case.subject.inputs.get("spec")
    group, service = at(spec, "group"), at(spec, "service")
    if service is None:
        return
    if not isinstance(group, str):
        yield Fault(path="spec.group", text=f"{shown(group)}: another server would answer for the API itself")
    elif is_own(group, case.world) or is_stated(case.config, "group", group):
        return
    elif group not in _AGGREGATED:
        # Kubernetes' older groups, such as apps and batch, have no domain.
        itself = "." not in group or group.endswith(_RESERVED)
        whose = "the API itself" if itself else "a group of another project"
        yield Fault(path="spec.group", text=f"{shown(group)}: another server would answer for {whose}")
    elif not _is_addons(case, at(service, "namespace")):
        text = f"{shown(at(service, 'namespace'))}: is no namespace of an add-on, and would answer for {group}"
        yield Fault(path="spec.service.namespace", text=text)


def _is_addons(case: Case, namespace: JsonValue) -> bool:
    if not isinstance(namespace, str) or is_tenants(namespace, case.world):
        return False
    return is_platform(namespace) or is_stated(case.config, "addon", namespace)


def _client(client: JsonValue, path: str) -> Iterator[Fault]:
    url = at(client, "url")
    if client is UNKNOWN or url not in (None, ""):
        yield Fault(path=f"{path}.url", text=f"{shown(url)}: it is called outside of every network policy")


def bounds(selector: JsonValue, domains: tuple[str, ...] = (DOMAIN,)) -> bool:
    """Whether a selector leaves something out, apart from labels that everything has."""
    if selector is UNKNOWN or not isinstance(selector, dict):
        return False
    labels = at(selector, "matchLabels")
    expressions = at(selector, "matchExpressions")
    told: dict[str, JsonValue] = {
        "matchLabels": {key: value for key, value in mapping(labels).items() if not key.startswith(_EVERYWHERE)},
        "matchExpressions": [
            entry for entry in entries(expressions) if not str(at(entry, "key")).startswith(_EVERYWHERE)
        ],
    }
    return narrows(told, domains=domains)


def _selects_own(selector: JsonValue, namespace: JsonValue, case: Case) -> bool:
    """Whether a webhook that a tenant answers is asked about the tenant's own namespaces alone."""
    tenant = tenant_of(namespace, case.world) if isinstance(namespace, str) else None
    if tenant is None or not isinstance(selector, dict):
        return False
    labels = mapping(at(selector, "matchLabels"))
    said = [(key, [value]) for key, value in labels.items()]
    for entry in entries(at(selector, "matchExpressions")):
        if at(entry, "operator") == "In":
            said.append((str(at(entry, "key")), entries(at(entry, "values"))))
    return any(
        bool(values) and all(isinstance(value, str) and tenant_of(value, case.world) == tenant for value in values)
        for key, values in said
        if key in (_NAME, TENANT)
    )


class _Asked:
    """What a webhook may be asked about."""

    def __init__(self, case: Case, *, addon: str, bounded: bool, changes: bool) -> None:
        self._case, self._addon, self._bounded, self._changes = case, addon, bounded, changes

    def faults(self, rule: JsonValue, path: str) -> Iterator[Fault]:
        theirs = self._are_theirs(at(rule, "apiGroups"))
        for field in ("apiGroups", "resources") if not theirs else ():
            for where, value in listed(at(rule, field), f"{path}.{field}"):
                if value is UNKNOWN or "*" in str(value):
                    yield Fault(path=where, text=f"{shown(value)}: it would be asked about every object of the cluster")
        groups = [group for group in entries(at(rule, "apiGroups")) if isinstance(group, str) and "*" not in group]
        strange = [group for group in groups if not self._is_own(group)]
        for where, value in listed(at(rule, "resources"), f"{path}.resources"):
            if isinstance(value, str) and "*" not in value and (text := self._about(value, strange)):
                yield Fault(path=where, text=f"{shown(value)}: {text}")

    def _are_theirs(self, groups: JsonValue) -> bool:
        """Whether every group is the organisation's, or that of the add-on in whose namespace it is answered."""
        names = [group if isinstance(group, str) else "*" for group in entries(groups)]
        return (
            bool(names)
            and bool(self._addon)
            and all("*" not in name and name and (self._is_own(name) or akin(self._addon, name)) for name in names)
        )

    def _is_own(self, group: str) -> bool:
        return is_own(group, self._case.world) or is_stated(self._case.config, "group", group)

    def _about(self, resource: str, strange: list[str]) -> str | None:
        name, _, part = resource.partition("/")
        if resource in _SECRET:
            return "it would read them"
        if not strange:
            return None
        if self._changes and not set(strange).isdisjoint(_RIGHTS):
            return "it would change who has which rights"
        if name == "pods" and not self._bounded:
            return "without a namespaceSelector or objectSelector that leaves something out it is asked about every pod"
        if self._addon or (self._bounded and name in _SOME and part in _HARMLESS_PARTS):
            return None
        where = "without a selector that leaves something out" if name in _SOME and part in _HARMLESS_PARTS else ""
        return f"it would be asked about what is not its own{', ' + where if where else ''}"
