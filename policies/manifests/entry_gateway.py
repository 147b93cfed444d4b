"""Entries by the Gateway API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_backends import Towards, of_route
from policies.manifests.entry_headers import of_filter
from policies.manifests.entry_parts import (
    Form,
    claims,
    form_faults,
    host_faults,
    hosts_faults,
    passed_through,
    path_faults,
)
from policies.manifests.fields import Fault, at, listed, missing, shown
from policies.manifests.insides import is_another_tenants, is_own
from policies.manifests.selectors import narrows
from policies.manifests.statements import names

_FILTERS = ("RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "CORS")
"""Filters that send no request anywhere else and are no configuration of a program."""

_API = ("default", "kubernetes")
_BACKENDS = (None, "Service", "InferencePool")
_GATES = (("kserve", "kserve-ingress-gateway"), ("openshift-ingress", "openshift-ai-inference"))
"""Gateways of services for language models, as KServe and OpenShift AI install them."""

_GATEWAY: Form = {
    "gatewayClassName": None,
    "addresses": None,
    "infrastructure": {"labels": None},
    "listeners": [
        {
            **dict.fromkeys(("name", "hostname", "port", "protocol", "allowedRoutes")),
            "tls": dict.fromkeys(("mode", "certificateRefs", "frontendValidation")),
        }
    ],
}
_HTTP_ROUTE: Form = {
    "parentRefs": None,
    "hostnames": None,
    "rules": [
        {
            **dict.fromkeys(("name", "filters", "backendRefs", "timeouts", "retry", "sessionPersistence")),
            "matches": [dict.fromkeys(("path", "headers", "queryParams", "method"))],
        }
    ],
}


def gateway(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a Gateway: each listener has TLS, a certificate, a host, and routes of some namespaces."""
    yield from form_faults(spec, _GATEWAY, "spec")
    for path, listener in listed(at(spec, "listeners"), "spec.listeners"):
        if _is_of_a_waypoint(spec, listener):
            continue
        if at(listener, "protocol") not in ("HTTPS", "TLS"):
            yield Fault(path=f"{path}.protocol", text=missing(at(listener, "protocol")))
        elif at(listener, "tls", "mode") != "Passthrough" and not entries(at(listener, "tls", "certificateRefs")):
            yield Fault(path=f"{path}.tls.certificateRefs", text="is missing")
        yield from host_faults(at(listener, "hostname"), f"{path}.hostname")
        if listener is not UNKNOWN:
            yield from _joining(at(listener, "allowedRoutes", "namespaces"), f"{path}.allowedRoutes.namespaces")


def _is_of_a_waypoint(spec: JsonValue, listener: JsonValue) -> bool:
    """Whether it is where the mesh itself comes to a waypoint, with its TLS; nobody else speaks that protocol."""
    is_waypoint = at(spec, "gatewayClassName") == "istio-waypoint"
    return is_waypoint and (at(listener, "protocol"), at(listener, "port")) == ("HBONE", 15008)


def _joining(namespaces: JsonValue, path: str) -> Iterator[Fault]:
    """Whose routes may join a listener: those of its own namespace, or of some."""
    whose = at(namespaces, "from")
    if whose not in (None, "Same", "None", "Selector"):
        yield Fault(path=f"{path}.from", text=f"{shown(whose)}: routes of namespaces that nobody has named")
    elif whose == "Selector" and not narrows(at(namespaces, "selector")):
        yield Fault(path=f"{path}.selector", text="selects every namespace")


def http_route(case: Case, spec: JsonValue, where: str = "spec") -> Iterator[Fault]:
    """Faults of an HTTPRoute, or of one at a path of another object: hosts, paths, filters, backends are understood."""
    yield from form_faults(spec, _HTTP_ROUTE, where)
    yield from hosts_faults(at(spec, "hostnames"), f"{where}.hostnames")
    yield from claims(case, at(spec, "hostnames"), f"{where}.hostnames")
    yield from _joined(case, spec, where)
    for path, rule in listed(at(spec, "rules"), f"{where}.rules"):
        yield from _backends(case, spec, rule, path)
        kinds = [at(entry, "type") for entry in entries(at(rule, "filters"))]
        if "RequestRedirect" in kinds and at(rule, "backendRefs") in (None, []):
            continue
        yield from _matches(case, rule, path)


