"""Rule: every entry to the environment has TLS, one host name, and leads to the open part of a server alone.

An entry leads to model servers where a Service behind it is of a tenant's namespace or called like one of KServe's, and
everywhere where the settings name no tenants. Other entries lead to anything but the paths of the administration, which
means not to `/` either, unless a proxy of one's own signs callers in before them. What is no model server in a tenant's
namespace is stated with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_annotations import annotation_faults
from policies.manifests.entry_gateway import (
    gateway,
    grpc_route,
    http_route,
    llm_service,
    reference_grant,
    tls_route,
)
from policies.manifests.entry_ingress import ingress, route
from policies.manifests.entry_mesh import istio_gateway, knative_service, peers, virtual_service
from policies.manifests.entry_paths import ADMIN_PATHS, OPEN_PATHS
from policies.manifests.fields import NOT_KNOWN, Fault, titles_schema
from policies.manifests.insides import DOMAINS_SCHEMA
from policies.manifests.issuers import auth_policy, authorization_policy, request_authentication, security_policy
from policies.manifests.kind_table import refusals
from policies.manifests.objects import each_object, told
from policies.manifests.statements import names_schema

_EXAMPLE = "a Route with tls: {termination: edge, insecureEdgeTerminationPolicy: None}, one host and an allow-list"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each opening in an entry."""
    rule = "entries have TLS, name their hosts, keep strangers out and lead to what servers answer to callers"
    yield from told(case, _faults(case), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    for text in refusals(case.subject, "entry-guarded"):
        yield Fault(path="kind", text=text)
    yield from annotation_faults(case)
    faults = _KINDS.get((case.subject.group, case.subject.kind))
    if faults is not None:
        spec = case.subject.inputs.get("spec")
        yield from [Fault(path="spec", text=NOT_KNOWN)] if spec is UNKNOWN else faults(case, spec)


_KINDS: dict[tuple[str, str], Callable[[Case, JsonValue], Iterator[Fault]]] = {
    ("route.openshift.io", "Route"): route,
    ("networking.k8s.io", "Ingress"): ingress,
    ("extensions", "Ingress"): ingress,
    ("gateway.networking.k8s.io", "Gateway"): gateway,
    ("gateway.networking.k8s.io", "HTTPRoute"): http_route,
    ("gateway.networking.k8s.io", "GRPCRoute"): grpc_route,
    ("gateway.networking.k8s.io", "TLSRoute"): tls_route,
    ("gateway.networking.k8s.io", "ReferenceGrant"): reference_grant,
    ("serving.kserve.io", "LLMInferenceService"): llm_service,
    ("serving.kserve.io", "LLMInferenceServiceConfig"): llm_service,
    ("networking.istio.io", "VirtualService"): virtual_service,
    ("networking.istio.io", "Gateway"): istio_gateway,
    ("security.istio.io", "PeerAuthentication"): peers,
    ("serving.knative.dev", "Service"): knative_service,
    ("security.istio.io", "AuthorizationPolicy"): authorization_policy,
    ("security.istio.io", "RequestAuthentication"): request_authentication,
    ("kuadrant.io", "AuthPolicy"): auth_policy,
    ("gateway.envoyproxy.io", "SecurityPolicy"): security_policy,
}
"""How each kind of entry is judged; those of other projects are refused."""

RULE = Rule(
    id="entry-guarded",
    title="Every entry has TLS and a host name, keeps strangers out, and leads to what servers answer to callers.",
    severity=Severity.CRITICAL,
    reason="An entry is where callers of the whole organisation come in; a server itself knows no callers.",
    remedy="End TLS at the entry, name the host, list the callers' networks, and route the paths of the API alone.",
    reference="https://docs.openshift.com/container-platform/latest/networking/routes/route-configuration.html",
    judge=judge,
    config_schema={
        "authenticated": titles_schema(
            "Routes behind which callers are authenticated, so that they need no allow-list"
        ),
        "annotations": titles_schema(
            "Annotations of entries and Services that open nothing, beside those that are understood; `*` is any text"
        ),
        "issuers": titles_schema("Issuers of tokens whose holders may be callers, exactly as entries name them"),
        "domains": DOMAINS_SCHEMA,
        "adminPaths": {
            **{"type": "array", "items": {"type": "string"}, "default": list(ADMIN_PATHS)},
            "description": "paths of servers that no entry leads to",
        },
        "openPaths": {
            **{"type": "array", "items": {"type": "string"}, "default": list(OPEN_PATHS)},
            "description": "paths of model servers that entries may lead to, with all below them; what stands in"
            " braces is any one part. They hold where a Service of a tenant's namespace, or one of KServe's, is behind"
            " an entry, and for every entry where the settings name no tenants",
        },
        "otherServices": names_schema(
            "Services (`namespace/name`, `*` is any text) that are no model servers, and whose paths are all open; no"
            " statement is needed for those of no tenant behind an Ingress whose auth-url is inside and not its own"
        ),
        "authorities": names_schema("Services (`namespace/name`) that gateways may ask whether a call is allowed"),
        "headers": names_schema("Headers that entries may write, beside those that are understood"),
        "gateways": names_schema("Gateways (`namespace/name`) that services for language models may join"),
    },
)
