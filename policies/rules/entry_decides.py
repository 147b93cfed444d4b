"""Rule: where the settings state an entry, it decides, and nothing else reaches a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from pulumi_policy import EnforcementLevel, Severity

from policies.judging.rule import Case, Rule
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests import envoy, envoy_contents
from policies.manifests.envoy_stated import stated
from policies.manifests.fields import NOT_KNOWN, Fault, at
from policies.manifests.objects import each_object, is_a, told
from policies.reading.own import json_document

_RULE = "calls reach servers through the entry, which checks tokens and records every call"
_EXAMPLE = "ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: entry-prod}}}]}]"
_SERVER_PORTS = (8080, 8000, 8443)
_NAMESPACE_NAME = "kubernetes.io/metadata.name"
_FILES = ("envoy.json", "contents.json")
_METRICS, _OPENSHIFT = {"kitchen.example.com/access": "metrics"}, {"network.openshift.io/policy-group": "monitoring"}
"""Namespaces in which something scrapes metrics, which vLLM tells on the port of its API."""

_PROMETHEUS = {"app.kubernetes.io/name": "prometheus"}
_USER_WORKLOAD = {**_PROMETHEUS, "app.kubernetes.io/instance": "user-workload"}
"""What scrapes there, unless `monitoring.scraperPods` says it; other pods of these namespaces have no business here."""


def _judge(case: Case) -> Iterator[str]:
    """Yield one message for each way past the entry, and for what the entry would not check or record."""
    entry = case.world.settings.get("entry")
    if not isinstance(entry, Mapping):
        return
    if is_a(case, "networking.k8s.io", "NetworkPolicy") and _is_tenant(case):
        yield from told(case, _network(case), _RULE, _EXAMPLE)
    elif is_a(case, "", "ConfigMap") and case.subject.namespace == _namespace(case):
        yield from told(case, _bytes(case), _RULE, "the ConfigMap that the program makes")
        configured = _judged(case, "envoy.json", partial(_configuration, case))
        yield from told(case, configured, _RULE, "the ConfigMap that the program makes")
        recorded = _judged(case, "contents.json", partial(_contents, case))
        yield from told(case, recorded, _RULE, "tenants: {sales: {recordContents: {reason: ..., ...}}}")


def _namespace(case: Case) -> str:
    return f"entry-{case.world.environment}"


def _is_tenant(case: Case) -> bool:
    tenants = case.world.settings.get("tenants")
    names = tenants if isinstance(tenants, Mapping) else ()
    return any(case.subject.namespace == f"{name}-{case.world.environment}" for name in names)


def _network(case: Case) -> Iterator[Fault]:
    spec = case.subject.inputs.get("spec")
    for index, rule in enumerate(entries(at(spec, "ingress"))):
        path = f"spec.ingress[{index}]"
        if rule is UNKNOWN or at(rule, "from") is UNKNOWN or at(rule, "ports") is UNKNOWN:
            yield Fault(path=path, text=NOT_KNOWN)
        elif _opens_servers(rule):
            peers = entries(at(rule, "from"))
            if not peers:
                yield Fault(path=path, text="lets everybody in to the servers' port, past the entry")
            for number, peer in enumerate(peers):
                if not _may(peer, case):
                    yield Fault(
                        path=f"{path}.from[{number}]", text="lets others in to the servers' port, past the entry"
                    )


def _opens_servers(rule: JsonValue) -> bool:
    """Whether its ports may be one of a server; a name or a range may be any."""
    ports = entries(at(rule, "ports"))
    said = [at(port, "port") for port in ports]
    return not ports or any(
        not isinstance(port, int) or port in _SERVER_PORTS or at(one, "endPort") is not None
        for port, one in zip(said, ports, strict=True)
    )


def _may(peer: JsonValue, case: Case) -> bool:
    """The entry's pods, and those that scrape metrics."""
    if set(mapping(peer)) - {"namespaceSelector", "podSelector"}:
        return False
    selector = mapping(at(peer, "namespaceSelector"))
    if set(selector) != {"matchLabels"}:
        return False
    if selector["matchLabels"] == {_NAMESPACE_NAME: _namespace(case)}:
        return True
    stated = at(case.world.settings.get("monitoring"), "scraperPods")
    scrapers = ((_METRICS, stated or _PROMETHEUS), (_OPENSHIFT, _USER_WORKLOAD))
    return any(peer == _peer(namespaces, pods) for namespaces, pods in scrapers)


def _peer(namespaces: JsonValue, pods: JsonValue) -> JsonValue:
    return {"namespaceSelector": {"matchLabels": namespaces}, "podSelector": {"matchLabels": pods}}


def _configuration(case: Case, config: JsonValue) -> Iterator[Fault]:
    for fault in envoy.faults(config, stated(case.world.environment, case.world.settings, _approved(case))):
        yield Fault(path=f"data.envoy.json: {fault.path}", text=fault.text)


def _judged(case: Case, name: str, judge: Callable[[JsonValue], Iterator[Fault]]) -> Iterator[Fault]:
    """Faults of what a file of the ConfigMap says, or of a file that cannot be judged; none where it is not there."""
    text, path = at(case.subject.inputs.get("data"), name), f"data.{name}"
    if text is None:
        return
    if not isinstance(text, str):
        yield Fault(path=path, text=NOT_KNOWN)
        return
    try:
        said = json_document(text)
    except ValueError:
        yield Fault(path=path, text="cannot be read as JSON, each key once")
        return
    yield from judge(said)


def _bytes(case: Case) -> Iterator[Fault]:
    """What the entry goes by is plain text, which can be judged."""
    for name in mapping(case.subject.inputs.get("binaryData")):
        if name in _FILES:
            yield Fault(path=f"binaryData.{name}", text="must be plain text below `data`, so that it can be judged")


def _approved(case: Case) -> Mapping[str, Mapping[str, JsonValue]]:
    return envoy_contents.approvals(case.world.settings.get("tenants"), case.world.today)


def _contents(case: Case, said: JsonValue) -> Iterator[Fault]:
    """Whose prompts and answers are recorded, and to which certificates they are encrypted."""
    if not isinstance(said, dict):
        yield Fault(path="data.contents.json", text="must be an object by tenant")
        return
    yield from envoy_contents.table("data.contents.json", said, _approved(case))


RULE = Rule(
    id="entry-decides",
    title="Where there is an entry, every call passes it, and it checks and records each one, without what was said.",
    severity=Severity.CRITICAL,
    reason="A second way to a server has no tokens, no limits and no record: what is decided would hold for nothing.",
    remedy="Let the program make the entry and the tenants' network rules, and state callers in the settings.",
    reference="https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter",
    judge=each_object(_judge),
    dev_level=EnforcementLevel.ADVISORY,
)
