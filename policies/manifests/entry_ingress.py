"""Entries by Ingress and by OpenShift's Route."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests import entry_headers
from policies.manifests.entry_backends import Towards, of_ingress
from policies.manifests.entry_origins import own_address
from policies.manifests.entry_parts import Form, claims, form_faults, host_faults, path_faults
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, missing, shown, titles
from policies.manifests.insides import host_of, is_of_a_tenant, is_own, namespace_of
from policies.manifests.networks import too_wide
from policies.manifests.statements import names

_ALLOW_LISTS = ("haproxy.router.openshift.io/ip_allowlist", "haproxy.router.openshift.io/ip_whitelist")
_NGINX = "nginx.ingress.kubernetes.io/"
_NGINX_LISTS = (f"{_NGINX}whitelist-source-range", f"{_NGINX}allowlist-source-range", "haproxy.org/allow-list")
_REWRITES = (f"{_NGINX}rewrite-target", "haproxy.router.openshift.io/rewrite-target")
_TERMINATIONS = ("edge", "reencrypt", "passthrough")
_CLASS = "kubernetes.io/ingress.class"
_REGULAR = re.compile(r"[][()*+?|\\^$.{}]")


_ROUTE: Form = {
    **dict.fromkeys(("host", "path", "port", "wildcardPolicy", "httpHeaders", "alternateBackends")),
    "to": dict.fromkeys(("kind", "name", "weight")),
    "tls": dict.fromkeys(
        (
            *("termination", "insecureEdgeTerminationPolicy", "certificate", "key", "caCertificate"),
            *("destinationCACertificate", "externalCertificate"),
        )
    ),
}
_INGRESS: Form = dict.fromkeys(("ingressClassName", "tls", "rules", "defaultBackend", "backend"))


def route(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a Route: it names TLS, a host and, unless callers are authenticated behind it, their networks."""
    yield from form_faults(spec, _ROUTE, "spec")
    termination = at(spec, "tls", "termination")
    if termination not in _TERMINATIONS:
        yield Fault(path="spec.tls.termination", text=missing(termination))
    insecure = at(spec, "tls", "insecureEdgeTerminationPolicy")
    if insecure not in (None, "", "None", "Redirect"):
        yield Fault(path="spec.tls.insecureEdgeTerminationPolicy", text=shown(insecure))
    yield from host_faults(at(spec, "host"), "spec.host")
    yield from claims(case, [at(spec, "host")], "spec.host")
    if at(spec, "wildcardPolicy") not in (None, "", "None"):
        yield Fault(path="spec.wildcardPolicy", text=shown(at(spec, "wildcardPolicy")))
    towards, path = of_ingress(case, at(spec, "to")), at(spec, "path")
    # A Route has one path: none means all of the server, whose administration another rule keeps closed.
    if path not in (None, "", "/"):
        yield from path_faults(case, "spec.path", {"prefix": path}, towards)
    backends = [("spec.to", at(spec, "to")), *listed(at(spec, "alternateBackends"), "spec.alternateBackends")]
    for where, backend in backends if spec is not UNKNOWN else ():
        if at(backend, "kind") not in (None, "Service"):
            yield Fault(path=f"{where}.kind", text=f"{shown(at(backend, 'kind'))}, which may lead anywhere")
    yield from entry_headers.of_openshift(case, spec)
    yield from _rewritten(case, towards)
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
    for value in found:
        if value and value is not UNKNOWN:
            yield from _networks(str(value).split(), _ALLOW_LISTS[0])


def _networks(texts: list[str], name: str) -> Iterator[Fault]:
    for text in too_wide(texts):
        yield Fault(path="metadata.annotations", text=f"{name} {text}")


def _rewritten(case: Case, towards: Towards) -> Iterator[Fault]:
    """Annotations by which a path becomes another one."""
    annotations = case.subject.metadata.get("annotations")
    for name in _REWRITES:
        target = at(annotations, name)
        path = f"metadata.annotations.{name}"
        # All of the server is what an entry without a path leads to as well.
        if target in (None, "", "/"):
            continue
        if "$" in str(target):
            yield Fault(path=path, text=shown(target))
        else:
            yield from path_faults(case, path, {"prefix": target}, towards)


