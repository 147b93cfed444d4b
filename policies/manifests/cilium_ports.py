"""What Cilium's proxy does at the ports of a policy: with which Secrets it opens, signs and adds to calls.

Its agents may read Secrets of every namespace that a policy names, so a policy names those of its own alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown

_PORTS = {"ports", "rules", "serverNames", "terminatingTLS", "originatingTLS"}
_RULES = {"http", "dns", "kafka"}
_HTTP = {"method", "path", "host", "headers", "headerMatches"}
_TLS = ("terminatingTLS", "originatingTLS")


def port_rules(case: Case, rule: JsonValue, path: str) -> Iterator[Fault]:
    """Faults of `toPorts` of one rule, closed over its fields."""
    for where, ports in listed(at(rule, "toPorts"), f"{path}.toPorts"):
        yield from _strange(ports, _PORTS, where)
        rules = at(ports, "rules")
        yield from _strange(rules, _RULES, f"{where}.rules")
        for field in _TLS:
            yield from _secret(case, at(ports, field, "secret"), f"{where}.{field}.secret")
        for place, entry in listed(at(rules, "http"), f"{where}.rules.http"):
            yield from _strange(entry, _HTTP, place)
            for inner, match in listed(at(entry, "headerMatches"), f"{place}.headerMatches"):
                yield from _secret(case, at(match, "secret"), f"{inner}.secret")


def _strange(value: JsonValue, known: set[str], path: str) -> Iterator[Fault]:
    if value is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    for field, entry in mapping(value).items():
        if field not in known and entry is not None:
            yield Fault(path=f"{path}.{field}", text="what the proxy does by it is not understood")


def _secret(case: Case, secret: JsonValue, path: str) -> Iterator[Fault]:
    place = at(secret, "namespace")
    own = isinstance(place, str) and place == case.subject.namespace
    if secret is UNKNOWN or (secret is not None and not own):
        text = NOT_KNOWN if UNKNOWN in (secret, place) else f"{shown(place)}: a Secret of another namespace"
        yield Fault(path=f"{path}.namespace", text=text)
