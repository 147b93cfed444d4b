"""Entries by Istio's mesh, and Knative's Services."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests import entry_headers
from policies.manifests.entry_backends import Towards, of_mesh
from policies.manifests.entry_parts import Form, claims, form_faults, hosts_faults, passed_through, path_faults
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, missing, shown
from policies.manifests.insides import MESH, is_own, namespace_of, of_another_tenant
from policies.manifests.network_mesh import foreign_fault

_OLD_TLS = ("TLSV1_0", "TLSV1_1")
_MODES = ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH", "ISTIO_MUTUAL")
_MATCH: Form = dict.fromkeys(
    (
        *("name", "uri", "scheme", "method", "authority", "headers", "port", "sourceLabels", "gateways"),
        *("queryParams", "ignoreUriCase", "withoutHeaders", "sourceNamespace", "statPrefix"),
    )
)
_ROUTE: Form = dict.fromkeys(("destination", "weight", "headers"))
_VIRTUAL: Form = {
    **dict.fromkeys(("hosts", "gateways", "exportTo", "tcp", "tls")),
    "http": [
        {
            **dict.fromkeys(
                ("name", "redirect", "directResponse", "timeout", "retries", "fault", "corsPolicy", "headers")
            ),
            "match": [_MATCH],
            "route": [_ROUTE],
            "rewrite": dict.fromkeys(("uri", "authority", "uriRegexRewrite")),
        }
    ],
}
_SERVER: Form = {
    **dict.fromkeys(("name", "port", "hosts")),
    "tls": dict.fromkeys(
        (
            *("mode", "credentialName", "credentialNames", "httpsRedirect", "minProtocolVersion"),
            *("maxProtocolVersion", "serverCertificate", "privateKey", "caCertificates", "cipherSuites"),
            *("subjectAltNames", "verifyCertificateSpki", "verifyCertificateHash", "caCrl"),
        )
    ),
}
_GATEWAY: Form = {"selector": None, "servers": [_SERVER]}
_ANSWERED = ("redirect", "directResponse")
"""What answers in place of a server."""

_VISIBILITY = "networking.knative.dev/visibility"


def virtual_service(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a VirtualService: it leads to hosts of the mesh alone and, from a gateway, to open paths alone."""
    yield from form_faults(spec, _VIRTUAL, "spec")
    for kind in ("http", "tls", "tcp"):
        for path, route in listed(at(spec, kind), f"spec.{kind}"):
            yield from _destinations(case, route, path)
    yield from hosts_faults(at(spec, "hosts"), "spec.hosts")
    yield from claims(case, at(spec, "hosts"), "spec.hosts")
    for path, host in listed(at(spec, "hosts"), "spec.hosts"):
        yield from foreign_fault(case, host, path)
    for path, route in listed(at(spec, "http"), "spec.http"):
        yield from entry_headers.cors(case, route, path)
        yield from _redirected(case, spec, route, path)
    gateways = at(spec, "gateways")
    if gateways is not UNKNOWN and not set(map(str, entries(gateways))) - {"mesh"}:
        return
    for path, _ in listed(at(spec, "tcp"), "spec.tcp"):
        yield Fault(path=path, text="leads to every path")
    for path, route in listed(at(spec, "tls"), "spec.tls"):
        yield from passed_through(path, of_mesh(case, route))
    for path, route in listed(at(spec, "http"), "spec.http"):
        if any(at(route, key) not in (None, UNKNOWN) for key in _ANSWERED) and at(route, "route") in (None, []):
            continue
        yield from _paths(case, route, path)


def _redirected(case: Case, spec: JsonValue, route: JsonValue, path: str) -> Iterator[Fault]:
    host = at(route, "redirect", "authority") if route is not UNKNOWN else None
    if route is not UNKNOWN and at(route, "redirect", "scheme") not in (None, "https", UNKNOWN):
        yield Fault(path=f"{path}.redirect.scheme", text=shown(at(route, "redirect", "scheme")))
    if isinstance(host, str) and (host in entries(at(spec, "hosts")) or is_own(case, host.partition(":")[0])):
        return
    # A redirection that is not known is told where its paths are read.
    if host is not None and at(route, "redirect") is not UNKNOWN:
        text = f"{shown(host)}, which is none of the organisation's domains"
        yield Fault(path=f"{path}.redirect.authority", text=text)


