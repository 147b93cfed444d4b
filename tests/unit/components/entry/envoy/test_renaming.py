"""A share of a model's calls under another name: who writes it, and that without one nothing is written."""

from __future__ import annotations

import json
from typing import Any

from components.entry.envoy import bootstrap
from components.entry.plan import EntryPlan, Grant, Issuer, Server
from tests.unit.support.entry import KEY

HOST = "support-pods.helpdesk-dev.svc.cluster.local"


def made(*servers: Server) -> dict[str, Any]:
    """The whole configuration for one grant to these servers."""
    grant = Grant(name="g", model="helpdesk-faq", groups=["a"], paths=["/v1/completions"], servers=servers)
    issuer = Issuer(name="corporate", issuer="https://sso.kitchen.example", audience="kitchen", jwks=json.dumps(KEY))
    return bootstrap(EntryPlan(environment="dev", issuers=[issuer], grants=[grant]))


def manager(configuration: dict[str, Any]) -> dict[str, Any]:
    (chain,) = configuration["static_resources"]["listeners"][0]["filter_chains"]
    found: dict[str, Any] = chain["filters"][0]["typed_config"]
    return found


def destination(configuration: dict[str, Any]) -> dict[str, Any]:
    (host,) = manager(configuration)["route_config"]["virtual_hosts"]
    (found,) = [route["route"] for route in host["routes"] if route["name"] == "g"]
    return dict(found)


def server(name: str, weight: int = 100, model: str | None = None) -> Server:
    return Server(name=name, host=HOST, port=8080, weight=weight, model=model)


def names(configuration: dict[str, Any]) -> list[str]:
    return [entry["name"] for entry in manager(configuration)["http_filters"]]


def test_without_another_name_no_program_reads_bodies() -> None:
    assert "renamed" not in names(made(server("support", 90), server("support-canary", 10)))


def test_the_name_is_written_after_every_decision() -> None:
    found = names(made(server("support", 90), server("support/new", 10, "helpdesk-faq--v2026-03-01")))
    assert found[-2:] == ["renamed", "envoy.filters.http.router"]


def test_the_share_that_is_chosen_carries_its_name() -> None:
    found = destination(made(server("support", 90), server("support/new", 10, "helpdesk-faq--v2026-03-01")))
    old, new = found["weighted_clusters"]["clusters"]
    assert old == {"name": "support", "weight": 90}
    assert (new["name"], new["weight"]) == ("support/new", 10)
    assert new["typed_per_filter_config"]["renamed"]["filter_context"] == {"model": "helpdesk-faq--v2026-03-01"}


def test_all_calls_may_go_to_the_other_name() -> None:
    found = destination(made(server("support/new", 100, "helpdesk-faq--v2026-03-01")))
    (new,) = found["weighted_clusters"]["clusters"]
    assert new["typed_per_filter_config"]["renamed"]["filter_context"] == {"model": "helpdesk-faq--v2026-03-01"}
