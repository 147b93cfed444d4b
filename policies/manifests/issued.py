"""Certificates: whose name is in one, and what may be signed with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.bound_names import not_bound
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.insides import namespace_of, tenant_of
from policies.manifests.namespace_places import is_own
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
_PARTS = re.compile(r"[,+/;]")


def certificate(case: Case) -> Iterator[Fault]:
    """Faults of a Certificate."""
    spec = case.subject.inputs.get("spec")
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
    if at(spec, "isCA") not in (None, False):
        yield Fault(path="spec.isCA", text=f"{shown(at(spec, 'isCA'))}: whoever has it makes certificates of any name")
    for where, text in _faults(case, spec, "spec"):
        yield Fault(path=where, text=text)
    group = at(spec, "issuerRef", "group")
    if group not in _GROUPS and not is_stated(case.config, "group", str(group)):
        yield Fault(path="spec.issuerRef.group", text=f"{shown(group)}: what signs there is not understood")
    yield from secret_marks(case, at(spec, "secretTemplate"), "spec.secretTemplate")
    yield from secret_name(case, at(spec, "secretName"), TLS, "spec.secretName")


def _faults(case: Case, spec: JsonValue, prefix: str) -> Iterator[tuple[str, str]]:
    """Faults of what a certificate says, as paths and texts."""
    for path, usage in listed(at(spec, "usages"), f"{prefix}.usages"):
        if str(usage) not in _USAGES:
            yield path, f"{shown(usage)}: what it signs is not understood"
    for path, name in _names(spec, prefix):
        why = NOT_KNOWN if name is UNKNOWN else not_bound(str(name))
        if why:
            yield path, why if name is UNKNOWN else f"{shown(name)}, {why}"
    for path, name in listed(at(spec, "dnsNames"), f"{prefix}.dnsNames"):
        if (told := _foreign(case, name)) is not None:
            yield path, told
    for path, address in listed(at(spec, "ipAddresses"), f"{prefix}.ipAddresses"):
        if not is_stated(case.config, "address", str(address)):
            yield path, f"{shown(address)}: whose address it is cannot be seen: name it in `understood` of this rule"
    for field in ("uris", "otherNames"):
        if at(spec, field) not in (None, []):
            yield f"{prefix}.{field}", "names somebody in a way that is not understood"


def _names(spec: JsonValue, prefix: str) -> Iterator[tuple[str, JsonValue]]:
    """Every name by which a certificate says whose it is."""
    yield from ((f"{prefix}.{field}", value) for field in ("commonName",) if (value := at(spec, field)) is not None)
    yield from listed(at(spec, "emailAddresses"), f"{prefix}.emailAddresses")
    for field in mapping(at(spec, "subject")):
        yield from listed(at(spec, "subject", field), f"{prefix}.subject.{field}")
    text = at(spec, "literalSubject")
    if text is UNKNOWN:
        yield "spec.literalSubject", UNKNOWN
    for part in _PARTS.split(str(text or "")):
        yield "spec.literalSubject", part.partition("=")[2].strip()


def _foreign(case: Case, name: JsonValue) -> str | None:
    """Why a server's name is not given to an object of a namespace, or None."""
    if not isinstance(name, str):
        return NOT_KNOWN if name is UNKNOWN else shown(name)
    if name == "kubernetes" or name != name.lower() or name.endswith("."):
        return f"{shown(name)}: is the API's own, or not written in small letters without a dot at its end"
    if "$" in name or "." not in name:
        return None
    own, found = case.subject.namespace, namespace_of(case, name)
    if found is None:
        return None if is_stated(case.config, "address", name) else _of_domains(case, name)
    return None if own in (None, found) else f"{shown(name)}: is the name of a Service in another namespace"


def _of_domains(case: Case, name: str) -> str | None:
    """The same of a name that is none of the cluster's."""
    if not is_own(name.removeprefix("*."), case.world):
        return f"{shown(name)}: is no name of the organisation's: name it in `understood` of this rule"
    own = case.subject.namespace
    held = next((host for host in _hosts(case) if _covers(name, host)), None)
    if held is None or tenant_of(case, own) is None:
        return None
    return f"{shown(name)}: {held} is a host of the platform, and {own} is a tenant's namespace"


def _covers(name: str, host: str) -> bool:
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


def _hosts(case: Case) -> Iterator[str]:
    """Hosts of the platform that the settings name: the registry, the store, and whatever else is an address."""
    yield (case.world.registry or "").partition("/")[0].partition(":")[0]
    waiting: list[object] = list(case.world.settings.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str) and value.startswith(("https://", "http://")):
            yield urlsplit(value).hostname or ""


def certificate_request(case: Case) -> Iterator[Fault]:
    """A CertificateRequest holds a request in bytes, whose names nobody can review."""
    spec = case.subject.inputs.get("spec")
    if at(spec, "isCA") not in (None, False):
        yield Fault(path="spec.isCA", text=f"{shown(at(spec, 'isCA'))}: whoever has it makes certificates of any name")
    yield Fault(path="spec.request", text="whose name it asks for cannot be seen: write a Certificate")


_MARK = "cert-manager.io/"
_OF_INGRESS = {"alt-names": "dnsNames", "ip-sans": "ipAddresses", "uri-sans": "uris", "email-sans": "emailAddresses"}


def ingress(case: Case) -> Iterator[Fault]:
    """What an Ingress asks cert-manager for by its annotations, judged as the Certificate that is made of it."""
    marks = mapping(case.subject.metadata.get("annotations"))
    asked = {name.removeprefix(_MARK): value for name, value in marks.items() if name.startswith(_MARK)}
    if not asked:
        return
    spec: dict[str, JsonValue] = {}
    for name, value in asked.items():
        words: JsonValue = value
        if isinstance(value, str) and name != "common-name":
            words = [word.strip() for word in value.split(",")]
        if name == "common-name":
            spec["commonName"] = words
        elif name.startswith("subject-"):
            spec["subject"] = {**mapping(spec.get("subject")), name: words}
        elif name in _OF_INGRESS:
            spec[_OF_INGRESS[name]] = words
        elif name == "usages":
            spec["usages"] = words
    for where, text in _faults(case, spec, "metadata.annotations"):
        yield Fault(path=where, text=text)
    yield from _hosts_of_tls(case)


def _hosts_of_tls(case: Case) -> Iterator[Fault]:
    for path, entry in listed(at(case.subject.inputs.get("spec"), "tls"), "spec.tls"):
        for where, host in listed(at(entry, "hosts"), f"{path}.hosts"):
            why = _foreign(case, host)
            if why:
                yield Fault(path=where, text=why)
