"""An environment with an entry in the real engine: the pack passes it, and what is rendered is what Envoy takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.conftest import planned, run
from tests.support.stacks import prepare
from tests.unit.support.entry import issuer
from tools.local.offline import offline_workspace
from tools.local.workspace import POLICY_PACK

ENTRY = {"host": "ai.kitchen.example", "tls": {"issuer": "kitchen-ca"}, "issuers": [issuer()]}
Objects = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """What dev plans with an entry, by kind and name; the preview has the policy pack."""
    workspace = prepare(offline_workspace("dev", tmp_path_factory.mktemp("entry")), {"entry": ENTRY})
    steps = planned(run(workspace, "preview", "--json", "--policy-pack", str(POLICY_PACK)))
    states = [step["newState"]["inputs"] for step in steps if step["newState"]["type"].startswith("kubernetes:")]
    return {(inputs["kind"], _place(inputs)): inputs for inputs in states}


def _place(inputs: dict[str, Any]) -> str:
    metadata = inputs["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def test_the_pack_passes_an_environment_with_an_entry(objects: Objects) -> None:
    assert ("Deployment", "entry-dev/entry") in objects


def test_servers_are_reached_by_the_entry_alone(objects: Objects) -> None:
    for namespace in ("helpdesk-dev", "sales-dev"):
        (rule,) = objects["NetworkPolicy", f"{namespace}/allow-gateway"]["spec"]["ingress"]
        assert rule["from"] == [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "entry-dev"}},
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "entry"}},
            }
        ]


def test_the_entry_knows_each_pod_of_a_kitchen(objects: Objects) -> None:
    service = objects["Service", "helpdesk-dev/support-pods"]["spec"]
    assert service["clusterIP"] == "None"
    assert service["selector"] == {"serving.kserve.io/inferenceservice": "support"}


def test_servers_tell_what_is_counted_and_know_their_public_name(objects: Objects) -> None:
    (server,) = objects["ServingRuntime", "helpdesk-dev/support-vllm"]["spec"]["containers"]
    start = server["args"].index("--served-model-name")
    assert server["args"][start : start + 4] == [
        "--served-model-name",
        "tsuzumi-7b-instruct",
        "support",
        "--enable-force-include-usage",
    ]


def test_envoys_configuration_is_whole_and_holds_the_grants(objects: Objects) -> None:
    ((_, maps),) = [
        (key, value) for key, value in objects.items() if key[0] == "ConfigMap" and "envoy.json" in value["data"]
    ]
    config = json.loads(maps["data"]["envoy.json"])
    manager = config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    (host,) = manager["route_config"]["virtual_hosts"]
    names = [route["name"] for route in host["routes"]]
    assert {"support/callers/helpdesk-faq", "summary/callers/sales-summary"} < set(names)
    assert names[-1] == "no-path"
    models = json.loads(maps["data"]["models.json"])["models"]
    assert models["helpdesk-faq"]["groups"] == ["helpdesk-callers"]


def test_with_an_entry_no_route_leads_past_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    routes = {"domain": "apps.kitchen.example", "allowedSources": ["10.20.0.0/16"]}
    changes = {"entry": ENTRY, "phase": 4, "platform": {"kind": "openshift", "routes": routes}}
    workspace = prepare(offline_workspace("dev", tmp_path_factory.mktemp("routes")), changes)
    kinds = {step["newState"]["type"] for step in planned(run(workspace, "preview", "--json"))}
    assert not any(kind.endswith((":Route", ":HTTPRoute")) for kind in kinds)