def _destinations(case: Case, route: JsonValue, path: str) -> Iterator[Fault]:
    for where, entry in listed(at(route, "route"), f"{path}.route") if route is not UNKNOWN else ():
        host = at(entry, "destination", "host")
        if at(entry, "destination") is not None and not _is_inside(host):
            yield Fault(path=f"{where}.destination.host", text=f"{missing(host)}, which is no name of the mesh")
        if of_another_tenant(case, host):
            yield Fault(path=f"{where}.destination.host", text=f"{shown(host)}, which is a server of another tenant")
        if isinstance(host, str) and host.startswith("kubernetes.") and namespace_of(case, host) == "default":
            yield Fault(path=f"{where}.destination.host", text=f"{shown(host)}, which is the API of the cluster")
    for holder, where in ((route, path), *((e, w) for w, e in listed(at(route, "route"), f"{path}.route"))):
        for operation in ("set", "add"):
            for name in mapping(at(holder, "headers", "request", operation)) if holder is not UNKNOWN else ():
                if name.startswith(":") or name.lower() == "host":
                    yield Fault(
                        path=f"{where}.headers.request.{operation}", text=f"changes {name!r}, and so where it leads"
                    )
        yield from entry_headers.of_mesh(case, holder, where)


def _is_inside(host: JsonValue) -> bool:
    return isinstance(host, str) and bool(host) and "*" not in host and ("." not in host or host.endswith(MESH))


def _paths(case: Case, route: JsonValue, path: str) -> Iterator[Fault]:
    towards: Towards = of_mesh(case, route)
    rewritten = at(route, "rewrite", "uri") is not None
    if rewritten:
        yield from path_faults(case, f"{path}.rewrite.uri", {"prefix": at(route, "rewrite", "uri")}, towards)
    if at(route, "rewrite", "uriRegexRewrite") is not None:
        yield Fault(path=f"{path}.rewrite.uriRegexRewrite", text="leads to paths that cannot be seen")
    matches = at(route, "match")
    if matches is not UNKNOWN and not entries(matches):
        yield from path_faults(case, f"{path}.match", {"prefix": "/"}, towards, rewritten=rewritten)
    for where, match in listed(matches, f"{path}.match"):
        uri = at(match, "uri")
        found = mapping(uri) or {"prefix": UNKNOWN if uri is UNKNOWN else "/"}
        any_case = match is not UNKNOWN and at(match, "ignoreUriCase") not in (None, False)
        yield from path_faults(case, f"{where}.uri", found, towards, any_case=any_case, rewritten=rewritten)


def istio_gateway(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of Istio's Gateway: each server has TLS of today and hosts."""
    yield from form_faults(spec, _GATEWAY, "spec")
    for path, server in listed(at(spec, "servers"), "spec.servers"):
        if at(server, "port", "protocol") in ("HTTPS", "TLS"):
            if at(server, "tls", "mode") not in _MODES:
                yield Fault(path=f"{path}.tls.mode", text=missing(at(server, "tls", "mode")))
        elif at(server, "tls", "httpsRedirect") is not True:
            yield Fault(path=f"{path}.port.protocol", text=missing(at(server, "port", "protocol")))
        oldest = at(server, "tls", "minProtocolVersion")
        if oldest is UNKNOWN or oldest in _OLD_TLS:
            yield Fault(path=f"{path}.tls.minProtocolVersion", text=shown(oldest))
        yield from hosts_faults(at(server, "hosts"), f"{path}.hosts")


def peers(_case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of PeerAuthentication: callers within the mesh prove who they are."""
    ports = at(spec, "portLevelMtls")
    modes = [("spec.mtls.mode", at(spec, "mtls", "mode"))]
    modes += [(f"spec.portLevelMtls.{port}.mode", at(value, "mode")) for port, value in mapping(ports).items()]
    if ports is UNKNOWN:
        modes.append(("spec.portLevelMtls", UNKNOWN))
    for path, mode in modes:
        if mode not in (None, "STRICT", "UNSET"):
            yield Fault(path=path, text=shown(mode))


def knative_service(case: Case, _spec: JsonValue) -> Iterator[Fault]:
    """Knative makes an entry for each of its Services that does not say that it is the cluster's own."""
    labels = case.subject.metadata.get("labels")
    visible = at(labels, _VISIBILITY)
    if visible != "cluster-local":
        text = NOT_KNOWN if visible is UNKNOWN else f"{missing(visible)}, so Knative makes an entry for it"
        yield Fault(path=f"metadata.labels.{_VISIBILITY}", text=text)
