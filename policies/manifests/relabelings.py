"""How Prometheus rewrites what it has found before it asks: which labels, and so which addresses, come of it.

An address is put together of addresses that Kubernetes tells and of ports, or stands in plain text and leads inside.
What may be anything else is refused, for an expression can make any text of any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, missing, shown
from policies.manifests.insides import leads_inside

ADDRESS = "__address__"
_FIELDS = ("sourceLabels", "separator", "targetLabel", "regex", "modulus", "replacement", "action")
_WRITES = ("replace", "hashmod", "lowercase", "uppercase")
_LEAVES = ("keep", "drop", "keepequal", "dropequal", "labeldrop", "labelkeep")
"""Actions that leave values as they are."""

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*|_[a-zA-Z0-9][a-zA-Z0-9_]*")
_OF_SCRAPES = re.compile(r"__(?:metrics_path|scheme|scrape_interval|scrape_timeout|tmp\w*|param_\w+)(?:__)?")
"""Labels by which Prometheus is told how to ask, beside the address."""

_FOUND = re.compile(
    r"__address__|__meta_kubernetes_(?:pod_ip|pod_host_ip|service_cluster_ip|node_address_\w+|node_name|pod_node_name"
    r"|pod_container_port_number|endpointslice_port|endpoint_port)"
)
"""Labels that hold addresses and ports as Kubernetes tells them."""

_OF_TARGETS = re.compile(
    r"__address__|__param_\w+|__meta_kubernetes_(?:ingress_(?:scheme|host|path)|(?:pod|service|node|namespace)\w*)"
)
_MARK = re.compile(r"_(?:annotation|label)(?:present)?_")
_DIGITS = (r"(\d+)", r"([0-9]+)")
_IPV6 = r"(([A-Fa-f0-9]{1,4}::?){1,7}[A-Fa-f0-9]{1,4})"
_IPV4 = r"((([0-9]+?)(\.|$)){4})"
_PART = re.compile(
    r"\^?(?:\((?:\.[*+]\??|\[\^:\]\+|\\S\+|\\d\+|\[0-9\]\+)\))?"
    r"(?:\(\?::\\d\+\)\??|:\\d\+|:\(\?:\\d\+\)|:\.[*+]|:[0-9]+|:\(\\d\+\)|:\(\.\+\))?\$?"
)
"""One source in an expression: a host, and a port that is left out or kept."""

_PUT = re.compile(r"\$\{?[1-9]\}?(?::(?:\$\{?[1-9]\}?|[0-9]{1,5}))?|\[\$\{?[1-9]\}?\]:\$\{?[1-9]\}?")
_SERVICE = re.compile(r"(?:\$\{?[1-9]\}?\.|[a-z0-9-]+\.){1,2}svc(?:\.cluster\.local)?(?::[0-9]{1,5})?")
_MAPPED = re.compile(r"\^?(?:\w+)_(?:label|annotation)_\(\.[+*]\)\$?")
_PREFIXED = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*\$\{?1\}?")


def relabelled(case: Case, rules: JsonValue, path: str) -> Iterator[Fault]:
    """Faults of the rules by which targets are rewritten."""
    for where, rule in listed(rules, path):
        if rule is UNKNOWN or UNKNOWN in [at(rule, field) for field in _FIELDS]:
            yield Fault(path=where, text=NOT_KNOWN)
            continue
        action = str(at(rule, "action") or "replace").lower()
        if action in _WRITES:
            yield from _written(case, rule, where, action)
        elif action == "labelmap":
            yield from _mapped(rule, where)
        elif action not in _LEAVES:
            yield Fault(path=f"{where}.action", text=f"{shown(at(rule, 'action'))}, which is not understood")


def _written(case: Case, rule: JsonValue, path: str, action: str) -> Iterator[Fault]:
    target = at(rule, "targetLabel")
    if not isinstance(target, str) or not (
        _NAME.fullmatch(target) or target == ADDRESS or _OF_SCRAPES.fullmatch(target)
    ):
        yield Fault(path=f"{path}.targetLabel", text=f"{missing(target)}, which is no label that a scrape may write")
    elif target == ADDRESS and not (action == "replace" and _leads_to_found(case, rule)):
        text = f"{shown(at(rule, 'replacement'))}: scrapes go to what is not inside"
        yield Fault(path=f"{path}.replacement", text=text)
    elif target == "__param_target" and not _asks_inside(case, rule):
        text = f"{shown(at(rule, 'replacement'))}: a prober is sent to what is not inside"
        yield Fault(path=f"{path}.replacement", text=text)


def _leads_to_found(case: Case, rule: JsonValue) -> bool:
    """Whether an address is one of those that Kubernetes tells, with another port perhaps, or stands there inside."""
    put = at(rule, "replacement")
    if put is not None and (not isinstance(put, str) or _SERVICE.fullmatch(put)):
        return isinstance(put, str)
    if isinstance(put, str) and "$" not in put:
        return leads_inside(case, put)
    return (put is None or bool(_PUT.fullmatch(put))) and _is_taken_whole(rule)


def _is_taken_whole(rule: JsonValue) -> bool:
    """Whether an expression takes hosts and ports as they are: of a label that a team writes, digits alone."""
    sources, regex = entries(at(rule, "sourceLabels")), at(rule, "regex")
    if not sources:
        return True  # Of nothing nothing is taken.
    if at(rule, "separator") not in (None, ";"):
        return False
    parts = ["(.*)"] if regex is None else str(regex).replace("[^:;]", "[^:]").split(";")
    if len(parts) != len(sources):
        return False
    return all(
        isinstance(source, str) and (part in _DIGITS or (bool(_FOUND.fullmatch(source)) and _is_an_address(part)))
        for source, part in zip(sources, parts, strict=True)
    )


def _is_an_address(part: str) -> bool:
    return part in (_IPV4, _IPV6) or bool(part and _PART.fullmatch(part))


def _asks_inside(case: Case, rule: JsonValue) -> bool:
    put, sources = at(rule, "replacement"), [str(entry) for entry in entries(at(rule, "sourceLabels"))]
    if isinstance(put, str) and "$" not in put:
        return leads_inside(case, put)
    return bool(sources) and all(_OF_TARGETS.fullmatch(entry) and not _MARK.search(entry) for entry in sources)


def _mapped(rule: JsonValue, path: str) -> Iterator[Fault]:
    """Labels that are copied under other names: of marks of Kubernetes, whose names begin with no `__`."""
    put, regex = at(rule, "replacement"), str(at(rule, "regex"))
    whole = put in (None, "$1", "${1}") and bool(_MAPPED.fullmatch(regex))
    if not whole and not (isinstance(put, str) and _PREFIXED.fullmatch(put)):
        text = f"{missing(put)}, for {regex!r}: it may write the labels by which Prometheus is told whom to ask"
        yield Fault(path=f"{path}.replacement", text=text)
