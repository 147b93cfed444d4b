"""What Prometheus scrapes on behalf of a team: whom it asks, by which way, and with whose token."""

from __future__ import annotations

from collections.abc import Iterator

from policies.judging.rule import Case
from policies.judging.subject import mapping
from policies.judging.values import UNKNOWN, JsonValue
from policies.manifests.addresses import outside_faults
from policies.manifests.fields import NOT_KNOWN, Fault, at, listed, shown
from policies.manifests.insides import leads_inside
from policies.manifests.namespace_places import is_platform
from policies.manifests.relabelings import relabelled
from policies.manifests.team_scrapes import faults as of_a_team

_ENDPOINTS = ("endpoints", "podMetricsEndpoints")
_DISCOVERIES = (
    *("staticConfigs", "kubernetesSDConfigs", "httpSDConfigs", "dnsSDConfigs", "consulSDConfigs", "fileSDConfigs"),
)
"""Ways to find targets whose addresses are told by another rule, or are those of the cluster."""

_AUTHORITIES = ("/etc/prometheus/", "/etc/ssl/", "/etc/pki/", "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt")
"""Certificates of Prometheus' own pod by which it knows whom it asks."""


def monitor(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a ServiceMonitor or PodMonitor: a team's shows nobody Prometheus' token, and asks what is inside."""
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    for field in _ENDPOINTS:
        for path, endpoint in listed(at(spec, field), f"spec.{field}"):
            yield from _endpoint(case, endpoint, path)
    yield from of_a_team(case, spec)


def _endpoint(case: Case, endpoint: JsonValue, path: str) -> Iterator[Fault]:
    if endpoint is UNKNOWN:
        yield Fault(path=path, text=NOT_KNOWN)
        return
    token, proxy = at(endpoint, "bearerTokenFile"), at(endpoint, "proxyUrl")
    if token not in (None, "") and not is_platform(case.subject.namespace):
        yield Fault(path=f"{path}.bearerTokenFile", text=f"{shown(token)}: whoever is asked gets a token of Prometheus")
    if proxy not in (None, "") and not leads_inside(case, proxy):
        yield Fault(path=f"{path}.proxyUrl", text=f"{shown(proxy)}: scrapes go by what is outside")
    for name in ("certFile", "keyFile", "caFile"):
        held = at(endpoint, "tlsConfig", name)
        if held not in (None, "") and not (name == "caFile" and str(held).startswith(_AUTHORITIES)):
            yield Fault(path=f"{path}.tlsConfig.{name}", text=f"{shown(held)}: a file of Prometheus' own pod")
    if at(endpoint, "oauth2") is not None:
        yield from outside_faults(case, at(endpoint, "oauth2"), f"{path}.oauth2")
    yield from outside_faults(case, at(endpoint, "params"), f"{path}.params")
    yield from relabelled(case, at(endpoint, "relabelings"), f"{path}.relabelings")


def scrape_config(case: Case, spec: JsonValue) -> Iterator[Fault]:
    """Faults of a ScrapeConfig: its targets are found by what is understood, and lie inside.

    Addresses in plain text are told by another rule.
    """
    if spec is UNKNOWN:
        yield Fault(path="spec", text=NOT_KNOWN)
        return
    yield from relabelled(case, at(spec, "relabelings"), "spec.relabelings")
    for name in mapping(spec):
        if name.endswith("Configs") and name not in _DISCOVERIES:
            yield Fault(path=f"spec.{name}", text="finds targets in a way that is not understood")
    for path, found in listed(at(spec, "dnsSDConfigs"), "spec.dnsSDConfigs"):
        for where, host in listed(at(found, "names"), f"{path}.names"):
            if not leads_inside(case, host):
                yield Fault(path=where, text=f"{shown(host)}, which is nothing inside")
    yield from of_a_team(case, spec)
