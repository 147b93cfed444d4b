"""Settings of metrics, alerts and objectives as frozen values, and their loader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.observability.facts import Thresholds
from components.observability.routing import FOLDER, Email
from components.platform import PROMETHEUS_PODS
from infra.keys import fields

DEFAULT_SHARE = 0.95
"""Of calls and tokens that hold what is promised."""


@dataclass(frozen=True, kw_only=True)
class ObjectiveSettings:
    """What one kitchen promises, as it is written; None is no promise, and for `share` DEFAULT_SHARE."""

    ttft_seconds: float | None = None
    tps_per_user: float | None = None
    availability: float | None = None
    share: float | None = None


@dataclass(frozen=True, kw_only=True)
class StatedEnd:
    """Something that ends and is not in Git otherwise; `until` is its last day (YYYY-MM-DD)."""

    what: str
    name: str
    until: str


@dataclass(frozen=True, kw_only=True)
class Scrape:
    """A part of the platform that this program makes a monitor for; None is the default of the part."""

    namespace: str | None = None
    labels: Mapping[str, str] | None = None
    port: str | None = None


@dataclass(frozen=True, kw_only=True)
class AlertmanagerSettings:
    """Where Alertmanager finds the receivers' addresses, and which of them get mail."""

    folder: str = FOLDER
    email: Email | None = None


@dataclass(frozen=True, kw_only=True)
class MonitoringSettings:
    """`form` is operator (objects) or files (`make render` writes them). `runbook` is the folder of the docs' pages.

    `dashboards` are grafana (ConfigMaps), perses (objects of its operator), files or none.

    `labels` are those by which your Prometheus operator finds rules and monitors; `scrapes` are by part. `scraper_pods`
    are labels of the pods that network rules let in to take metrics.
    """

    form: str = "operator"
    dashboards: str = "none"
    runbook: str = "docs"
    namespace: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    scraper_pods: Mapping[str, str] = field(default_factory=lambda: dict(PROMETHEUS_PODS))
    objectives: Mapping[str, ObjectiveSettings] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    scrapes: Mapping[str, Scrape] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    ends: tuple[StatedEnd, ...] = ()
    alertmanager: AlertmanagerSettings = field(default_factory=AlertmanagerSettings)


def monitoring_settings(data: Mapping[str, Any]) -> MonitoringSettings:
    """The settings, out of what the schema has passed."""
    plain = {key: data[key] for key in ("form", "dashboards", "runbook", "namespace", "labels") if key in data}
    if "scraperPods" in data:
        plain["scraper_pods"] = data["scraperPods"]
    return MonitoringSettings(
        **plain,
        objectives={name: ObjectiveSettings(**fields(said)) for name, said in data.get("objectives", {}).items()},
        thresholds=Thresholds(**fields(data.get("thresholds", {}))),
        scrapes={part: Scrape(**said) for part, said in data.get("scrapes", {}).items()},
        checks=tuple(data.get("checks", ())),
        ends=tuple(StatedEnd(**said) for said in data.get("ends", ())),
        alertmanager=_alertmanager(data.get("alertmanager", {})),
    )


def _alertmanager(data: Mapping[str, Any]) -> AlertmanagerSettings:
    said = data.get("email")
    email = None if said is None else Email(**{"sender" if key == "from" else key: said[key] for key in said})
    return AlertmanagerSettings(folder=data.get("folder", FOLDER), email=email)