def _joined(case: Case, spec: JsonValue, where: str) -> Iterator[Fault]:
    """A route that joins a Service takes the calls to it."""
    for path, parent in listed(at(spec, "parentRefs"), f"{where}.parentRefs") if spec is not UNKNOWN else ():
        other = at(parent, "namespace") not in (None, case.subject.namespace)
        if at(parent, "kind") == "Service" and other:
            yield Fault(path=path, text="is a Service of another namespace: its calls are not for this one to lead")


def _matches(case: Case, rule: JsonValue, path: str) -> Iterator[Fault]:
    towards, matches = of_route(case, rule), at(rule, "matches")
    rewritten = any(at(entry, "urlRewrite", "path") is not None for entry in entries(at(rule, "filters")))
    if matches is not UNKNOWN and not entries(matches):
        yield from path_faults(case, f"{path}.matches", {"prefix": "/"}, towards, rewritten=rewritten)
    for where, match in listed(matches, f"{path}.matches"):
        known = at(match, "path", "type")
        kind = {"Exact": "exact", "RegularExpression": "regex"}.get(str(known), "prefix")
        value = UNKNOWN if known is UNKNOWN else at(match, "path", "value")
        found = {kind: "/" if value is None else value}
        yield from path_faults(case, f"{where}.path", found, towards, rewritten=rewritten)


def _rewrites(case: Case, entry: JsonValue, path: str, towards: Towards) -> Iterator[Fault]:
    new = at(entry, "urlRewrite", "path")
    for kind, field in (("exact", "replaceFullPath"), ("prefix", "replacePrefixMatch")):
        if at(new, field) is not None:
            yield from path_faults(case, f"{path}.urlRewrite.path.{field}", {kind: at(new, field)}, towards)


def _backends(case: Case, spec: JsonValue, rule: JsonValue, path: str) -> Iterator[Fault]:
    """Filters of a rule and of its backends, and the kinds of these."""
    towards = of_route(case, rule)
    yield from _filters(case, spec, rule, path, towards)
    for where, backend in listed(at(rule, "backendRefs"), f"{path}.backendRefs"):
        if backend is not UNKNOWN and at(backend, "kind") not in _BACKENDS:
            yield Fault(path=f"{where}.kind", text=f"{shown(at(backend, 'kind'))}, which may lead anywhere")
        if is_another_tenants(case, at(backend, "namespace")):
            yield Fault(path=f"{where}.namespace", text=f"{shown(at(backend, 'namespace'))}, which is another tenant's")
        if (at(backend, "namespace") or case.subject.namespace, at(backend, "name")) == _API:
            yield Fault(path=f"{where}.name", text="leads to the API of the cluster")
        yield from _filters(case, spec, backend, where, towards)


def _filters(case: Case, spec: JsonValue, holder: JsonValue, path: str, towards: Towards) -> Iterator[Fault]:
    for where, entry in listed(at(holder, "filters"), f"{path}.filters") if holder is not UNKNOWN else ():
        kind = at(entry, "type")
        # An unknown rewrite is told where its path is read.
        if entry is not UNKNOWN and kind not in _FILTERS:
            yield Fault(
                path=f"{where}.type", text=f"{missing(kind)}: it sends requests elsewhere, or is not understood"
            )
        scheme = at(entry, "requestRedirect", "scheme") if entry is not UNKNOWN else None
        if scheme not in (None, "https"):
            yield Fault(path=f"{where}.requestRedirect.scheme", text=shown(scheme))
        host = at(entry, "requestRedirect", "hostname") if entry is not UNKNOWN else None
        if host is not None and host not in entries(at(spec, "hostnames")) and not is_own(case, host):
            text = f"{shown(host)}, which is none of the organisation's domains"
            yield Fault(path=f"{where}.requestRedirect.hostname", text=text)
        yield from of_filter(case, entry, where) if entry is not UNKNOWN else ()
        yield from _rewrites(case, entry, where, towards)


