"""Rules of Prometheus, closed over their fields: what a team's rules do reaches the team alone.

An expression reads figures and changes nothing. What it makes does more: a template with `query` puts figures of others
into the texts of alerts, a label says whom an alert is of and so who gets it, and a series that is recorded by the name
of another is what other people's alerts read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.insides import is_another_tenants
from policies.manifests.namespace_places import is_platform
from policies.manifests.network_peers import strange_fields

_GROUP = ("name", "interval", "query_offset", "limit", "partial_response_strategy", "labels", "rules")
_RULE = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")

_WORD = r"(?:\$value|\.Value|\$labels\.\w+|\.Labels\.\w+)"
_FUNCTION = (
    r"(?:humanize|humanize1024|humanizeDuration|humanizePercentage|humanizeTimestamp|title|toUpper|toLower"
    r"|stripPort|stripDomain|printf\s+\"[^\"%{}]*%[-+0-9.]*[fgdsveq]?%*[^\"{}]*\")"
)
_TEMPLATE = re.compile(rf"\{{\{{-?\s*(?:{_FUNCTION}\s+)?{_WORD}(?:\s*\|\s*{_FUNCTION})*\s*-?\}}\}}")
"""A label or the value of the alert itself, in a form for people. Whatever else a template may do is not understood."""

_OWN_ALERT = re.compile(r"Kitchen.*", re.DOTALL)
"""Names of this project's own alerts: routes send them to whoever answers for all, and some silence others."""

_OF_OTHERS = ("namespace", "exported_namespace", "kubernetes_namespace")
_OWN_NAME = re.compile(r"(?:kitchen|vllm):.*")
"""Series that this project's own alerts read."""

_PLAIN_NAME = re.compile(r"[a-zA-Z_]\w*(?::\w+)+")
"""A name as recording rules have it: with a colon, and so no series of a scrape's."""


def rules(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a PrometheusRule; those in namespaces of the cluster and its add-ons are the platform's own."""
    if is_platform(case.subject.namespace):
        return
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    yield from strange_fields(spec, ("groups",), "spec")
    for path, group in listed(at(spec, "groups"), "spec.groups"):
        if group is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
            continue
        yield from strange_fields(group, _GROUP, path)
        yield from _labels(case, at(group, "labels"), f"{path}.labels")
        for where, rule in listed(at(group, "rules"), f"{path}.rules"):
            yield from _rule(case, rule, where)


def _rule(case: Case, rule: JsonValue, path: str) -> Iterator[Fault]:
    if rule is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    yield from strange_fields(rule, _RULE, path)
    yield from _labels(case, at(rule, "labels"), f"{path}.labels")
    for name, text in mapping(at(rule, "annotations")).items():
        yield from _text(text, f"{path}.annotations.{name}")
    if at(rule, "annotations") is UNKNOWN:
        yield Fault(path=f"{path}.annotations", text=NOT_KNOWN)
    yield from _record(case, at(rule, "record"), f"{path}.record")
    yield from _alert(case, at(rule, "alert"), f"{path}.alert")


def _alert(case: Case, name: JsonValue, path: str) -> Iterator[Fault]:
    if name is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    elif isinstance(name, str) and _OWN_ALERT.fullmatch(name) and case.subject.namespace != _own(case):
        text = (
            f"{shown(name)}: is told as an alert of the kitchens, may silence theirs, and they are made in {_own(case)}"
        )
        yield Fault(path=path, text=text)


def _record(case: Case, name: JsonValue, path: str) -> Iterator[Fault]:
    if name in (None, ""):
        return
    if name is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    elif not isinstance(name, str) or not _PLAIN_NAME.fullmatch(name):
        yield Fault(path=path, text=f"{shown(name)}: without a colon it may be a series that a scrape makes")
    elif _OWN_NAME.fullmatch(name) and case.subject.namespace != _own(case):
        yield Fault(path=path, text=f"{shown(name)}: alerts of the kitchens read it, and it is made in {_own(case)}")


def _labels(case: Case, labels: JsonValue, path: str) -> Iterator[Fault]:
    if labels is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    for name, value in mapping(labels).items():
        yield from _text(value, f"{path}.{name}")
        other = f"{value}-{case.world.environment}" if name == "tenant" else value if name in _OF_OTHERS else None
        if name in ("tenant", *_OF_OTHERS) and isinstance(value, str) and "{{" in value:
            if not re.fullmatch(rf"\{{\{{\s*(?:\$labels|\.Labels)\.{name}\s*\}}\}}", value):
                yield Fault(path=f"{path}.{name}", text=f"{shown(value)}: it may be another tenant's")
        elif isinstance(value, str) and is_another_tenants(case, other):
            yield Fault(path=f"{path}.{name}", text=f"{shown(value)}: the alert or series is told as another tenant's")


def _text(text: JsonValue, path: str) -> Iterator[Fault]:
    if text is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
    elif isinstance(text, str) and "{{" in _TEMPLATE.sub("", text):
        yield Fault(path=path, text=f"{shown(text)}: what its template takes in is not understood")


def _own(case: Case) -> str:
    """Namespace in which this project's own rules lie."""
    said = case.world.settings.get("monitoring")
    stated = said.get("namespace") if isinstance(said, Mapping) else None
    return str(stated or f"monitoring-{case.world.environment}")
