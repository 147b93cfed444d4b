"""Canaries, autoscaling and draining: what settings mean, and what they may not say."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from components.entry import Backend, WeightedRouteArgs
from components.entry.canary import route_spec
from components.entry.paths import PATHS
from components.serving import Autoscaling
from components.serving.autoscaling import query, replicas
from components.serving.drain import lifecycle, termination_seconds
from infra.catalog import Catalog, load_catalog
from infra.faults import FaultsError
from infra.load import load_settings, read_stack_file
from infra.rules.scaling import canary_faults
from infra.settings import Settings
from tools.local.workspace import REPOSITORY

FILE = read_stack_file(REPOSITORY / "Pulumi.dev.yaml")
GATEWAY = {"gateway": "kitchen", "namespace": "kitchen-gateway", "domain": "models.kitchen.example"}
PROMETHEUS = "http://prometheus.monitoring.svc:9090"
SCALING = {"maxReplicas": 2, "metric": "waiting", "target": 4}
CANARY = {"weight": 10, "adapters": ["legal-contract-review/v2026-04-01"]}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def data(*, platform: dict[str, Any] | None = None, gpus: int = 4, phase: int = 4, **support: Any) -> dict[str, Any]:
    made = copy.deepcopy(FILE)
    made["phase"] = phase
    made["platform"] |= (
        {"gatewayApi": GATEWAY, "keda": True, "prometheus": PROMETHEUS} if platform is None else platform
    )
    made["tenants"]["helpdesk"]["quota"]["gpus"] = gpus
    del made["kitchens"]["search"]  # its GPU would count
    made["kitchens"]["support"] |= support
    return made


def loaded(catalog: Catalog, **changes: Any) -> Settings:
    return load_settings(data(**changes), catalog)


def faults(catalog: Catalog, **changes: Any) -> list[str]:
    with pytest.raises(FaultsError) as caught:
        loaded(catalog, **changes)
    return [str(fault) for fault in caught.value.faults]


def test_a_canary_is_a_kitchen_like_its_own_but_for_what_it_says(catalog: Catalog) -> None:
    settings = loaded(catalog, canary={**CANARY, "runtime": {"maxLoras": 1}}, replicas=2)
    canary, stable = settings.canary("support"), settings.kitchens["support"]
    assert canary is not None
    assert (canary.name, canary.canary_of, canary.canary_weight) == ("support-canary", "support", 10)
    assert (canary.replicas, stable.replicas) == (1, 2)
    assert canary.adapters == ("legal-contract-review/v2026-04-01",)
    assert (canary.runtime.max_loras, canary.runtime.max_lora_rank) == (1, stable.runtime.max_lora_rank)
    assert settings.canary("summary") is None


def test_the_gpus_of_a_canary_count(catalog: Catalog) -> None:
    assert loaded(catalog, canary=CANARY, gpus=3)
    (told,) = faults(catalog, canary=CANARY, gpus=2)
    assert "tenants.helpdesk.quota.gpus" in told
    assert "use 3 GPUs" in told


def test_the_gpus_that_an_autoscaler_may_reach_count(catalog: Catalog) -> None:
    assert loaded(catalog, autoscaling=SCALING, gpus=3)
    (told,) = faults(catalog, autoscaling=SCALING, gpus=2)
    assert "use 3 GPUs" in told


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"canary": CANARY, "platform": {}}, ["kitchens.support.canary: 10", "gatewayApi"]),
        ({"canary": CANARY, "phase": 3}, ["kitchens.support.canary: 3", "phase: 4"]),
        ({"api": "LLMInferenceService", "platform": {}}, ["kitchens.support.api", "llmInferenceService: true"]),
        (
            {"api": "LLMInferenceService", "platform": {"llmInferenceService": True}, "rollout": "replace"},
            ["kitchens.support.rollout", "rollout: surge"],
        ),
        (
            {
                "api": "LLMInferenceService",
                "platform": {"llmInferenceService": True, "gatewayApi": GATEWAY},
                "canary": CANARY,
            },
            ["kitchens.support.canary: ", "api: InferenceService"],
        ),
        ({"canary": {"weight": 101}}, ["kitchens.support.canary.weight: 101", "at most 100"]),
        (
            {"canary": {"weight": 1, "adapters": ["nobody/v2026-01-01"]}},
            ["kitchens.support.canary.adapters[0]", "an adapter of the catalog"],
        ),
        (
            {"canary": {"weight": 1, "runtime": {"extraArgs": ["--port=1"]}}},
            ["kitchens.support.canary.runtime.extraArgs[0]", "probes"],
        ),
        (
            {"autoscaling": SCALING, "platform": {"prometheus": PROMETHEUS}},
            ["kitchens.support.autoscaling", "keda: true"],
        ),
        ({"autoscaling": SCALING, "platform": {"keda": True}}, ["autoscaling.prometheus", "stated nowhere"]),
        ({"autoscaling": SCALING, "phase": 3}, ["kitchens.support.autoscaling", "phase: 4"]),
        ({"autoscaling": SCALING, "replicas": 2}, ["kitchens.support.replicas: 2", "minReplicas: 2"]),
        ({"autoscaling": {**SCALING, "minReplicas": 3}}, ["autoscaling.maxReplicas: 2", "at least minReplicas (3)"]),
        ({"autoscaling": {**SCALING, "metric": "kvCache", "target": 99}}, ["autoscaling.target: 99", "percent"]),
        ({"autoscaling": {**SCALING, "minReplicas": 0}}, ["autoscaling.minReplicas: 0", "up to 20 minutes"]),
        (
            {"autoscaling": {**SCALING, "minReplicas": 0, "scaleToZero": True}},
            ["autoscaling.wakeQuery", "up to 20 minutes", 'destination_service_name="support-predictor"'],
        ),
        (
            {"autoscaling": {**SCALING, "scaleToZero": True, "wakeQuery": "up"}},
            ["autoscaling.scaleToZero: true", "never be used"],
        ),
        ({"autoscaling": {**SCALING, "wakeQuery": "up"}}, ["autoscaling.wakeQuery", "always has one"]),
    ],
)
def test_what_cannot_be_is_told_where_it_is_written(
    changes: dict[str, Any], texts: list[str], catalog: Catalog
) -> None:
    (told,) = faults(catalog, **changes)
    for text in texts:
        assert text in told


def test_a_canary_is_for_adapters_that_come_with_new_pods(catalog: Catalog) -> None:
    settings = loaded(catalog, canary=CANARY)
    assert list(canary_faults(settings, catalog)) == []
    object.__setattr__(settings.kitchens["support"], "lora_mode", "hot")
    (told,) = canary_faults(settings, catalog)
    assert "hot mode" in told.rule


def test_a_fault_of_both_is_told_once(catalog: Catalog) -> None:
    (told,) = faults(catalog, canary=CANARY, pool="b200")
    assert told.startswith("kitchens.support.pool")


def test_the_name_of_a_canary_is_taken(catalog: Catalog) -> None:
    made = data(canary=CANARY, gpus=8)
    made["kitchens"]["support-canary"] = copy.deepcopy(made["kitchens"]["summary"])
    made["tenants"]["sales"]["quota"]["gpus"] = 4
    with pytest.raises(FaultsError, match="is the name of a canary of"):
        load_settings(made, catalog)


def scaling(**changes: Any) -> Autoscaling:
    values: dict[str, Any] = {
        "namespace": "helpdesk-dev",
        "kitchen": "support",
        "min_replicas": 1,
        "max_replicas": 3,
        "metric": "waiting",
        "target": 4,
        "prometheus": PROMETHEUS,
        "quiet_seconds": 1200,
    }
    return Autoscaling(**values | changes)


def test_the_metric_is_of_this_kitchen_alone() -> None:
    said = re.fullmatch(r'sum\(vllm:num_requests_waiting\{namespace="helpdesk-dev",pod=~"(.*)"\}\)', query(scaling()))
    assert said is not None
    ours = re.compile(said[1])
    assert ours.fullmatch("support-predictor-6d4cf56db6-x7k2p")
    for other in ("support-canary-predictor-6d4cf56db6-x7k2p", "support-predictor-predictor-6d4cf56db6-x7k2p"):
        assert not ours.fullmatch(other)
    assert query(scaling(metric="kvCache")).startswith("100 * sum(vllm:kv_cache_usage_perc{")


def test_scaling_replaces_the_fixed_number() -> None:
    assert replicas(None, 2) == {"minReplicas": 2, "maxReplicas": 2}
    spec = replicas(scaling(), 1)
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 3)
    (metric,) = spec["autoScaling"]["metrics"]
    assert metric["external"]["target"] == {"type": "Value", "value": "4"}
    assert len(replicas(scaling(min_replicas=0, wake_query="up"), 1)["autoScaling"]["metrics"]) == 2


def test_a_route_shares_by_weight_and_opens_no_other_path() -> None:
    args = WeightedRouteArgs(
        namespace="helpdesk-dev",
        kitchen="support",
        labels={},
        gateway="kitchen",
        gateway_namespace="kitchen-gateway",
        paths=PATHS["generate"],
        host="support-helpdesk-dev.models.kitchen.example",
        backends=[Backend(service="a", weight=90), Backend(service="b", weight=10)],
    )
    (rule,) = route_spec(args)["rules"]
    assert [(entry["name"], entry["weight"]) for entry in rule["backendRefs"]] == [("a", 90), ("b", 10)]
    assert {entry["path"]["type"] for entry in rule["matches"]} == {"Exact"}
    assert rule["timeouts"] == {"request": "0s"}, "a Gateway's own limit would cut long answers off"
    assert not any("lora" in path or "metrics" in path for paths in PATHS.values() for path in paths)


def test_the_grace_period_holds_the_sleep_the_drain_and_the_exit() -> None:
    slept = lifecycle()["preStop"]["sleep"]["seconds"]
    assert termination_seconds(300) > slept + 300
