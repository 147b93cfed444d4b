"""What lies inside: hosts, addresses and the organisation's domains, whatever way they are written."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from policies.judging.rule import Case
from policies.judging.subject import Subject
from policies.manifests.insides import domains, leads_inside, namespace_of
from tests.policy.support.sample import WORLD

_SUBJECT = Subject(resource_type="kubernetes:core/v1:Service", name="a", inputs={"metadata": {"namespace": "team"}})


def case(config: dict[str, Any] | None = None, **settings: Any) -> Case:
    world = dataclasses.replace(WORLD, settings={**WORLD.settings, **settings})
    return Case(subject=_SUBJECT, world=world, config=config or {})


@pytest.mark.parametrize(
    "address",
    [
        *("http://prometheus.monitoring.svc:9090", "http://a.team.svc.cluster.local/x?y=z", "a.kafka.svc:9092", "a"),
        *(
            "http://prometheus.monitoring:9090",
            "http://a.openshift-monitoring:9091",
            "https://sso.kitchen.example/realms",
        ),
        *("HTTPS://SSO.KITCHEN.EXAMPLE", "http://10.1.2.3:80", "https://[fd00::1]:443", "http://a.mesh.internal"),
    ],
)
def test_what_leads_inside(address: str) -> None:
    assert leads_inside(case(), address)


@pytest.mark.parametrize(
    "address",
    [
        *("https://attacker.example", "https://sso.kitchen.example.attacker.example", "https://badkitchen.example"),
        *("https://a.svc@attacker.example", "https://a.svc:80@attacker.example", "https://a.svc.attacker.example"),
        *("http://8.8.8.8", "https://[2001:4860:4860::8888]", "https://[::ffff:8.8.8.8]", "http://134744072"),
        *(
            "http://0x08080808",
            "http://010.8.8.8",
            "http://8.8",
            "https://attacker%2eexample",
            "https://attacker\u3002example",
        ),
        *(
            "https://a.svc\\@attacker.example",
            "https://$host.attacker.example",
            "https://*.svc",
            "https://",
            "",
            "https://a b",
        ),
        *("https://attacker.monitoring.example", "http://a.xn--p1ai", "//attacker.example", "https://[x"),
    ],
)
def test_what_does_not(address: str) -> None:
    assert not leads_inside(case(), address)


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        ("registry.kitchen.example", ("kitchen.example",)),
        ("harbor.corp.example.com:5000/ai", ("corp.example.com",)),
        ("quay.io/team", ()),
        ("team.jfrog.io", ()),
        ("1234.dkr.ecr.eu-central-1.amazonaws.com", ()),
        ("registry", ()),
    ],
)
def test_the_domain_of_a_registry(registry: str, expected: tuple[str, ...]) -> None:
    assert domains(case(registry=registry)) == expected


def test_domains_of_settings_and_configuration_come_first() -> None:
    platform = {"gatewayApi": {"domain": "models.corp.example"}, "routes": {"domain": "apps.corp.example"}}
    found = domains(case({"domains": ["example.net"]}, platform=platform))
    assert found == ("example.net", "models.corp.example", "apps.corp.example", "kitchen.example")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *(("a.team.svc", "team"), ("a.team.svc.cluster.local", "team"), ("a.svc", ""), ("a.mesh.internal", "")),
        *(("a.default", "default"), ("a.some-space", "some-space"), ("a.example", None), ("a.b.example", None)),
        *(("a.legal-prod", "legal-prod"), ("a.legal", "legal"), ("svc.example.com", None)),
    ],
)
def test_the_namespace_that_a_host_names(host: str, expected: str | None) -> None:
    assert namespace_of(case(tenants={"legal": {}}), host) == expected
