"""Phase 4: monitors of everything that is scraped, and the rules, where Prometheus' operator is there."""

from __future__ import annotations

import pulumi

from components.observability import KitchenMonitor, KitchenMonitorArgs, Monitoring, MonitoringArgs
from components.observability.dashboards import Dashboards, DashboardsArgs
from infra.kitchen.context import Context
from infra.monitoring import OPERATIONS, namespace, platform_targets, rule_groups, targets


def monitored(context: Context) -> bool:
    """Whether the environment has objects of Prometheus' operator."""
    return context.platform.monitoring and context.settings.phase >= OPERATIONS


def monitoring(context: Context) -> None:
    """Declare monitors and rules; say where objectives are stated and nothing tells whether they hold."""
    settings = context.settings
    if not monitored(context):
        if settings.monitoring.objectives and settings.phase >= OPERATIONS and settings.monitoring.form == "operator":
            pulumi.log.warn("monitoring.objectives are stated, and nothing alerts on them: platform.monitoring is off")
        return
    needs = [*context.apart, *([context.store_server] if context.store_server is not None else [])]
    found_by = settings.monitoring.labels
    for target in targets(settings):
        tenant, kitchen = target.labels.get("tenant"), target.labels.get("kitchen")
        owned = context.shared_labels() if tenant is None else context.labels(tenant, kitchen or tenant)
        name = kitchen or f"{tenant or settings.environment}-{target.name}"
        after = context.after(*needs) if tenant is None else context.in_tenant(tenant)
        KitchenMonitor(name, KitchenMonitorArgs(target=target, labels={**owned, **found_by}), after)
    args = MonitoringArgs(
        namespace=namespace(settings),
        environment=settings.environment,
        labels=context.shared_labels(),
        groups=rule_groups(settings),
        platform=context.platform,
        found_by=found_by,
        parts=platform_targets(settings),
        protect=settings.protect,
    )
    made = Monitoring("monitoring", args, context.on_cluster)
    _dashboards(context, made)


def _dashboards(context: Context, made: Monitoring) -> None:
    form = context.settings.monitoring.dashboards
    if form not in ("grafana", "perses"):
        return
    args = DashboardsArgs(
        namespace=namespace(context.settings),
        environment=context.settings.environment,
        labels=context.shared_labels(),
        form="grafana" if form == "grafana" else "perses",
        currency=context.settings.prices.currency,
    )
    after = pulumi.ResourceOptions(depends_on=[made.namespace_object], deleted_with=made.namespace_object)
    Dashboards("dashboards", args, pulumi.ResourceOptions.merge(context.on_cluster, after))
