"""Scrapes in a tenant's namespace, closed over their fields: whose pods are asked, and what their series may say.

Prometheus asks for whoever writes a monitor, and reaches what the tenant does not. Series are told apart by their
labels alone: who may write those of others makes others' alerts fire, or keeps them silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from policies.judging.rule import Case
from policies.judging.subject import entries, mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_paths import administration
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, missing, shown
from policies.manifests.insides import host_of, is_another_tenants, namespace_of, tenant_of
from policies.manifests.network_peers import strange_fields

_BOUNDS = (
    *("sampleLimit", "targetLimit", "labelLimit", "labelNameLengthLimit", "labelValueLengthLimit"),
    *("keepDroppedTargets", "bodySizeLimit", "scrapeProtocols", "fallbackScrapeProtocol", "scrapeClassicHistograms"),
    *("scrapeNativeHistograms", "nativeHistogramBucketLimit", "nativeHistogramMinBucketFactor"),
    "convertClassicHistogramsToNHCB",
)
_HOW = (
    *("scheme", "params", "honorLabels", "honorTimestamps", "trackTimestampsStaleness", "basicAuth"),
    *("authorization", "oauth2", "tlsConfig", "followRedirects", "relabelings", "metricRelabelings", "proxyUrl"),
    *("noProxy", "proxyConnectHeader", "scrapeTimeout"),
)
_SPEC: Mapping[str, tuple[str, ...]] = {
    "ServiceMonitor": (
        *("selector", "namespaceSelector", "jobLabel", "targetLabels", "podTargetLabels", "endpoints", *_BOUNDS),
        *("attachMetadata", "selectorMechanism", "serviceDiscoveryRole"),
    ),
    "PodMonitor": (
        *("selector", "namespaceSelector", "jobLabel", "podTargetLabels", "podMetricsEndpoints", *_BOUNDS),
        *("attachMetadata", "selectorMechanism"),
    ),
    "ScrapeConfig": (
        *("jobName", "staticConfigs", "kubernetesSDConfigs", "metricsPath", "scrapeInterval", "enableCompression"),
        *("enableHTTP2", "nameValidationScheme", *_HOW, *_BOUNDS),
    ),
    "Probe": (
        *("jobName", "prober", "module", "targets", "interval", "bearerTokenSecret", *_HOW, *_BOUNDS),
        "params",
    ),
}
"""Not `scrapeClass`, which brings tokens and rules of the platform's own."""

_ENDPOINT = (
    *("port", "targetPort", "portNumber", "path", "interval", "bearerTokenFile", "bearerTokenSecret", "enableHttp2"),
    *("filterRunning", *_HOW),
)
_DISCOVERY = ("role", "namespaces", "selectors", "attachMetadata")
_ROLES = ("Pod", "Service", "Endpoints", "EndpointSlice", "Ingress")
_OWN_PARTS = ("server", "adapters", "load")
"""What a part of a kitchen calls itself; other parts are the platform's."""

_NAMESPACES = ("namespace", "exported_namespace", "kubernetes_namespace")
_TOLD = {"environment", "tenant", "kitchen", "part", *_NAMESPACES}
"""Labels by which this project's alerts know whose a series is."""

_WORDS = re.compile(r"\(?(?P<words>\w+(?:\.[*+])?(?:\|\w+(?:\.[*+])?)*)\)?")
"""An expression of which can be seen what it fits: words, or beginnings of words."""

_ASKED_OFTEN = (None, "", "/", "/metrics")
_WHOSE = "whose pods are asked is another's to say"


