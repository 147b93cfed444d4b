"""Who watches: a Prometheus with the table's rules, an Alertmanager with the rendered routes, and a webhook."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.observability.alert import Alert
from components.observability.facts import RuleFacts
from components.observability.groups import groups
from components.observability.routing import TIMES, RoutingArgs, configuration, receivers
from components.observability.rules import all_alerts
from tests.monitoring.faults.shorter import FACTOR, seconds, shorter
from tests.monitoring.support.alerting import AlertingPrometheus, Alertmanager, Webhook, until
from tests.monitoring.support.prometheus import Job
from tools.toolchain import MONITORING, ensure

RUNBOOK = "https://docs.kitchen.example"
SCRAPE, EVALUATION = 30, 60
"""Seconds between scrapes and between evaluations, as the program states them."""

_EVERY = f"{SCRAPE * 1000 // FACTOR}ms"
_AVERAGED = re.compile(r"avg_over_time\([^\[]+\[(\w+)\]")
Told = tuple[str, str]
"""A receiver and an alert."""


@dataclass
class Watching:
    """What is told is in `webhook.messages`, in the order in which it came."""

    prometheus: AlertingPrometheus
    alertmanager: Alertmanager
    webhook: Webhook
    rules: Path

    def learn(self, facts: RuleFacts) -> None:
        """Take the rules of an update of Git."""
        write(self.rules, facts)
        assert self.prometheus._process is not None
        self.prometheus._process.send_signal(signal.SIGHUP)

    def firing(self) -> set[str]:
        """Names of the alerts that fire, told or not."""
        found = self.prometheus.query('ALERTS{alertstate="firing"}')
        return {one["metric"]["alertname"] for one in found}

    def told(self, since: int = 0) -> set[Told]:
        """Who was told what, from a message on."""
        fresh = self.webhook.messages[since:]
        return {
            (message["path"], alert["labels"]["alertname"])
            for message in fresh
            for alert in message["alerts"]
            if alert["status"] == "firing"
        }

    def wait_until_quiet(self) -> None:
        """Nothing fires, and nobody has to be told that something ended."""
        until(lambda: not self.firing(), self.firing, seconds=60)
        until(lambda: not self.alertmanager.names(), self.alertmanager.names, seconds=60)


def write(path: Path, facts: RuleFacts) -> None:
    """The rules of the table, with shorter times."""
    made = [group.content() for group in groups(facts, RUNBOOK)]
    path.write_text(json.dumps({"groups": shorter(made)}))


def stated_seconds(alert: Alert) -> float:
    """Within which time somebody is told: a scrape, an evaluation, the hold, and the wait for others of its group.

    A rate moves with the next scrapes, for which another evaluation is given; an average needs its window.
    """
    waits = (alert.hold, TIMES[alert.severity]["group_wait"], *_AVERAGED.findall(alert.expression))
    return SCRAPE + 2 * EVALUATION + sum(seconds(wait) for wait in waits)


@contextmanager
def watching(folder: Path, facts: RuleFacts, jobs: Sequence[Job], tenants: Sequence[str]) -> Iterator[Watching]:
    """Start all three; they end with the block."""
    ensure(MONITORING)
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        webhook = stack.enter_context(Webhook())
        for name in receivers(tenants):
            (folder / name).write_text(webhook.address(name))
        spaces = {tenant: f"{tenant}-dev" for tenant in tenants}
        args = RoutingArgs(environment="dev", alerts=all_alerts(facts), tenants=spaces, folder=str(folder))
        alertmanager = stack.enter_context(Alertmanager(folder / "alertmanager", shorter(configuration(args))))
        rules = folder / "rules.json"
        write(rules, facts)
        prometheus = AlertingPrometheus(folder / "prometheus", jobs, [rules], alertmanager, every=_EVERY)
        stack.enter_context(prometheus)
        yield Watching(prometheus, alertmanager, webhook, rules)
