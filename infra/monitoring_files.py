"""Plain files for a Prometheus of one's own, without its operator: rules, and what is scraped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from components.observability.groups import Group
from components.observability.routing import RoutingArgs, configuration
from components.observability.targets import INTERVAL, PLAIN, TLS, PlatformTarget, Port, Target

RULES_FILE, SCRAPES_FILE = "kitchen-rules.yaml", "kitchen-scrapes.yaml"
"""Names for `rule_files` and `scrape_config_files` of Prometheus' own configuration."""

ALERTMANAGER_FILE = "kitchen-alertmanager.yaml"
"""A whole configuration of Alertmanager, or an example of what yours needs."""

AUTHORITIES = "/etc/prometheus/kitchen"
"""Folder of Prometheus' pod with one file `<name of the target>.crt` for each target that speaks TLS."""

_POD = "__meta_kubernetes_pod"
_HEAD = "# Written by `make render`. Changes belong into the settings, from which it is written anew.\n"


def rules_file(groups: Sequence[Group]) -> str:
    """The groups of rules, as `promtool check rules` reads them."""
    return _HEAD + _yaml({"groups": [group.content() for group in groups]})


def alertmanager_file(args: RoutingArgs) -> str:
    """Routes, receivers and what is silenced by what, as `amtool check-config` reads it."""
    return _HEAD + _yaml(configuration(args))


def scrapes_file(targets: Sequence[Target], *, environment: str, parts: Sequence[PlatformTarget]) -> str:
    """One scrape job a port of a target and a part of the platform, found by Kubernetes' API.

    Prometheus needs the right to get, list and watch pods there; endpoints and services too, where a part has them.
    """
    jobs = [_job(target, port) for target in targets for port in target.ports]
    return _HEAD + _yaml({"scrape_configs": [*jobs, *(_part_job(environment, part) for part in parts)]})


def _part_job(environment: str, target: PlatformTarget) -> dict[str, Any]:
    """As `platform_monitor` finds it: by its Service, or by its pods where the port has no name."""
    kind, found = "service", [_keep("__meta_kubernetes_endpoint_port_name", target.port)]
    if target.unnamed is not None:
        told, named = target.unnamed
        address = {"source_labels": [f"{_POD}_ip"], "target_label": "__address__", "replacement": f"$1:{told}"}
        kind, found = "pod", [_keep(f"{_POD}_container_port_number", str(named)), address]
    return {
        "job_name": f"{target.namespace}/{target.part}",
        "scrape_interval": INTERVAL,
        "metrics_path": "/metrics",
        "scheme": PLAIN,
        **({"honor_labels": True} if target.honour else {}),
        "kubernetes_sd_configs": [
            {"role": "pod" if kind == "pod" else "endpoints", "namespaces": {"names": [target.namespace]}}
        ],
        "relabel_configs": [
            *(_keep(f"__meta_kubernetes_{kind}_label_{_name(label)}", value) for label, value in target.match.items()),
            *found,
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"source_labels": [f"{_POD}_name"], "target_label": "pod"},
            {"target_label": "environment", "replacement": environment},
            {"target_label": "part", "replacement": target.part},
        ],
    }


def _job(target: Target, port: Port) -> dict[str, Any]:
    constants = {**target.labels, "part": port.part}
    secure: dict[str, Any] = {"scheme": PLAIN}
    if target.authority is not None:
        trust = {"ca_file": f"{AUTHORITIES}/{target.name}.crt", "server_name": target.server_name}
        secure = {"scheme": TLS, "tls_config": trust}
    drop = {"source_labels": ["__name__", "running_lora_adapters"], "regex": port.drop, "action": "drop"}
    return {
        "job_name": f"{target.namespace}/{target.name}/{port.name}",
        "scrape_interval": INTERVAL,
        "metrics_path": port.path,
        **secure,
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": [target.namespace]}}],
        "relabel_configs": [
            *(_keep(f"{_POD}_label_{_name(label)}", value) for label, value in target.match.items()),
            *(_keep(f"{_POD}_labelpresent_{_name(label)}", "true") for label in target.has),
            _keep(f"{_POD}_container_port_name", port.name),
            # Pods that have ended keep their address for a while.
            {"source_labels": [f"{_POD}_phase"], "regex": "(Failed|Succeeded)", "action": "drop"},
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"source_labels": [f"{_POD}_name"], "target_label": "pod"},
            *({"target_label": label, "replacement": value} for label, value in constants.items()),
        ],
        **({"metric_relabel_configs": [drop]} if port.drop is not None else {}),
    }


def _keep(label: str, value: str) -> dict[str, Any]:
    return {"source_labels": [label], "regex": re.escape(value).replace(r"\-", "-"), "action": "keep"}


def _name(label: str) -> str:
    """How Prometheus' service discovery calls a label of Kubernetes."""
    return re.sub(r"[^a-zA-Z0-9_]", "_", label)


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False, width=1000)
