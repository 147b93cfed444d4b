"""Entries by the Gateway API."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_parts import Form, form_faults, host_faults, hosts_faults, path_faults
from policies.manifests.fields import Fault, at, listed, missing, shown

_FILTERS = ("RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "CORS")
"""Filters that send no request anywhere else and are no configuration of a program."""

_BACKENDS = (None, "Service", "InferencePool")
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
    """Faults of a Gateway: each listener has TLS, a certificate and a host."""
    yield from form_faults(spec, _GATEWAY, "spec")
    for path, listener in listed(at(spec, "listeners"), "spec.listeners"):
        if at(listener, "protocol") not in ("HTTPS", "TLS"):
            yield Fault(path=f"{path}.protocol", text=missing(at(listener, "protocol")))
        elif at(listener, "tls", "mode") != "Passthrough" and not entries(at(listener, "tls", "certificateRefs")):
            yield Fault(path=f"{path}.tls.certificateRefs", text="is missing")
        yield from host_faults(at(listener, "hostname"), f"{path}.hostname")


def http_route(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of an HTTPRoute: hosts, paths, filters and backends are understood."""
    yield from form_faults(spec, _HTTP_ROUTE, "spec")
    yield from hosts_faults(at(spec, "hostnames"), "spec.hostnames")
    for path, rule in listed(at(spec, "rules"), "spec.rules"):
        yield from _backends(rule, path)
        kinds = [at(entry, "type") for entry in entries(at(rule, "filters"))]
        if "RequestRedirect" in kinds and at(rule, "backendRefs") in (None, []):
            continue
        matches = at(rule, "matches")
        if matches is not UNKNOWN and not entries(matches):
            yield from path_faults(case, f"{path}.matches", {"prefix": "/"})
        for where, match in listed(matches, f"{path}.matches"):
            known = at(match, "path", "type")
            kind = {"Exact": "exact", "RegularExpression": "regex"}.get(str(known), "prefix")
            value = UNKNOWN if known is UNKNOWN else at(match, "path", "value")
            yield from path_faults(case, f"{where}.path", {kind: "/" if value is None else value})
        yield from _rewrites(case, rule, path)


def _rewrites(case: Case, rule: JsonValue, path: str) -> Iterator[Fault]:
    for where, entry in listed(at(rule, "filters"), f"{path}.filters"):
        new = at(entry, "urlRewrite", "path")
        for kind, field in (("exact", "replaceFullPath"), ("prefix", "replacePrefixMatch")):
            if at(new, field) is not None:
                yield from path_faults(case, f"{where}.urlRewrite.path.{field}", {kind: at(new, field)})


def _backends(rule: JsonValue, path: str) -> Iterator[Fault]:
    """Filters of a rule and of its backends, and the kinds of these."""
    yield from _filters(rule, path)
    for where, backend in listed(at(rule, "backendRefs"), f"{path}.backendRefs"):
        if backend is not UNKNOWN and at(backend, "kind") not in _BACKENDS:
            yield Fault(path=f"{where}.kind", text=f"{shown(at(backend, 'kind'))}, which may lead anywhere")
        yield from _filters(backend, where)


def _filters(holder: JsonValue, path: str) -> Iterator[Fault]:
    for where, entry in listed(at(holder, "filters"), f"{path}.filters") if holder is not UNKNOWN else ():
        kind = at(entry, "type")
        # An unknown rewrite is told where its path is read.
        if entry is not UNKNOWN and kind not in _FILTERS:
            yield Fault(
                path=f"{where}.type", text=f"{missing(kind)}: it sends requests elsewhere, or is not understood"
            )


def tls_route(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of routes that know no paths: they name hosts, and their filters and backends are understood."""
    yield from hosts_faults(at(spec, "hostnames"), "spec.hostnames")
    for path, rule in listed(at(spec, "rules"), "spec.rules"):
        yield from _backends(rule, path)


def reference_grant(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    """A grant lets routes of other namespaces use what is here: Secrets by their names alone."""
    for path, target in listed(at(spec, "to"), "spec.to"):
        if at(target, "kind") in (UNKNOWN, "Secret") and not isinstance(at(target, "name"), str):
            yield Fault(path=f"{path}.name", text="is missing, which means every Secret of the namespace")
