"""Alertmanager's configuration by amtool: it is one, and each alert of the table comes to whom it is for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.observability.alert import Alert
from components.observability.inhibitions import INHIBITIONS, URGENCY
from components.observability.routing import Email, RoutingArgs, configuration, receivers
from components.observability.rules import all_alerts
from infra.monitoring import routing
from infra.monitoring_files import alertmanager_file
from tests.monitoring.rules.worlds import WORLDS
from tests.monitoring.test_files import settings
from tools.docs.alert_pages import everything
from tools.toolchain import binary, ensure

TENANTS = {"helpdesk": "helpdesk-dev", "sales": "sales-dev"}
ALERTS = {alert.id: alert for facts in (everything(), *WORLDS.values()) for alert in all_alerts(facts)}
MAIN = RoutingArgs(environment="dev", alerts=tuple(ALERTS.values()), tenants=TENANTS)


@cache
def amtool() -> Path:
    """The pinned amtool."""
    ensure(["alertmanager"])
    return binary("amtool")


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([str(amtool()), *arguments], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def written(folder: Path, args: RoutingArgs = MAIN) -> Path:
    path = folder / "alertmanager.yaml"
    path.write_text(yaml.safe_dump(configuration(args)))
    return path


def labels(alert: Alert, **more: str) -> list[str]:
    """Labels as Prometheus sends them."""
    said = {"alertname": alert.id, "environment": "dev", "severity": alert.severity, "owner": alert.owner}
    said |= {"subject": alert.subject, **more}
    return [f"{name}={value}" for name, value in said.items()]


def expected(alert: Alert) -> Iterator[tuple[str, dict[str, str]]]:
    """Receivers of an alert, each with labels by which it comes there."""
    if alert.owner == "tenant":
        for tenant, namespace in TENANTS.items():
            yield f"tenant-{tenant}-{alert.severity}", {"tenant": tenant}
            yield f"tenant-{tenant}-{alert.severity}", {"namespace": namespace}
        yield f"platform-{alert.severity}", {"tenant": "nobody"}
    else:
        yield f"{alert.owner}-{alert.severity}", {"tenant": "helpdesk", "namespace": "helpdesk-dev"}
        yield f"{alert.owner}-{alert.severity}", {}


@pytest.mark.parametrize(
    "email", [None, Email(smarthost="mail.example.com:587", sender="a@b", to={"platform-page": ["a@b"]}, username="u")]
)
def test_alertmanager_takes_the_configuration(tmp_path: Path, email: Email | None) -> None:
    path = written(tmp_path, RoutingArgs(environment="dev", alerts=MAIN.alerts, tenants=TENANTS, email=email))
    status, said = run("check-config", str(path))
    assert status == 0, said


def test_it_takes_what_a_render_writes(tmp_path: Path) -> None:
    path = tmp_path / "kitchen-alertmanager.yaml"
    path.write_text(alertmanager_file(routing(settings())))
    status, said = run("check-config", str(path))
    assert status == 0, said


def test_each_alert_comes_to_whom_it_is_for(tmp_path: Path) -> None:
    path = written(tmp_path)
    wrong = []
    for alert in ALERTS.values():
        for receiver, more in expected(alert):
            status, said = run("config", "routes", "test", f"--config.file={path}", *labels(alert, **more))
            if status or said.split() != [receiver]:
                wrong.append((alert.id, more, said, receiver))
    assert wrong == []


def test_every_receiver_of_a_route_is_there_and_is_used() -> None:
    made = configuration(MAIN)
    assert {one["name"] for one in made["receivers"]} == {*receivers(tuple(TENANTS))} == set(_receivers(made["route"]))


def test_what_lasts_for_days_wakes_nobody_each_hour() -> None:
    """What ends, and what an audit found, is told again twice a day; other pages each hour."""
    pages = [route for route in _routes(configuration(MAIN)["route"]) if route.get("receiver", "").endswith("-page")]
    by_days = [route for route in pages if route["matchers"] == ['subject="governance"']]
    assert {route["receiver"] for route in by_days} == {route["receiver"] for route in pages}
    assert {route["repeat_interval"] for route in by_days} == {"12h"}
    assert {route["repeat_interval"] for route in pages if route not in by_days} == {"1h"}
    lasting = ("KitchenEnded", "KitchenAuthorityUrgent", "KitchenEntryCertificateUrgent", "KitchenAuditDiffers")
    assert {(ALERTS[name].severity, ALERTS[name].subject) for name in lasting} == {("page", "governance")}


def _routes(route: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield route
    for child in route.get("routes", ()):
        yield from _routes(child)


def test_the_alerts_of_others_are_nobody_s_page(tmp_path: Path) -> None:
    path = written(tmp_path)
    for said in (["alertname=Watchdog", "severity=page"], ["alertname=KitchenServerDown", "environment=other"]):
        assert run("config", "routes", "test", f"--config.file={path}", *said)[1].split() == ["platform-ticket"]


def test_an_alert_silences_nothing_more_urgent_than_itself() -> None:
    wrong = [
        (one.source, name)
        for one in INHIBITIONS
        for name in one.targets
        if URGENCY.index(ALERTS[name].severity) > URGENCY.index(ALERTS[one.source].severity)
    ]
    assert wrong == []


def test_no_page_of_security_is_silenced() -> None:
    pages = {alert.id for alert in ALERTS.values() if alert.owner == "security" and alert.severity == "page"}
    assert pages
    assert [name for one in INHIBITIONS for name in one.targets if name in pages] == []


def test_what_is_compared_is_on_the_silencing_side() -> None:
    """A label that both lack is equal to Alertmanager: the alert would silence those of every kitchen."""
    kept = {name: {*alert.keeps, "environment"} for name, alert in ALERTS.items()}
    wrong = [(one.source, label) for one in INHIBITIONS for label in one.equal if label not in kept[one.source]]
    assert wrong == []


def test_nothing_silences_in_a_circle() -> None:
    edges = {(one.source, name) for one in INHIBITIONS for name in one.targets}
    reach = set(edges)
    while more := {(a, d) for a, b in reach for c, d in edges if b == c} - reach:
        reach |= more
    assert [pair for pair in reach if pair[0] == pair[1]] == []


def test_no_address_of_a_webhook_is_in_the_file() -> None:
    hooks = [hook for one in configuration(MAIN)["receivers"] for hook in one.get("webhook_configs", ())]
    assert hooks
    assert all(set(hook) == {"url_file", "send_resolved"} for hook in hooks)
    assert "http" not in json.dumps(configuration(MAIN))


def _receivers(route: dict[str, Any]) -> Iterator[str]:
    yield from ([route["receiver"]] if "receiver" in route else [])
    for one in route.get("routes", ()):
        yield from _receivers(one)
