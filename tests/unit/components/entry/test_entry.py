"""The entry over Pulumi's mocks: the shape of its objects, and what its pods may."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.entry import Entry, EntryArgs
from components.entry.plan import EntryPlan, Grant, Issuer, Server
from components.entry.pods import SCRIPTS
from components.entry.rules import Reached
from components.entry.shipper import SCRIPTS as RECORD_SCRIPTS
from components.entry.shipper import Shipping
from components.platform import Platform
from components.tenancy import CaBundle
from components.tenancy.network import StoreAddress
from infra.kitchen.context import scripts
from tests.unit.support import mocked
from tests.unit.support.entry import KEY

Objects = dict[tuple[str, str], dict[str, Any]]
DIGEST = "sha256:" + "0" * 64


def plan(**changes: Any) -> EntryPlan:
    server = Server(name="support", host="support-pods.helpdesk-dev.svc.cluster.local", port=8080)
    grant = Grant(name="g", model="helpdesk-faq", groups=["a"], paths=["/v1/chat/completions"], servers=[server])
    issuer = Issuer(name="corporate", issuer="https://sso.kitchen.example", audience="kitchen", jwks=json.dumps(KEY))
    said: dict[str, Any] = {"environment": "dev", "issuers": [issuer], "grants": [grant]}
    return EntryPlan(**{**said, **changes})


SHIPPING = Shipping(
    image=f"registry.kitchen.example/py@{DIGEST}",
    bucket="dev-audit",
    endpoint="https://minio.kitchen.example",
    region="us-east-1",
    secret="record-writer",
    scripts_config_map="entry-record-0123456789",
)


def reached(**changes: Any) -> Reached:
    return Reached(servers={"helpdesk-dev": [8080]}, store=StoreAddress(port=9000, cidrs=["10.0.0.0/24"]), **changes)


def arguments(**changes: Any) -> EntryArgs:
    said: dict[str, Any] = {
        "namespace": "entry-dev",
        "labels": {"kitchen.example.com/owner": "platform"},
        "host": "ai.kitchen.example",
        "plan": plan(),
        "models": {"helpdesk-faq": {"groups": ["a"]}},
        "reached": reached(issuer_ports=[443]),
        "shipping": SHIPPING,
        "record_scripts": {name: scripts()[name] for name in RECORD_SCRIPTS},
        "images": {
            "envoy": f"registry.kitchen.example/envoy@{DIGEST}",
            "check": f"registry.kitchen.example/py@{DIGEST}",
        },
        "scripts": {name: scripts()[name] for name in SCRIPTS},
        "platform": Platform(kind="kubernetes"),
        "replicas": 2,
        "issuer": "kitchen-ca",
    }
    return EntryArgs(**{**said, **changes})


@pytest.fixture
def declared() -> Callable[..., Objects]:
    def declare(**changes: Any) -> Objects:
        recorder = mocked.Recorder()
        mocked.use(recorder)
        pulumi.runtime.test(lambda: Entry("entry", arguments(**changes)) and None)()
        return recorder.made

    return declare


def config_map(made: Objects) -> dict[str, Any]:
    (found,) = [inputs for (kind, _), inputs in made.items() if kind == "ConfigMap" and "envoy.json" in inputs["data"]]
    return found


def pod(made: Objects) -> dict[str, Any]:
    found: dict[str, Any] = made["Deployment", "entry"]["spec"]["template"]["spec"]
    return found


def test_other_decisions_are_another_config_map_and_so_other_pods(declared: Callable[..., Objects]) -> None:
    first, same, other = (config_map(declared(**change)) for change in ({}, {}, {"plan": plan(body_kib=2)}))
    assert first["metadata"]["name"] == same["metadata"]["name"] != other["metadata"]["name"]
    assert first["immutable"] is True
    assert {"envoy.json", "models.json", *SCRIPTS} == set(first["data"])


def test_people_find_the_tenants_calls_at_once_beside_who_may_call(declared: Callable[..., Objects]) -> None:
    def table(made: Objects) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(config_map(made)["data"]["models.json"])
        return found

    assert set(table(declared())) == {"models"}
    (grant,) = plan().grants
    shared = replace(grant, servers=[replace(grant.servers[0], shares={"helpdesk": 4, "sales": 2})])
    found = table(declared(plan=plan(grants=[shared]), replicas=3))
    assert found["shares"] == {"support": {"helpdesk": 12, "sales": 6}}


def test_the_pods_use_that_config_map(declared: Callable[..., Objects]) -> None:
    made = declared()
    named = config_map(made)["metadata"]["name"]
    used = {volume["configMap"]["name"] for volume in pod(made)["volumes"] if "configMap" in volume}
    assert used == {named, "entry-record-0123456789"}
    assert ("ConfigMap", "entry-record-0123456789") in made


def test_envoy_begins_before_the_check_and_ends_after_it(declared: Callable[..., Objects]) -> None:
    (shipper, envoy), (check,) = pod(declared())["initContainers"], pod(declared())["containers"]
    assert [entry["name"] for entry in (shipper, envoy, check)] == ["ship-calls", "envoy", "check"]
    assert {shipper["restartPolicy"], envoy["restartPolicy"]} == {"Always"}
    drained = int(check["args"][-1].removeprefix("--drain-seconds="))
    assert pod(declared())["terminationGracePeriodSeconds"] > drained


def test_pods_are_restricted_and_have_no_token(declared: Callable[..., Objects]) -> None:
    spec = pod(declared())
    assert spec["automountServiceAccountToken"] is False
    for container in (*spec["initContainers"], *spec["containers"]):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["image"].endswith(DIGEST)


def test_the_service_leads_to_the_port_by_its_number(declared: Callable[..., Objects]) -> None:
    """Before Kubernetes 1.32 a Service finds no named port of an init container that goes on."""
    (port,) = declared()["Service", "entry"]["spec"]["ports"]
    (envoy,) = [one for one in pod(declared())["initContainers"] if one["name"] == "envoy"]
    assert port["targetPort"] in {one["containerPort"] for one in envoy["ports"] if one["name"] == "https"}


def test_one_pod_stays_and_a_rollout_takes_none_away(declared: Callable[..., Objects]) -> None:
    made = declared()
    assert made["PodDisruptionBudget", "entry"]["spec"]["maxUnavailable"] == 1
    assert made["Deployment", "entry"]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_the_door_comes_in_and_servers_and_issuers_are_reached(declared: Callable[..., Objects]) -> None:
    made = declared()
    policies = {name: inputs["spec"] for (kind, name), inputs in made.items() if kind == "NetworkPolicy"}
    assert set(policies) == {
        *("default-deny", "allow-dns", "allow-door", "allow-object-store", "allow-servers", "allow-issuers"),
    }
    (servers,) = policies["allow-servers"]["egress"]
    assert servers["to"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "helpdesk-dev"}}}]
    assert [port["port"] for port in servers["ports"]] == [8080]
    door = policies["allow-door"]["ingress"][0]
    assert door["from"] == [{"namespaceSelector": {"matchLabels": {"kitchen.example.com/access": "gateway"}}}]


def test_without_issuers_to_fetch_from_nothing_else_is_reached(declared: Callable[..., Objects]) -> None:
    made = declared(reached=reached())
    assert ("NetworkPolicy", "allow-issuers") not in made


def test_on_openshift_the_routers_are_a_door(declared: Callable[..., Objects]) -> None:
    made = declared(platform=Platform(kind="openshift"))
    peers = made["NetworkPolicy", "allow-door"]["spec"]["ingress"][0]["from"]
    assert {"namespaceSelector": {"matchLabels": {"network.openshift.io/policy-group": "ingress"}}} in peers


@pytest.mark.parametrize("changes", [{"issuer": None}, {"tls_secret": "given"}])
def test_there_is_exactly_one_certificate(declared: Callable[..., Objects], changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="exactly one of them"):
        declared(**changes)


def test_a_given_certificate_is_mounted_and_none_is_asked_for(declared: Callable[..., Objects]) -> None:
    made = declared(issuer=None, tls_secret="given")
    assert ("Certificate", "entry-tls") not in made
    secrets = [volume["secret"]["secretName"] for volume in pod(made)["volumes"] if "secret" in volume]
    assert secrets == ["given", "record-writer"]


def test_one_replica_is_refused(declared: Callable[..., Objects]) -> None:
    with pytest.raises(ValueError, match="at least 2"):
        declared(replicas=1)


def test_issuers_are_known_by_the_stated_authorities(declared: Callable[..., Objects]) -> None:
    made = declared(ca_bundle="kitchen-ca", provisions=[CaBundle(name="kitchen-ca", certificates="PEM")])
    assert made["ConfigMap", "kitchen-ca"]["data"] == {"ca.crt": "PEM"}
    (_, envoy) = pod(made)["initContainers"]
    assert {"name": "ca", "mountPath": "/etc/kitchen/ca", "readOnly": True} in envoy["volumeMounts"]
    assert {"name": "ca", "configMap": {"name": "kitchen-ca"}} in pod(made)["volumes"]
