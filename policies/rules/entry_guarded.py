"""Rule: every entry to the environment has TLS, one host name, and leads to the open part of a server alone."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from pulumi_policy import Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_paths import ADMIN_PATHS, administration
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown, titles, titles_schema
from policies.manifests.kind_table import refusals
from policies.manifests.objects import each_object, told

_ALLOW_LISTS = ("haproxy.router.openshift.io/ip_allowlist", "haproxy.router.openshift.io/ip_whitelist")
_SHORTEST_PREFIX = {4: 8, 6: 7}
"""Of networks that may call: 10.0.0.0/8 and fc00::/7 are the widest private ones."""

_REWRITES = ("nginx.ingress.kubernetes.io/rewrite-target", "haproxy.router.openshift.io/rewrite-target")
_NGINX = "nginx.ingress.kubernetes.io/"
_REGULAR = re.compile(r"[][()*+?|\\^$]")
_OLD_TLS = ("TLSV1_0", "TLSV1_1")
_TERMINATIONS = ("edge", "reencrypt", "passthrough")
_EXAMPLE = "a Route with tls: {termination: edge, insecureEdgeTerminationPolicy: None}, one host and an allow-list"


@each_object
def judge(case: Case) -> Iterator[str]:
    """Yield one message for each opening in an entry."""
    rule = "entries have TLS, name their hosts, keep strangers out and lead to no path of the administration"
    yield from told(case, _faults(case), rule, _EXAMPLE)


def _faults(case: Case) -> Iterator[Fault]:
    for text in refusals(case.subject, "entry-guarded"):
        yield Fault(path="kind", text=text)
    faults = _KINDS.get((case.subject.group, case.subject.kind))
    if faults is not None:
        spec = case.subject.inputs.get("spec")
        yield from [Fault(path="spec", text=NOT_KNOWN)] if spec is UNKNOWN else faults(case, spec)


def _host(value: JsonValue, path: str) -> Iterator[Fault]:
    if not isinstance(value, str) or not value or "*" in value:
        text = shown(value) if value else "is missing, which means every host"
        yield Fault(path=path, text=text)


def _hosts(value: JsonValue, path: str) -> Iterator[Fault]:
    if value is not UNKNOWN and not entries(value):
        yield Fault(path=path, text="is missing, which means every host")
    for where, host in listed(value, path):
        yield from _host(host, where)


def _route(case: Case, spec: JsonValue) -> Iterator[Fault]:
    termination = at(spec, "tls", "termination")
    if termination not in _TERMINATIONS:
        yield Fault(path="spec.tls.termination", text=_missing(termination))
    insecure = at(spec, "tls", "insecureEdgeTerminationPolicy")
    if insecure not in (None, "", "None", "Redirect"):
        yield Fault(path="spec.tls.insecureEdgeTerminationPolicy", text=shown(insecure))
    yield from _host(at(spec, "host"), "spec.host")
    if at(spec, "wildcardPolicy") not in (None, "", "None"):
        yield Fault(path="spec.wildcardPolicy", text=shown(at(spec, "wildcardPolicy")))
    path = at(spec, "path")
    # A Route has one path: none means all of the server, whose administration another rule keeps closed.
    if path not in (None, "", "/") and administration(case, {"prefix": path}):
        yield Fault(path="spec.path", text=shown(path))
    yield from _rewritten(case)
    if not titles(case.config, "authenticated", case.subject.title):
        yield from _allow_list(case)


def _allow_list(case: Case) -> Iterator[Fault]:
    annotations = case.subject.metadata.get("annotations")
    found = [at(annotations, name) for name in _ALLOW_LISTS]
    if UNKNOWN in found:
        yield Fault(path="metadata.annotations", text=NOT_KNOWN)
    elif not any(found):
        text = f"lacks {_ALLOW_LISTS[0]}: a Route without authentication says which networks may call"
        yield Fault(path="metadata.annotations", text=text)
    for network in " ".join(str(value) for value in found if value and value is not UNKNOWN).split():
        if not _is_narrow(network):
            yield Fault(
                path="metadata.annotations", text=f"{_ALLOW_LISTS[0]} has {network!r}: no network, or a wide one"
            )


def _is_narrow(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _SHORTEST_PREFIX[network.version]


def _rewritten(case: Case) -> Iterator[Fault]:
    """Annotations by which a path becomes another one."""
    annotations = case.subject.metadata.get("annotations")
    for name in _REWRITES:
        target = at(annotations, name)
        # All of the server is what an entry without a path leads to as well.
        if target not in (None, "", "/") and ("$" in str(target) or administration(case, {"prefix": target})):
            yield Fault(path=f"metadata.annotations.{name}", text=shown(target))


def _ingress(case: Case, spec: JsonValue) -> Iterator[Fault]:
    yield from _rewritten(case)
    yield from _nginx(case)
    if at(spec, "defaultBackend") is not None or at(spec, "backend") is not None:
        yield Fault(path="spec.defaultBackend", text="answers for every host")
    tls = at(spec, "tls")
    covered = [entry for _, entry in listed(tls, "spec.tls")]
    for path, rule in listed(at(spec, "rules"), "spec.rules"):
        host = at(rule, "host")
        yield from _host(host, f"{path}.host")
        if UNKNOWN in [at(entry, key) for entry in covered for key in ("hosts", "secretName")]:
            yield Fault(path="spec.tls", text=NOT_KNOWN)
        elif not any(_covers(entry, host) for entry in covered):
            yield Fault(path="spec.tls", text=f"does not cover the host of {path}")
        for where, entry in listed(at(rule, "http", "paths"), f"{path}.http.paths"):
            value = at(entry, "path")
            kind = "exact" if at(entry, "pathType") == "Exact" else "prefix"
            if kind == "prefix" and isinstance(value, str) and _REGULAR.search(value):
                kind = "regex"
            yield from _matched(case, f"{where}.path", {kind: value or "/"})


def _nginx(case: Case) -> Iterator[Fault]:
    annotations = case.subject.metadata.get("annotations")
    if annotations is UNKNOWN:
        yield Fault(path="metadata.annotations", text=NOT_KNOWN)
    for name, value in mapping(annotations).items():
        if name.startswith(_NGINX) and name.endswith("-snippet"):
            yield Fault(path=f"metadata.annotations.{name}", text="is configuration that cannot be judged")
        elif name in (f"{_NGINX}ssl-redirect", f"{_NGINX}force-ssl-redirect") and value != "true":
            yield Fault(path=f"metadata.annotations.{name}", text=f"{shown(value)}: callers without TLS are let in")


def _covers(entry: JsonValue, host: JsonValue) -> bool:
    hosts = entries(at(entry, "hosts"))
    wildcard = f"*.{str(host).partition('.')[2]}"
    return bool(at(entry, "secretName")) and (not hosts or host in hosts or wildcard in hosts)


def _matched(case: Case, path: str, match: dict[str, JsonValue]) -> Iterator[Fault]:
    reached = administration(case, match)
    if reached:
        yield Fault(path=path, text=f"{shown(next(iter(match.values())))}, which leads to {reached}")


def _gateway(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    for path, listener in listed(at(spec, "listeners"), "spec.listeners"):
        if at(listener, "protocol") not in ("HTTPS", "TLS"):
            yield Fault(path=f"{path}.protocol", text=_missing(at(listener, "protocol")))
        elif at(listener, "tls", "mode") != "Passthrough" and not entries(at(listener, "tls", "certificateRefs")):
            yield Fault(path=f"{path}.tls.certificateRefs", text="is missing")
        yield from _host(at(listener, "hostname"), f"{path}.hostname")


def _http_route(case: Case, spec: JsonValue) -> Iterator[Fault]:
    yield from _hosts(at(spec, "hostnames"), "spec.hostnames")
    for path, rule in listed(at(spec, "rules"), "spec.rules"):
        kinds = [at(entry, "type") for entry in entries(at(rule, "filters"))]
        if "RequestRedirect" in kinds and at(rule, "backendRefs") in (None, []):
            continue
        matches = at(rule, "matches")
        if matches is not UNKNOWN and not entries(matches):
            yield from _matched(case, f"{path}.matches", {"prefix": "/"})
        for where, match in listed(matches, f"{path}.matches"):
            known = at(match, "path", "type")
            kind = {"Exact": "exact", "RegularExpression": "regex"}.get(str(known), "prefix")
            value = UNKNOWN if known is UNKNOWN else at(match, "path", "value")
            yield from _matched(case, f"{where}.path", {kind: "/" if value is None else value})
        for where, entry in listed(at(rule, "filters"), f"{path}.filters"):
            new = at(entry, "urlRewrite", "path")
            for kind, field in (("exact", "replaceFullPath"), ("prefix", "replacePrefixMatch")):
                if at(new, field) is not None:
                    yield from _matched(case, f"{where}.urlRewrite.path.{field}", {kind: at(new, field)})


def _tls_route(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    yield from _hosts(at(spec, "hostnames"), "spec.hostnames")


def _virtual_service(case: Case, spec: JsonValue) -> Iterator[Fault]:
    yield from _hosts(at(spec, "hosts"), "spec.hosts")
    gateways = at(spec, "gateways")
    if gateways is not UNKNOWN and not set(map(str, entries(gateways))) - {"mesh"}:
        return
    for path, _ in listed(at(spec, "tcp"), "spec.tcp"):
        yield Fault(path=path, text="leads to every path")
    for path, route in listed(at(spec, "http"), "spec.http"):
        if at(route, "redirect") not in (None, UNKNOWN) and at(route, "route") in (None, []):
            continue
        if at(route, "rewrite", "uri") is not None:
            yield from _matched(case, f"{path}.rewrite.uri", {"prefix": at(route, "rewrite", "uri")})
        if at(route, "rewrite", "uriRegexRewrite") is not None:
            yield Fault(path=f"{path}.rewrite.uriRegexRewrite", text="leads to paths that cannot be seen")
        matches = at(route, "match")
        if matches is not UNKNOWN and not entries(matches):
            yield from _matched(case, f"{path}.match", {"prefix": "/"})
        for where, match in listed(matches, f"{path}.match"):
            uri = at(match, "uri")
            yield from _matched(case, f"{where}.uri", mapping(uri) or {"prefix": UNKNOWN if uri is UNKNOWN else "/"})


def _istio_gateway(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    for path, server in listed(at(spec, "servers"), "spec.servers"):
        if at(server, "port", "protocol") in ("HTTPS", "TLS"):
            if at(server, "tls", "mode") not in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH", "ISTIO_MUTUAL"):
                yield Fault(path=f"{path}.tls.mode", text=_missing(at(server, "tls", "mode")))
        elif at(server, "tls", "httpsRedirect") is not True:
            yield Fault(path=f"{path}.port.protocol", text=_missing(at(server, "port", "protocol")))
        oldest = at(server, "tls", "minProtocolVersion")
        if oldest is UNKNOWN or oldest in _OLD_TLS:
            yield Fault(path=f"{path}.tls.minProtocolVersion", text=shown(oldest))
        yield from _hosts(at(server, "hosts"), f"{path}.hosts")


def _peers(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    ports = at(spec, "portLevelMtls")
    modes = [("spec.mtls.mode", at(spec, "mtls", "mode"))]
    modes += [(f"spec.portLevelMtls.{port}.mode", at(value, "mode")) for port, value in mapping(ports).items()]
    if ports is UNKNOWN:
        modes.append(("spec.portLevelMtls", UNKNOWN))
    for path, mode in modes:
        if mode not in (None, "STRICT", "UNSET"):
            yield Fault(path=path, text=shown(mode))


def _missing(value: JsonValue) -> str:
    return "is missing" if value is None else shown(value)


_KINDS: dict[tuple[str, str], Callable[[Case, JsonValue], Iterator[Fault]]] = {
    ("route.openshift.io", "Route"): _route,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("extensions", "Ingress"): _ingress,
    ("gateway.networking.k8s.io", "Gateway"): _gateway,
    ("gateway.networking.k8s.io", "HTTPRoute"): _http_route,
    ("gateway.networking.k8s.io", "GRPCRoute"): _tls_route,
    ("gateway.networking.k8s.io", "TLSRoute"): _tls_route,
    ("networking.istio.io", "VirtualService"): _virtual_service,
    ("networking.istio.io", "Gateway"): _istio_gateway,
    ("security.istio.io", "PeerAuthentication"): _peers,
}
"""How each kind of entry is judged; those of other projects are refused, as are routes that know no paths."""

RULE = Rule(
    id="entry-guarded",
    title="Every entry has TLS and a host name, keeps strangers out, and leads to no path of the administration.",
    severity=Severity.CRITICAL,
    reason="An entry is where callers of the whole organisation come in; a server itself knows no callers.",
    remedy="End TLS at the entry, name the host, list the callers' networks, and route the paths of the API alone.",
    reference="https://docs.openshift.com/container-platform/latest/networking/routes/route-configuration.html",
    judge=judge,
    config_schema={
        "authenticated": titles_schema(
            "Routes behind which callers are authenticated, so that they need no allow-list"
        ),
        "adminPaths": {
            **{"type": "array", "items": {"type": "string"}, "default": list(ADMIN_PATHS)},
            "description": "paths of servers that no entry leads to",
        },
    },
)
