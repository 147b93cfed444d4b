"""Scrapes in a tenant's namespace, closed over their fields: whose pods are asked, and what their series may say.

Prometheus asks for whoever writes a monitor, and reaches what the tenant does not. Series are told apart by their
labels alone: who may write those of others makes others' alerts fire, or keeps them silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.entry_paths import administration
from policies.manifests.fields import Fault, at, listed, missing, shown, without_key
from policies.manifests.insides import host_of, is_another_tenants, namespace_of, tenant_of
from policies.manifests.network_peers import strange_fields
from policies.manifests.team_labels import TOLD, WHOSE, constants, is_anothers, of_series, of_targets, says_namespace

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
_ASKED_OFTEN = (None, "", "/", "/metrics")


def faults(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """What a monitor, ScrapeConfig or Probe in a tenant's namespace does beyond its tenant's own pods."""
    if tenant_of(case, case.subject.namespace or "") is None or spec is UNKNOWN:
        return
    yield from strange_fields(spec, _SPEC[case.subject.kind], "spec")
    yield from _namespaces(case, at(spec, "namespaceSelector"), "spec.namespaceSelector")
    for field in ("jobLabel", "targetLabels", "podTargetLabels"):
        for path, label in listed(at(spec, field), f"spec.{field}"):
            if label is UNKNOWN or str(label) in TOLD:
                text = f"{shown(label)}: pods would say by their own labels whose their series are"
                yield Fault(path=path, text=text)
    for field in ("endpoints", "podMetricsEndpoints"):
        for path, endpoint in listed(at(spec, field), f"spec.{field}"):
            yield from strange_fields(endpoint, _ENDPOINT, path)
            yield from _asked(case, endpoint, path)
    if case.subject.kind == "ScrapeConfig":
        yield from _asked(case, spec, "spec")
        yield from _found(case, spec)
        if not any(says_namespace(case, rule) for rule in entries(at(spec, "relabelings"))):
            rule = f"{{targetLabel: namespace, replacement: {case.subject.namespace}}}"
            yield Fault(path="spec.relabelings", text=f"say no namespace, so that pods would: add {rule}")
    elif case.subject.kind == "Probe":
        yield from _asked(case, spec, "spec")
        yield from _probed(case, spec)


def _namespaces(case: Case, selector: JsonValue, path: str) -> Iterator[Fault]:
    if at(selector, "any") not in (None, False):
        yield Fault(path=f"{path}.any", text=f"{shown(at(selector, 'any'))}: {WHOSE}")
    yield from _own(case, at(selector, "matchNames"), f"{path}.matchNames")


def _own(case: Case, names: JsonValue, path: str) -> Iterator[Fault]:
    own = tenant_of(case, case.subject.namespace or "")
    for where, name in listed(names, path):
        if not isinstance(name, str) or tenant_of(case, name) != own:
            yield Fault(path=where, text=f"{shown(name)}: {WHOSE}")


def _asked(case: Case, holder: JsonValue, path: str) -> Iterator[Fault]:
    if at(holder, "honorLabels") not in (None, False):
        yield Fault(path=f"{path}.honorLabels", text=f"{shown(at(holder, 'honorLabels'))}: pods say whose they are")
    for field in ("path", "metricsPath"):
        asked = at(holder, field)
        if asked not in _ASKED_OFTEN and (reached := administration(case, {"exact": str(asked).partition("?")[0]})):
            yield Fault(path=f"{path}.{field}", text=f"{shown(asked)}, which leads to {reached}")
    if is_anothers(case, host_of(at(holder, "proxyUrl"))):
        yield Fault(path=f"{path}.proxyUrl", text=f"{without_key(at(holder, 'proxyUrl'))!r}: {WHOSE}")
    found = case.subject.kind in ("PodMonitor", "ServiceMonitor")
    yield from of_targets(case, at(holder, "relabelings"), f"{path}.relabelings", found=found)
    yield from of_series(case, at(holder, "metricRelabelings"), f"{path}.metricRelabelings")


def _found(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Targets of a ScrapeConfig: those that stand there, and what Kubernetes tells of the tenant's namespaces."""
    for path, one in listed(at(spec, "staticConfigs"), "spec.staticConfigs"):
        yield from constants(case, at(one, "labels"), f"{path}.labels")
        for where, target in listed(at(one, "targets"), f"{path}.targets"):
            if is_anothers(case, host_of(target)):
                yield Fault(path=where, text=f"{shown(target)}: {WHOSE}; name a Service of the tenant's own")
    for path, one in listed(at(spec, "kubernetesSDConfigs"), "spec.kubernetesSDConfigs"):
        yield from strange_fields(one, _DISCOVERY, path)
        if at(one, "role") not in _ROLES:
            yield Fault(path=f"{path}.role", text=f"{missing(at(one, 'role'))}: finds what is no tenant's")
        named = at(one, "namespaces", "names")
        if not entries(named) and at(one, "namespaces", "ownNamespace") is not True:
            yield Fault(path=f"{path}.namespaces", text=f"{missing(at(one, 'namespaces'))}: {WHOSE}")
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
    yield from constants(case, at(static, "labels"), "spec.targets.staticConfig.labels")
    for kind, holder in (("staticConfig", static), ("ingress", ingress)):
        rules = at(holder, "relabelingConfigs")
        yield from of_targets(case, rules, f"spec.targets.{kind}.relabelingConfigs", found=kind == "ingress")
    yield from _namespaces(case, at(ingress, "namespaceSelector"), "spec.targets.ingress.namespaceSelector")