def grpc_route(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a GRPCRoute: a method is a path, and a call of none is one of all."""
    yield from hosts_faults(at(spec, "hostnames"), "spec.hostnames")
    yield from claims(case, at(spec, "hostnames"), "spec.hostnames")
    yield from _joined(case, spec, "spec")
    for path, rule in listed(at(spec, "rules"), "spec.rules"):
        yield from _backends(case, spec, rule, path)
        towards = of_route(case, rule)
        if at(rule, "matches") in (None, []):
            yield from path_faults(case, f"{path}.matches", {"prefix": "/"}, towards)
        for where, match in listed(at(rule, "matches"), f"{path}.matches"):
            yield from path_faults(case, f"{where}.method", {"prefix": _method(at(match, "method"))}, towards)


def _method(method: JsonValue) -> JsonValue:
    """The path of a method; one that an expression names is not known."""
    service, name = at(method, "service"), at(method, "method")
    if method is UNKNOWN or at(method, "type") not in (None, "Exact") or UNKNOWN in (service, name):
        return UNKNOWN
    return f"/{service or ''}/{name or ''}".rstrip("/") or "/" if service else "/"


def tls_route(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of routes that know no paths: they name hosts, lead to no model server, and to what is understood."""
    yield from hosts_faults(at(spec, "hostnames"), "spec.hostnames")
    yield from claims(case, at(spec, "hostnames"), "spec.hostnames")
    for path, rule in listed(at(spec, "rules"), "spec.rules"):
        yield from _backends(case, spec, rule, path)
        yield from passed_through(path, of_route(case, rule))


def reference_grant(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    """A grant lets routes of other namespaces use what is here: Secrets and Services by their names alone."""
    for path, target in listed(at(spec, "to"), "spec.to"):
        if not isinstance(at(target, "name"), str):
            kind = at(target, "kind")
            what = f"every {kind}" if isinstance(kind, str) else "everything"
            yield Fault(path=f"{path}.name", text=f"is missing, which means {what} of the namespace")


def _gate_is_stated(case: Case, namespace: JsonValue, name: JsonValue) -> bool:
    """Whether a gateway is judged in the own namespace, the settings' own, stated with a reason, or of KServe."""
    if namespace is not None and namespace == case.subject.namespace:
        return True
    platform = case.world.settings.get("platform")
    own = platform.get("gatewayApi") if isinstance(platform, Mapping) else None
    if isinstance(own, Mapping) and (own.get("namespace"), own.get("gateway")) == (namespace, name):
        return True
    return (namespace, name) in _GATES or f"{namespace}/{name}" in names(case.config.get("gateways"))[0]


def llm_service(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of the route and the gateways of a service of KServe for language models, where it states its own."""
    router = UNKNOWN if spec is UNKNOWN else at(spec, "router")
    route, place = at(router, "route", "http", "spec"), "spec.router.route.http.spec"
    if route is not None:
        yield from http_route(case, route, place)
    gates = [*listed(at(router, "gateway", "refs"), "spec.router.gateway.refs")] if router is not UNKNOWN else []
    if route is not UNKNOWN:
        gates += listed(at(route, "parentRefs"), f"{place}.parentRefs")
    for path, gate in gates:
        if not _gate_is_stated(case, at(gate, "namespace") or case.subject.namespace, at(gate, "name")):
            text = "is a gateway that neither kitchen:platform.gatewayApi nor the configuration of this rule states"
            yield Fault(path=path, text=text)
