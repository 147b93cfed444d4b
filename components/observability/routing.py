"""Who hears of an alert: Alertmanager's configuration, by owner, tenant and severity.

A page, a ticket and a note of each owner are receivers of their own (`security-page`, `tenant-helpdesk-note`). No
address of a webhook is in the configuration: each receiver reads its own from a file, for such an address is a secret.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from components.observability.alert import Alert, Owner, Severity
from components.observability.facts import among, equal
from components.observability.inhibitions import inhibit_rules

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
GROUP_BY = ("alertname", "environment", "tenant", "kitchen")
"""One message an alert and kitchen, however many of its pods or adapters it is about."""

TIMES: Mapping[Severity, Mapping[str, str]] = {
    "page": {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "1h"},
    "ticket": {"group_wait": "5m", "group_interval": "30m", "repeat_interval": "1d"},
    "note": {"group_wait": "30m", "group_interval": "6h", "repeat_interval": "4d"},
}
"""How long more alerts of a group are waited for, and when what goes on is told again. Alertmanager forgets after five
days what it has told, so that nothing is repeated later than that."""

BY_DAYS = "governance"
"""Subject of what is so for days, and not mended in an hour: what ends, and what the last audit found."""

BY_DAYS_REPEAT = "12h"

FOLDER = "/etc/alertmanager/secrets/kitchen-receivers"
"""Where Prometheus' operator, and OpenShift, mount a Secret `kitchen-receivers` into Alertmanager's pods."""

_PASSWORD = "smtp-password"
_PLATFORM: Owner = "platform"


@dataclass(frozen=True, kw_only=True)
class Email:
    """A mail server, and the receivers that get mail in place of a webhook. A password lies in the folder."""

    smarthost: str
    sender: str
    to: Mapping[str, Sequence[str]]
    username: str | None = None


@dataclass(frozen=True, kw_only=True)
class RoutingArgs:
    """`tenants` are namespaces by tenant; `folder` has one file for each receiver that is a webhook."""

    environment: str
    alerts: Sequence[Alert]
    tenants: Mapping[str, str] = field(default_factory=dict)
    folder: str = FOLDER
    email: Email | None = None


def receivers(tenants: Sequence[str]) -> tuple[str, ...]:
    """The names of all receivers of an environment with these tenants."""
    owners = (_PLATFORM, "security", *(f"tenant-{name}" for name in sorted(tenants)))
    return tuple(f"{owner}-{severity}" for owner in owners for severity in SEVERITIES)


def configuration(args: RoutingArgs) -> dict[str, Any]:
    """Alertmanager's configuration; alerts of others go to the platform's tickets."""
    return {
        **({} if args.email is None else {"global": _mail_server(args, args.email)}),
        "route": {
            "receiver": f"{_PLATFORM}-ticket",
            "group_by": list(GROUP_BY),
            **TIMES["ticket"],
            "routes": [
                {
                    "matchers": [equal("environment", args.environment), 'alertname=~"Kitchen.+"'],
                    "routes": [*_owners(args)],
                }
            ],
        },
        "inhibit_rules": inhibit_rules(args.alerts),
        "receivers": [_receiver(args, name) for name in receivers(tuple(args.tenants))],
    }


def _owners(args: RoutingArgs) -> Iterator[dict[str, Any]]:
    yield _route("security", equal("owner", "security"))
    for tenant, namespace in sorted(args.tenants.items()):
        # Alerts by the numbers of Kubernetes tell the namespace alone.
        for whose in (equal("tenant", tenant), equal("namespace", namespace)):
            yield _route(f"tenant-{tenant}", equal("owner", "tenant"), whose)
    yield _route(_PLATFORM, among("owner", (_PLATFORM, "tenant")))


def _route(owner: str, *matchers: str) -> dict[str, Any]:
    return {
        "matchers": list(matchers),
        "receiver": f"{owner}-ticket",
        "routes": [_of_severity(owner, severity) for severity in SEVERITIES],
    }


def _of_severity(owner: str, severity: Severity) -> dict[str, Any]:
    route = {"matchers": [equal("severity", severity)], "receiver": f"{owner}-{severity}", **TIMES[severity]}
    if severity != "page":
        return route
    # Nobody is woken each hour by what only a working day mends.
    by_days = {**route, "matchers": [equal("subject", BY_DAYS)], "repeat_interval": BY_DAYS_REPEAT}
    return {**route, "routes": [by_days]}


def _receiver(args: RoutingArgs, name: str) -> dict[str, Any]:
    addresses = () if args.email is None else args.email.to.get(name, ())
    if addresses:
        return {"name": name, "email_configs": [{"to": ", ".join(addresses), "send_resolved": True}]}
    return {"name": name, "webhook_configs": [{"url_file": f"{args.folder}/{name}", "send_resolved": True}]}


def _mail_server(args: RoutingArgs, email: Email) -> dict[str, Any]:
    password = {"smtp_auth_password_file": f"{args.folder}/{_PASSWORD}"}
    secret = {} if email.username is None else {"smtp_auth_username": email.username, **password}
    return {"smtp_smarthost": email.smarthost, "smtp_from": email.sender, **secret}
