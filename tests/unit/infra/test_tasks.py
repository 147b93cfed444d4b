"""What a kitchen serves decides its paths, with an entry and without one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.entry.canary import Backend, WeightedRouteArgs, route_spec
from components.entry.envoy import bootstrap
from components.entry.paths import MODELS, PATHS
from infra.catalog import load_catalog
from infra.faults import FaultsError
from infra.kitchen.entry_plan import plan, table
from infra.load import load_settings
from infra.payload.call_body import Refused
from infra.payload.call_bounds import DEFAULTS, PARAMETERS, check
from infra.runtime_settings import TASKS
from infra.validate import schema
from tests.unit.support.entry import with_entry


def settings(**kitchen: Any) -> Any:
    data = with_entry({"support": kitchen})
    data["phase"] = 4
    data["platform"] |= {"keda": True, "prometheus": "http://prometheus.monitoring.svc:9090"}
    data["tenants"]["helpdesk"]["quota"] |= {"gpus": 8}
    return load_settings(data, load_catalog())


def test_every_task_has_paths_whose_bodies_are_checked() -> None:
    assert set(TASKS) == set(PATHS)
    assert {path for paths in PATHS.values() for path in paths} <= set(PARAMETERS)
    keys = schema("settings")["properties"]["kitchens"]["additionalProperties"]["properties"]
    assert keys["task"]["enum"] == list(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_the_entry_opens_a_model_on_the_paths_of_its_task(task: str) -> None:
    decided = plan(settings(task=task, adapters=[]), load_catalog())
    paths = {grant.model: set(grant.paths) for grant in decided.grants}
    assert paths["support"] == set(PATHS[task])
    assert all(found == set(PATHS["generate"]) for model, found in paths.items() if model not in ("support", "search"))
    assert paths["search"] == set(PATHS["embed"])
    assert set(PATHS[task]) <= set(re.findall(r"'path': '(/[^']+)'", str(bootstrap(decided))))


def test_a_canary_serves_what_its_kitchen_serves() -> None:
    found = settings(task="embed", adapters=[], canary={"weight": 10})
    assert found.kitchens["support-canary"].task == "embed"


@pytest.mark.parametrize("task", TASKS)
def test_a_route_without_an_entry_leads_to_the_same_paths(task: str) -> None:
    backends = [Backend(service="support-predictor", weight=100)]
    names = {"namespace": "helpdesk-dev", "kitchen": "support", "labels": {}, "gateway": "g", "gateway_namespace": "n"}
    spec = route_spec(WeightedRouteArgs(**names, host="x", paths=(MODELS, *PATHS[task]), backends=backends))
    assert [match["path"]["value"] for match in spec["rules"][0]["matches"]] == [MODELS, *PATHS[task]]


def test_a_cache_that_says_nothing_does_not_scale() -> None:
    scaling = {"maxReplicas": 2, "metric": "kvCache", "target": 80}
    with pytest.raises(FaultsError) as error:
        settings(task="embed", adapters=[], autoscaling=scaling)
    assert "kitchens.support.autoscaling.metric" in str(error.value)
    assert "task embed answers in one step" in str(error.value)


def test_a_kitchen_bounds_the_texts_of_one_call() -> None:
    found = table(settings(task="embed", adapters=[], inputs={"maxInputs": 8}))
    assert found["support"]["bounds"]["maxInputs"] == 8
    sent = {"model": "support", "input": ["a"] * 9}
    with pytest.raises(Refused, match="must be a list of 1 to 8 entries"):
        check("/v1/embeddings", sent, {**DEFAULTS, **found["support"]["bounds"]})
    check("/v1/embeddings", {**sent, "input": ["a"] * 8}, {**DEFAULTS, **found["support"]["bounds"]})