def faults(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """What a monitor, ScrapeConfig or Probe in a tenant's namespace does beyond its tenant's own pods."""
    if tenant_of(case, case.subject.namespace or "") is None or spec is UNKNOWN:
        return
    yield from strange_fields(spec, _SPEC[case.subject.kind], "spec")
    yield from _namespaces(case, at(spec, "namespaceSelector"), "spec.namespaceSelector")
    for field in ("jobLabel", "targetLabels", "podTargetLabels"):
        for path, label in listed(at(spec, field), f"spec.{field}"):
            if label is UNKNOWN or str(label) in _TOLD:
                text = f"{shown(label)}: pods would say by their own labels whose their series are"
                yield Fault(path=path, text=text)
    for field in ("endpoints", "podMetricsEndpoints"):
        for path, endpoint in listed(at(spec, field), f"spec.{field}"):
            yield from strange_fields(endpoint, _ENDPOINT, path)
            yield from _asked(case, endpoint, path)
    if case.subject.kind == "ScrapeConfig":
        yield from _asked(case, spec, "spec")
        yield from _found(case, spec)
        if not any(_says_namespace(case, rule) for rule in entries(at(spec, "relabelings"))):
            rule = f"{{targetLabel: namespace, replacement: {case.subject.namespace}}}"
            yield Fault(path="spec.relabelings", text=f"say no namespace, so that pods would: add {rule}")
    elif case.subject.kind == "Probe":
        yield from _asked(case, spec, "spec")
        yield from _probed(case, spec)


def _namespaces(case: Case, selector: JsonValue, path: str) -> Iterator[Fault]:
    if at(selector, "any") not in (None, False):
        yield Fault(path=f"{path}.any", text=f"{shown(at(selector, 'any'))}: {_WHOSE}")
    yield from _own(case, at(selector, "matchNames"), f"{path}.matchNames")


def _own(case: Case, names: JsonValue, path: str) -> Iterator[Fault]:
    own = tenant_of(case, case.subject.namespace or "")
    for where, name in listed(names, path):
        if not isinstance(name, str) or tenant_of(case, name) != own:
            yield Fault(path=where, text=f"{shown(name)}: {_WHOSE}")


def _asked(case: Case, holder: JsonValue, path: str) -> Iterator[Fault]:
    if at(holder, "honorLabels") not in (None, False):
        yield Fault(path=f"{path}.honorLabels", text=f"{shown(at(holder, 'honorLabels'))}: pods say whose they are")
    for field in ("path", "metricsPath"):
        asked = at(holder, field)
        if asked not in _ASKED_OFTEN and (reached := administration(case, {"exact": str(asked).partition("?")[0]})):
            yield Fault(path=f"{path}.{field}", text=f"{shown(asked)}, which leads to {reached}")
    yield from _relabelled(case, at(holder, "relabelings"), f"{path}.relabelings")
    yield from _kept(at(holder, "relabelings"), f"{path}.relabelings")
    yield from _relabelled(case, at(holder, "metricRelabelings"), f"{path}.metricRelabelings")


def _relabelled(case: Case, rules: JsonValue, path: str) -> Iterator[Fault]:
    """Rules that write a name, or a label by which alerts know whose a series is, as somebody else's."""
    for where, rule in listed(rules, path):
        action = str(at(rule, "action") or "replace").lower()
        target, put = at(rule, "targetLabel"), at(rule, "replacement")
        if UNKNOWN in (rule, at(rule, "action"), target, put):
            yield Fault(path=where, text=NOT_KNOWN)
        elif action == "labelmap" and _may_map(put):
            text = f"{missing(put)}: labels of pods would say whose their series are; begin the names, as in pod_$1"
            yield Fault(path=f"{where}.replacement", text=text)
        elif action in ("replace", "hashmod", "lowercase", "uppercase") and not _may_write(case, rule):
            yield Fault(path=f"{where}.targetLabel", text=f"{shown(target)}: whose a series is, is not a team's to say")


def _may_map(put: JsonValue) -> bool:
    """Whether a label that is copied may get one of the names by which alerts know whose a series is."""
    begins = str(put or "").partition("$")[0]
    return any(label.startswith(begins) for label in _TOLD)


def _kept(rules: JsonValue, path: str) -> Iterator[Fault]:
    """Rules that take the target's own labels away: a pod's label of the same name would stand in their place."""
    for where, rule in listed(rules, path):
        action, regex = str(at(rule, "action") or "replace").lower(), at(rule, "regex")
        if action == "labelkeep" or (action == "labeldrop" and _may_drop(regex)):
            text = f"{shown(action)}, for {regex!r}: pods would say by their own labels whose their series are"
            yield Fault(path=f"{where}.action", text=text)


def _may_drop(regex: JsonValue) -> bool:
    match = _WORDS.fullmatch(str(regex))
    words = match["words"].split("|") if match else [".*"]
    return any(
        label.startswith(word[:-2]) if word.endswith((".*", ".+")) else label == word
        for word in words
        for label in _TOLD
    )


def _may_write(case: Case, rule: JsonValue) -> bool:
    target, put = at(rule, "targetLabel"), at(rule, "replacement")
    if not isinstance(target, str) or target == "__name__" or "$" in target:
        return False
    if target not in _TOLD:
        return True
    if target in _NAMESPACES and entries(at(rule, "sourceLabels")) == ["__meta_kubernetes_namespace"]:
        return put in (None, "$1", "${1}") and at(rule, "regex") in (None, "(.*)")
    return not entries(at(rule, "sourceLabels")) and _is_own(case, target, put)


def _says_namespace(case: Case, rule: JsonValue) -> bool:
    """Whether a target gets its namespace as a constant, as every target of the other kinds gets it by the operator."""
    plain = {"targetLabel": "namespace", "replacement": case.subject.namespace}
    return {name: value for name, value in mapping(rule).items() if (name, value) != ("action", "replace")} == plain


def _is_own(case: Case, label: str, value: JsonValue) -> bool:
    """Whether a constant of a label says what is so."""
    own = tenant_of(case, case.subject.namespace or "")
    kitchens = mapping(case.world.settings.get("kitchens"))
    if label == "part":
        return value in _OWN_PARTS
    if label == "kitchen":
        return isinstance(value, str) and bool(at(kitchens.get(value), "tenant") == own)
    said = {"environment": case.world.environment, "tenant": own}.get(label, case.subject.namespace)
    return bool(value == said)


def _labels(case: Case, labels: JsonValue, path: str) -> Iterator[Fault]:
    for name, value in mapping(labels).items():
        if name == "__name__" or (name in _TOLD and not _is_own(case, name, value)):
            yield Fault(path=f"{path}.{name}", text=f"{shown(value)}: whose a series is, is not a team's to say")


def _found(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Targets of a ScrapeConfig: those that stand there, and what Kubernetes tells of the tenant's namespaces."""
    for path, one in listed(at(spec, "staticConfigs"), "spec.staticConfigs"):
        yield from _labels(case, at(one, "labels"), f"{path}.labels")
        yield from _targets(case, at(one, "targets"), f"{path}.targets")
    for path, one in listed(at(spec, "kubernetesSDConfigs"), "spec.kubernetesSDConfigs"):
        yield from strange_fields(one, _DISCOVERY, path)
        if at(one, "role") not in _ROLES:
            yield Fault(path=f"{path}.role", text=f"{missing(at(one, 'role'))}: finds what is no tenant's")
        named = at(one, "namespaces", "names")
        if not entries(named) and at(one, "namespaces", "ownNamespace") is not True:
            yield Fault(path=f"{path}.namespaces", text=f"{missing(at(one, 'namespaces'))}: {_WHOSE}")
        yield from _own(case, named, f"{path}.namespaces.names")


def _targets(case: Case, targets: JsonValue, path: str) -> Iterator[Fault]:
    for where, target in listed(targets, path):
        if is_another_tenants(case, namespace_of(case, host_of(target))):
            yield Fault(path=where, text=f"{shown(target)}, which is of another tenant")


def _probed(case: Case, spec: JsonValue) -> Iterator[Fault]:
    path = at(spec, "prober", "path")
    if path not in (None, "", "/probe"):
        yield Fault(path="spec.prober.path", text=f"{shown(path)}: a prober is asked by /probe alone")
    yield from _targets(case, [at(spec, "prober", "url")], "spec.prober.url")
    static, ingress = (at(spec, "targets", kind) for kind in ("staticConfig", "ingress"))
    yield from _targets(case, at(static, "static"), "spec.targets.staticConfig.static")
    yield from _labels(case, at(static, "labels"), "spec.targets.staticConfig.labels")
    for kind, holder in (("staticConfig", static), ("ingress", ingress)):
        rules = at(holder, "relabelingConfigs")
        yield from _relabelled(case, rules, f"spec.targets.{kind}.relabelingConfigs")
    yield from _namespaces(case, at(ingress, "namespaceSelector"), "spec.targets.ingress.namespaceSelector")
