"""Issuers of certificates: which server signs, and how it is shown whose a name is."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.hosts import in_a_tenants, outside
from policies.manifests.understood_beside import is_stated

_ISSUERS = ("ca", "selfSigned", "vault", "acme", "venafi")
_ADDRESSES = (("vault", "server"), ("acme", "server"), ("venafi", "tpp", "url"))
_SOLVERS = ("selector", "http01", "dns01")
_HTTP: dict[str, frozenset[str]] = {
    "ingress": frozenset({"class", "ingressClassName", "name", "serviceType"}),
    "gatewayHTTPRoute": frozenset({"labels", "parentRefs", "serviceType"}),
}
_DNS_ADDRESSES = {"rfc2136": "nameserver", "acmeDNS": "host"}
"""Ways of showing by DNS whose a name is that ask an address of the configuration; others ask a cloud."""


def issuer(case: Case) -> Iterator[Fault]:
    """Faults of an Issuer or ClusterIssuer: the server that it asks must be inside."""
    spec = case.subject.inputs.get("spec")
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    for field in mapping(spec):
        if field not in _ISSUERS:
            yield Fault(path=f"spec.{field}", text="what signs there is not understood")
    for fields in _ADDRESSES:
        address = at(spec, *fields)
        if text := outside(case, address) or in_a_tenants(case, address):
            yield Fault(path=f"spec.{'.'.join(fields)}", text=text)
    if at(spec, "venafi", "cloud") is not None and not is_stated(case.config, "address", "venafi"):
        yield Fault(path="spec.venafi.cloud", text="asks a cloud: name venafi in `understood` of this rule")
    for path, solver in listed(at(spec, "acme", "solvers"), "spec.acme.solvers"):
        yield from _solver(case, solver, path)


def _solver(case: Case, solver: JsonValue, path: str) -> Iterator[Fault]:
    if solver is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    for field in mapping(solver):
        if field not in _SOLVERS:
            yield Fault(path=f"{path}.{field}", text="how a name is shown is not understood")
    for way, said in mapping(at(solver, "http01")).items():
        for field in mapping(said):
            if field not in _HTTP.get(way, ()):
                yield Fault(path=f"{path}.http01.{way}.{field}", text="what is made by it is not understood")
        kind = at(said, "serviceType")
        if kind not in (None, "ClusterIP"):
            yield Fault(path=f"{path}.http01.{way}.serviceType", text=f"{shown(kind)}: opens a port of every node")
    for way, said in mapping(at(solver, "dns01")).items():
        if way == "cnameStrategy" or is_stated(case.config, "address", way):
            continue
        asked = _DNS_ADDRESSES.get(way)
        text = outside(case, at(said, asked)) if asked else "asks a cloud: name it in `understood` of this rule"
        if text:
            yield Fault(path=f"{path}.dns01.{way}", text=text)
