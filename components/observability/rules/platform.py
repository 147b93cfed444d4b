"""Alerts on what the kitchens stand on: places for pods, and targets that are scraped no more.

`kube_...` are kube-state-metrics' series, `keda_...` KEDA's; both tell the namespace of the object in `namespace`.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.observability.alert import Alert, Record
from components.observability.facts import RuleFacts, among, select

PODS = "pod=~" + '"(.+)-(predictor|kserve)-.+"'
"""Names of servers' pods: `<kitchen>-predictor-...`, and `<kitchen>-kserve-...` of an LLMInferenceService."""

OWN_ALERTS = ("entry", "record", "store")
"""Parts whose absence an alert of their own tells."""


def records(facts: RuleFacts) -> tuple[Record, ...]:
    """The parts that ought to be scraped."""
    return tuple(
        Record(
            name="kitchen:expected_part",
            expression="vector(1)",
            labels={"environment": facts.environment, "part": part, "namespace": namespace},
        )
        for part, namespace in sorted(facts.parts.items())
        if part not in OWN_ALERTS
    )


def alerts(facts: RuleFacts) -> tuple[Alert, ...]:
    """The alerts of this subject."""
    found = [*_pending(facts)] if facts.kitchens else []
    if any(part not in OWN_ALERTS for part in facts.parts):
        found += _unseen(facts)
    if facts.keda and facts.kitchens:
        found += _scaling(facts)
    return tuple(found)


def _pending(facts: RuleFacts) -> Iterator[Alert]:
    spaces = among("namespace", sorted({kitchen.namespace for kitchen in facts.kitchens}))
    yield Alert(
        id="KitchenPodsPending",
        subject="platform",
        expression=f"max by (namespace, pod) ({select('kube_pod_status_unschedulable', spaces, PODS)}) == 1",
        hold="15m",
        severity="ticket",
        owner="platform",
        summary="Pod {{ $labels.pod }} in {{ $labels.namespace }} has found no node for 15 minutes",
        impact="The kitchen has fewer servers than declared: most often no GPU is free.",
        keeps=("namespace", "pod"),
    )


def _unseen(facts: RuleFacts) -> Iterator[Alert]:
    by = "environment, part, namespace"
    yield Alert(
        id="KitchenPartUnseen",
        subject="platform",
        expression=f"{facts.of('kitchen:expected_part')} unless on ({by}) max by ({by}) ({facts.of('up')}) == 1",
        hold="10m",
        severity="ticket",
        owner="platform",
        summary="Nothing of the part {{ $labels.part }} of {{ $labels.environment }} is scraped",
        impact="Alerts on it cannot fire, and its dashboards are empty.",
        keeps=("environment", "part", "namespace"),
    )


def _scaling(facts: RuleFacts) -> Iterator[Alert]:
    spaces = sorted({kitchen.namespace for kitchen in facts.kitchens})
    errors = select("keda_scaler_detail_errors_total", *facts.outside(among("exported_namespace", spaces)))
    yield Alert(
        id="KitchenScalerErrors",
        subject="platform",
        expression=f"sum by (exported_namespace, scaledObject) (rate({errors}[5m])) > 0",
        hold="10m",
        severity="ticket",
        owner="platform",
        summary="KEDA cannot read the numbers of {{ $labels.scaledObject }} in {{ $labels.exported_namespace }}",
        impact="The kitchen keeps its number of servers whatever the load.",
        keeps=("exported_namespace", "scaledObject"),
    )
