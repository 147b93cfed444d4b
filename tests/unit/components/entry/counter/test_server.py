"""The shared counter in the cluster: shape of its objects over Pulumi's mocks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.entry.counter import Counter, CounterArgs
from components.entry.counter.pods import GRPC_PORT, METRICS_PORT
from components.entry.counter.server import network_policies
from components.entry.plan import EntryPlan, Grant, Limits, Server
from components.facts import PLACEHOLDER
from components.labels import Ownership
from components.platform import Platform
from policies.check.__main__ import main as policy_check
from tests.unit.support import mocked

CANARY = "canary-counter-password"
GRANT = Grant(
    name="support/helpdesk-faq/0",
    model="helpdesk-faq",
    groups=["helpdesk"],
    paths=["/v1/completions"],
    servers=[Server(name="support", host="support", port=8080)],
    limits=Limits(requests_per_minute=60, tokens_per_month=1_000_000),
)
PLAN = EntryPlan(environment="dev", issuers=[], grants=[GRANT], counter="shared")
Made = dict[tuple[str, str], dict[str, Any]]


def arguments(**changes: Any) -> CounterArgs:
    said: dict[str, Any] = {
        "namespace": "entry-dev",
        "labels": {"kitchen.example.com/owner": "platform-team"},
        "client_labels": {"app.kubernetes.io/name": "entry"},
        "plan": PLAN,
        "image": "registry.kitchen.example/envoyproxy/ratelimit@sha256:" + "2" * 64,
        "valkey_image": "registry.kitchen.example/valkey/valkey@sha256:" + "1" * 64,
        "platform": Platform(kind="kubernetes"),
        "storage_class": "local-nvme",
    }
    return CounterArgs(**{**said, **changes})


@pytest.fixture
def declared() -> Callable[..., Made]:
    def declare(**changes: Any) -> Made:
        recorder = mocked.Recorder(CANARY)
        mocked.use(recorder)
        pulumi.runtime.test(lambda: Counter("entry", arguments(**changes)) and None)()
        return recorder.made

    return declare


def test_the_password_is_in_one_secret_and_nowhere_else(declared: Any) -> None:
    made = declared()
    secret = made["Secret", "counter-key"]["stringData"]
    assert secret["password"] == CANARY
    assert f"requirepass {CANARY}\n" in secret["valkey.conf"]
    rest = {key: inputs for key, inputs in made.items() if key != ("Secret", "counter-key")}
    assert CANARY not in str(rest)
    (container,) = made["Deployment", "counter"]["spec"]["template"]["spec"]["containers"]
    (auth,) = [entry for entry in container["env"] if entry["name"] == "REDIS_AUTH"]
    assert auth == {
        "name": "REDIS_AUTH",
        "valueFrom": {"secretKeyRef": {"name": "counter-key", "key": "password", "optional": False}},
    }
    (valkey,) = made["StatefulSet", "counter-valkey"]["spec"]["template"]["spec"]["containers"]
    assert "env" not in valkey
    assert valkey["command"] == ["valkey-server", "/etc/valkey/valkey.conf"]


def test_rendered_yaml_has_a_placeholder_and_makes_no_password(declared: Any) -> None:
    made = declared(placeholder_key=True)
    assert made["Secret", "counter-key"]["stringData"]["password"] == PLACEHOLDER
    assert not [kind for kind, _ in made if kind == "RandomPassword"]


def test_other_limits_are_another_config_map_and_other_pods(declared: Any) -> None:
    other = replace(PLAN, grants=[replace(GRANT, limits=Limits(requests_per_minute=61))])
    first, second = (declared(plan=plan) for plan in (PLAN, other))

    def mounted(made: Made) -> str:
        volumes = made["Deployment", "counter"]["spec"]["template"]["spec"]["volumes"]
        return str(volumes[0]["configMap"]["name"])

    assert mounted(first) != mounted(second)
    said = json.loads(first["ConfigMap", mounted(first)]["data"]["limits.yaml"])
    assert first["ConfigMap", mounted(first)]["immutable"] is True
    assert said["domain"] == "kitchen"
    (grant,) = said["descriptors"]
    assert (grant["key"], grant["value"]) == ("grant", "support/helpdesk-faq/0")
    limits = {kind["value"]: kind["descriptors"][0]["descriptors"][0]["rate_limit"] for kind in grant["descriptors"]}
    assert limits == {
        "requests-minute": {"unit": "minute", "requests_per_unit": 60},
        "tokens-month": {"unit": "month", "requests_per_unit": 1_000_000},
    }
    assert first["StatefulSet", "counter-valkey"] == second["StatefulSet", "counter-valkey"], "no count is forgotten"


def test_only_the_entry_asks_the_counter_and_only_the_counter_valkey() -> None:
    rules = network_policies({"app.kubernetes.io/name": "entry"}, Platform(kind="kubernetes"))
    (asked, scraped) = rules["counter"]["ingress"]
    assert asked["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "entry"}}}]
    assert [port["port"] for port in asked["ports"]] == [GRPC_PORT]
    assert [port["port"] for port in scraped["ports"]] == [METRICS_PORT]
    assert rules["counter-valkey"]["ingress"] == [
        {
            "from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "counter"}}}],
            "ports": [{"port": 6379, "protocol": "TCP"}],
        }
    ]
    assert "egress" not in rules["counter-valkey"] and "Egress" in rules["counter-valkey"]["policyTypes"]


def test_other_owners_restart_no_pod(declared: Any) -> None:
    first, second = declared(), declared(labels={"kitchen.example.com/owner": "other-team"})
    for workload in (("Deployment", "counter"), ("StatefulSet", "counter-valkey")):
        assert first[workload]["spec"] == second[workload]["spec"]


def test_on_openshift_no_user_is_fixed(declared: Any) -> None:
    made = declared(platform=Platform(kind="openshift"))
    assert "runAsUser" not in str(made)


def test_the_pack_wants_nothing_but_what_settings_name(declared: Any, tmp_path: Path, capsys: Any) -> None:
    """Beside its settings, which name the registry and the storage classes, the pack has nothing to say."""
    versions = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "PodDisruptionBudget": "policy/v1"}
    versions |= {"NetworkPolicy": "networking.k8s.io/v1"}
    owner = Ownership(environment="prod", tenant="platform", owner="platform-team", cost_centre="100")
    made = declared(placeholder_key=True, labels=owner.labels("entry"))
    objects = [
        {"apiVersion": versions.get(kind, "v1"), "kind": kind, **inputs}
        for (kind, _), inputs in made.items()
        if kind != "Counter"
    ]
    (tmp_path / "counter.yaml").write_text(yaml.safe_dump_all(objects))
    policy_check([str(tmp_path / "counter.yaml"), "--output", "json"])
    said = {entry["rule"] for entry in json.loads(capsys.readouterr().out)["violations"]}
    assert said == {"images-from-the-registry", "storage-protected"}