def ingress(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of an Ingress: each rule has a host that TLS covers, and paths as every controller may read them."""
    yield from form_faults(spec, _INGRESS, "spec")
    paths = [entry for rule in entries(at(spec, "rules")) for entry in entries(at(rule, "http", "paths"))]
    towards = [_behind(case, spec, entry) for entry in paths]
    yield from _rewritten(case, Towards.SERVERS if Towards.SERVERS in towards or not towards else towards[0])
    annotations = case.subject.metadata.get("annotations")
    for name in _NGINX_LISTS:
        value = at(annotations, name)
        if isinstance(value, str):
            yield from _networks(value.replace(",", " ").split(), name)
    if at(spec, "defaultBackend") is not None or at(spec, "backend") is not None:
        yield Fault(path="spec.defaultBackend", text="answers for every host")
    covered = [entry for _, entry in listed(at(spec, "tls"), "spec.tls")]
    # Other controllers do not know the annotation, and leave the path as it is.
    rewritten = _is_nginx(case, spec) and at(annotations, _REWRITES[0]) not in (None, "", "/")
    regular = any(at(annotations, name) not in (None, "false") for name in (f"{_NGINX}use-regex", _REWRITES[0]))
    for path, rule in listed(at(spec, "rules"), "spec.rules"):
        host = at(rule, "host")
        yield from host_faults(host, f"{path}.host")
        yield from claims(case, [host], f"{path}.host")
        if UNKNOWN in [at(entry, key) for entry in covered for key in ("hosts", "secretName")]:
            yield Fault(path="spec.tls", text=NOT_KNOWN)
        elif not any(_covers(entry, host) for entry in covered):
            yield Fault(path="spec.tls", text=f"does not cover the host of {path}")
        for where, entry in listed(at(rule, "http", "paths"), f"{path}.http.paths"):
            towards_it = _behind(case, spec, entry)
            yield from _path(case, f"{where}.path", entry, towards_it, regular=regular, rewritten=rewritten)
            if (case.subject.namespace, at(entry, "backend", "service", "name")) == ("default", "kubernetes"):
                yield Fault(path=f"{where}.backend", text="leads to the API of the cluster")
            if at(entry, "backend", "resource") is not None and at(entry, "backend") is not UNKNOWN:
                yield Fault(path=f"{where}.backend.resource", text="is no Service, and may lead anywhere")


def _is_nginx(case: Case, spec: JsonValue) -> bool:
    annotations = case.subject.metadata.get("annotations")
    return any("nginx" in str(name) for name in (at(spec, "ingressClassName"), at(annotations, _CLASS)))


def _behind(case: Case, spec: JsonValue, entry: JsonValue) -> Towards:
    """What a path leads to. A proxy of one's own that signs callers in opens all of what is no tenant's."""
    towards = of_ingress(case, at(entry, "backend"))
    asked = at(case.subject.metadata.get("annotations"), f"{_NGINX}auth-url")
    is_signed_in = asked is not None and _knows_callers(case, spec, asked) and _is_nginx(case, spec)
    return Towards.STATED if towards is Towards.OTHERS and is_signed_in else towards


def _knows_callers(case: Case, spec: JsonValue, address: JsonValue) -> bool:
    """Whether whoever is asked about calls is none of those that the entry itself leads to.

    It is a Service that is stated, or one of another namespace that is no tenant's, or another host of one's own.
    """
    host = host_of(address)
    namespace = namespace_of(case, host)
    if not own_address(case, address) or "$" in host:
        return False
    if namespace:
        stated, _ = names(case.config.get("authorities"))
        is_other = namespace != case.subject.namespace and not is_of_a_tenant(case, namespace)
        return is_other or f"{namespace}/{host.partition('.')[0]}" in stated
    return is_own(case, host) and host not in [at(rule, "host") for rule in entries(at(spec, "rules"))]


def _path(
    case: Case, path: str, entry: JsonValue, towards: Towards, *, regular: bool, rewritten: bool
) -> Iterator[Fault]:
    """A path as it stands and, where a controller may read it so, as an expression, of small and great letters."""
    value = at(entry, "path") or "/"
    exact = at(entry, "pathType") == "Exact"
    expression = isinstance(value, str) and (regular or not exact) and bool(_REGULAR.search(value))
    matches: list[tuple[dict[str, JsonValue], bool]] = [({"regex": value}, True)] if expression else []
    if not (expression and _is_expression(value)):
        matches.append(({"exact" if exact else "prefix": value}, regular))
    for match, any_case in matches:
        found = list(path_faults(case, path, match, towards, any_case=any_case, rewritten=rewritten))
        if found:
            yield from found
            return


def _is_expression(value: str) -> bool:
    """Whether a path can be nothing but an expression; a point alone stands in plain paths as well."""
    return bool(_REGULAR.search(value.replace(".", "")))


def _covers(entry: JsonValue, host: JsonValue) -> bool:
    hosts = entries(at(entry, "hosts"))
    wildcard = f"*.{str(host).partition('.')[2]}"
    return bool(at(entry, "secretName")) and (not hosts or host in hosts or wildcard in hosts)
