"""Objects that give somebody the API, or a part of it, though they are no roles: webhooks, identities, tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.judging.subject import Subject, entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.bound_names import not_joined
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.kind_table import refusals
from policies.manifests.ownership import DOMAIN
from policies.manifests.selectors import narrows

_OF_SOME_PODS = (DOMAIN, "serving.kserve.io", "ray.io", "kueue.x-k8s.io", "jobset.sigs.k8s.io", "sidecar.istio.io")
"""Domains of labels that their projects put on their own pods alone."""

_PRIVATE_GROUPS = ("metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io")
"""API groups of Kubernetes that other servers are meant to answer."""

_RESERVED = ("k8s.io", "kubernetes.io", "openshift.io")
_SECRET = ("secrets", "serviceaccounts/token", "tokenreviews", "subjectaccessreviews", "certificatesigningrequests")
_IDENTITIES = ("aws-auth", "extension-apiserver-authentication")
_BOOTSTRAP = "bootstrap.kubernetes.io/token"
TOKEN_SECRET = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secrets


def api_doors(subject: Subject, rule: str) -> Iterator[Fault]:
    """Faults of an object that leads to rights; those of the kinds that `rule` refuses among them."""
    for text in refusals(subject, rule):
        yield Fault(path="kind", text=text)
    judge = _KINDS.get((subject.group, subject.kind))
    if judge is not None:
        yield from judge(subject)


def _webhooks(subject: Subject) -> Iterator[Fault]:
    """Whoever answers a webhook reads each request that it is asked about, and a mutating one changes it."""
    for path, hook in listed(subject.inputs.get("webhooks"), "webhooks"):
        if hook is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
            continue
        yield from _client(at(hook, "clientConfig"), f"{path}.clientConfig")
        bounded = narrows(at(hook, "namespaceSelector")) or narrows(at(hook, "objectSelector"), domains=_OF_SOME_PODS)
        for where, rule in listed(at(hook, "rules"), f"{path}.rules"):
            yield from _asked(rule, where, bounded=bounded)


def _client(client: JsonValue, path: str) -> Iterator[Fault]:
    url = at(client, "url")
    if client is UNKNOWN or url not in (None, ""):
        yield Fault(path=f"{path}.url", text=f"{shown(url)}: it is called outside of every network policy")


def _asked(rule: JsonValue, path: str, *, bounded: bool) -> Iterator[Fault]:
    for field in ("apiGroups", "resources"):
        for where, value in listed(at(rule, field), f"{path}.{field}"):
            if value is UNKNOWN or "*" in str(value):
                yield Fault(path=where, text=f"{shown(value)}: it would be asked about every object of the cluster")
            elif field == "resources" and str(value) in _SECRET:
                yield Fault(path=where, text=f"{shown(value)}: it would read them")
            elif field == "resources" and str(value).partition("/")[0] == "pods" and not bounded:
                text = f"{shown(value)}: without a namespaceSelector or objectSelector it is asked about every pod"
                yield Fault(path=where, text=text)


def _definition(subject: Subject) -> Iterator[Fault]:
    spec = subject.inputs.get("spec")
    if at(spec, "conversion") is not None:
        yield from _client(at(spec, "conversion", "webhook", "clientConfig"), "spec.conversion.webhook.clientConfig")


def _api_service(subject: Subject) -> Iterator[Fault]:
    """An APIService of Kubernetes' own groups takes a part of the API over, with the credentials of its callers."""
    spec = subject.inputs.get("spec")
    group = at(spec, "group")
    # Kubernetes' older groups, such as apps and batch, have no domain.
    is_own = not isinstance(group, str) or "." not in group or group.endswith(_RESERVED)
    if is_own and group not in _PRIVATE_GROUPS and at(spec, "service") is not None:
        yield Fault(path="spec.group", text=f"{shown(group)}: another server would answer for the API itself")


def _group(subject: Subject) -> Iterator[Fault]:
    name = subject.object_name
    why = NOT_KNOWN if name is None else not_joined(name)
    if why:
        yield Fault(path="metadata.name", text=why if name is None else f"{shown(name)}, {why}")
    for path, user in listed(subject.inputs.get("users"), "users"):
        if user is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)


def _secret(subject: Subject) -> Iterator[Fault]:
    kind = subject.inputs.get("type")
    if kind == _BOOTSTRAP:
        yield Fault(path="type", text=f"{shown(kind)}: whoever has it makes a node of the cluster")
    elif kind == TOKEN_SECRET:
        yield Fault(path="type", text=f"{shown(kind)}: whoever reads it has the rights of its account, without an end")


def _operator_group(subject: Subject) -> Iterator[Fault]:
    spec = subject.inputs.get("spec")
    if at(spec, "serviceAccountName") is not None:
        return
    chosen = entries(at(spec, "targetNamespaces"))
    if not chosen and not mapping(at(spec, "selector")):
        yield Fault(path="spec.targetNamespaces", text="is missing, so its operators get rights in every namespace")


def _config_map(subject: Subject) -> Iterator[Fault]:
    """ConfigMaps of the system from which the API server or the sign-in reads who somebody is."""
    if subject.object_name in _IDENTITIES:
        yield Fault(path="metadata.name", text=f"{shown(subject.object_name)}, by which somebody gets every right")


_KINDS: dict[tuple[str, str], Callable[[Subject], Iterator[Fault]]] = {
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"): _webhooks,
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"): _webhooks,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("user.openshift.io", "Group"): _group,
    ("", "Secret"): _secret,
    ("", "ConfigMap"): _config_map,
    ("operators.coreos.com", "OperatorGroup"): _operator_group,
}
