"""What an entry writes into calls and answers: headers that say nothing about who calls, and origins of one's own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_origins import own_origin
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.statements import names

_OF_CALLS = frozenset(
    {
        *("x-forwarded-proto", "x-forwarded-port", "x-scheme", "x-request-start", "x-canary", "x-version"),
        *("x-environment", "x-route", "cache-control", "accept-encoding", "connection", "upgrade", "keep-alive"),
        *("x-gateway", "x-entry", "x-kitchen", "x-correlation-id", "traceparent", "tracestate"),
    }
)
"""Headers of calls that no server takes for a caller's name, right or way."""

_OF_ANSWERS = frozenset(
    {
        *("strict-transport-security", "x-frame-options", "x-content-type-options", "content-security-policy"),
        *("referrer-policy", "permissions-policy", "x-xss-protection", "cache-control", "pragma", "expires", "vary"),
        *("cross-origin-opener-policy", "cross-origin-embedder-policy", "cross-origin-resource-policy", "server"),
        *("x-robots-tag", "x-version", "x-route", "x-gateway", "x-entry", "x-kitchen", "x-canary", "x-environment"),
        *("content-type", "retry-after", "x-request-id", "x-correlation-id", "x-envoy-upstream-service-time"),
    }
)
"""Headers of answers that let no further site read them."""

_ALLOWED_ORIGIN = "access-control-allow-origin"


def written(case: Case, name: JsonValue, value: JsonValue, path: str, *, call: bool) -> Iterator[Fault]:
    """A fault where a header that is set or added may say who calls, or lets another site read answers."""
    stated, remark = names(case.config.get("headers"))
    if not isinstance(name, str):
        yield Fault(path=path, text=NOT_KNOWN)
        return
    known = name.lower()
    if known in (_OF_CALLS if call else _OF_ANSWERS) or known in [entry.lower() for entry in stated]:
        return
    if not call and known == _ALLOWED_ORIGIN and own_origin(case, value):
        return
    means = "which may say who calls, or where it leads" if call else "which may let others read answers"
    yield Fault(path=path, text=f"writes the header {name!r}, {means}{remark}")


def of_mesh(case: Case, holder: JsonValue, path: str) -> Iterator[Fault]:
    """The same of `headers` of the mesh."""
    for direction in ("request", "response"):
        for operation in ("set", "add"):
            found = at(holder, "headers", direction, operation) if holder is not UNKNOWN else None
            where = f"{path}.headers.{direction}.{operation}"
            if found is UNKNOWN:
                yield Fault(path=where, text=NOT_KNOWN)
            for name, value in mapping(found).items():
                # A path or host by a header is told where destinations are read.
                if not (direction == "request" and (name.startswith(":") or name.lower() == "host")):
                    yield from written(case, name, value, where, call=direction == "request")


def of_filter(case: Case, entry: JsonValue, path: str) -> Iterator[Fault]:
    """The same of a filter of the Gateway API, and the origins of one."""
    for field, call in (("requestHeaderModifier", True), ("responseHeaderModifier", False)):
        for operation in ("set", "add"):
            for where, header in listed(at(entry, field, operation), f"{path}.{field}.{operation}"):
                yield from written(case, at(header, "name"), at(header, "value"), where, call=call)
    for where, origin in listed(at(entry, "cors", "allowOrigins"), f"{path}.cors.allowOrigins"):
        yield from _origin(case, origin, where)


def of_openshift(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """The same of a Route."""
    for direction in ("request", "response"):
        place = f"spec.httpHeaders.actions.{direction}"
        for path, entry in listed(at(spec, "httpHeaders", "actions", direction), place) if spec is not UNKNOWN else ():
            if at(entry, "action", "type") != "Delete":
                value = at(entry, "action", "set", "value")
                yield from written(case, at(entry, "name"), value, path, call=direction == "request")


def cors(case: Case, route: JsonValue, path: str) -> Iterator[Fault]:
    """Origins of the mesh: each is one of the organisation's own."""
    policy = at(route, "corsPolicy") if route is not UNKNOWN else None
    for where, entry in listed(at(policy, "allowOrigins"), f"{path}.corsPolicy.allowOrigins"):
        yield from _origin(case, at(entry, "exact") if set(mapping(entry)) == {"exact"} else entry, where)
    for where, entry in listed(at(policy, "allowOrigin"), f"{path}.corsPolicy.allowOrigin"):
        yield from _origin(case, entry, where)


def _origin(case: Case, origin: JsonValue, path: str) -> Iterator[Fault]:
    if not own_origin(case, origin):
        yield Fault(path=path, text=f"{shown(origin)}, which is no origin (https://host) of the organisation's domains")
