"""Certificates and where they come from: whose name is in one, who may sign with it, and which server signs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.bound_names import not_bound
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.hosts import outside
from policies.manifests.object_marks import secret_marks
from policies.manifests.secret_objects import TLS, secret_name
from policies.manifests.understood_beside import is_stated

_USAGES = frozenset(
    {
        *("server auth", "client auth", "digital signature", "key encipherment", "key agreement", "data encipherment"),
        *("content commitment", "signing"),
    }
)
_GROUPS = (None, "", "cert-manager.io")
_ISSUERS = ("ca", "selfSigned", "vault", "acme", "venafi")
_ADDRESSES = (("vault", "server"), ("acme", "server"), ("venafi", "tpp", "url"))
_PARTS = re.compile(r"[,+/;]")


def certificate(case: Case) -> Iterator[Fault]:
    """Faults of a Certificate."""
    spec = case.subject.inputs.get("spec")
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    if at(spec, "isCA") not in (None, False):
        yield Fault(path="spec.isCA", text=f"{shown(at(spec, 'isCA'))}: whoever has it makes certificates of any name")
    for path, usage in listed(at(spec, "usages"), "spec.usages"):
        if str(usage) not in _USAGES:
            yield Fault(path=path, text=f"{shown(usage)}: what it signs is not understood")
    for path, name in _names(spec):
        why = NOT_KNOWN if name is UNKNOWN else not_bound(str(name))
        if why:
            yield Fault(path=path, text=why if name is UNKNOWN else f"{shown(name)}, {why}")
    for path, name in listed(at(spec, "dnsNames"), "spec.dnsNames"):
        if name is UNKNOWN or _is_anothers(case, str(name)):
            yield Fault(path=path, text=f"{shown(name)}: is the name of a Service in another namespace")
    for field in ("uris", "otherNames"):
        if at(spec, field) not in (None, []):
            yield Fault(path=f"spec.{field}", text="names somebody in a way that is not understood")
    group = at(spec, "issuerRef", "group")
    if group not in _GROUPS and not is_stated(case.config, "group", str(group)):
        yield Fault(path="spec.issuerRef.group", text=f"{shown(group)}: what signs there is not understood")
    yield from secret_marks(case, at(spec, "secretTemplate"), "spec.secretTemplate")
    yield from secret_name(case, at(spec, "secretName"), TLS, "spec.secretName")


def _names(spec: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Every name by which a certificate says whose it is."""
    yield from ((f"spec.{field}", value) for field in ("commonName",) if (value := at(spec, field)) is not None)
    yield from listed(at(spec, "emailAddresses"), "spec.emailAddresses")
    for field in mapping(at(spec, "subject")):
        yield from listed(at(spec, "subject", field), f"spec.subject.{field}")
    text = at(spec, "literalSubject")
    if text is UNKNOWN:
        yield "spec.literalSubject", UNKNOWN
    for part in _PARTS.split(str(text or "")):
        yield "spec.literalSubject", part.partition("=")[2].strip()


def _is_anothers(case: Case, name: str) -> bool:
    parts = name.split(".")
    own = case.subject.namespace
    of_cluster = len(parts) > 2 and parts[2] == "svc" and (len(parts) == 3 or name.endswith(".cluster.local"))
    return of_cluster and own is not None and "$" not in name and name.islower() and parts[1] != own


def certificate_request(case: Case) -> Iterator[Fault]:
    """A CertificateRequest holds a request in bytes, whose names nobody can review."""
    spec = case.subject.inputs.get("spec")
    if at(spec, "isCA") not in (None, False):
        yield Fault(path="spec.isCA", text=f"{shown(at(spec, 'isCA'))}: whoever has it makes certificates of any name")
    yield Fault(path="spec.request", text="whose name it asks for cannot be seen: write a Certificate")


def issuer(case: Case) -> Iterator[Fault]:
    """Faults of an Issuer or ClusterIssuer: the server that it asks must be inside."""
    spec = case.subject.inputs.get("spec")
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    for field in mapping(spec):
        if field not in _ISSUERS:
            yield Fault(path=f"spec.{field}", text="what signs there is not understood")
    for path in _ADDRESSES:
        if text := outside(case, at(spec, *path)):
            yield Fault(path=f"spec.{'.'.join(path)}", text=text)
