"""What the kind of cluster and the environment as a whole give to every kitchen."""

from __future__ import annotations

from components import naming
from components.entry import KitchenRoute, KitchenRouteArgs
from components.platform import Platform
from components.ports import LLM_PORT, SERVER_PORT
from components.tenancy import Priority, PriorityArgs
from infra.kitchen.context import Context
from infra.settings import Kitchen, Settings


def platform(settings: Settings) -> Platform:
    """The kind of cluster as the components see it."""
    said = settings.platform
    return Platform(
        kind=said.kind,
        openshift_ai=said.openshift_ai,
        route_domain=said.routes.domain if said.routes else None,
        route_sources=said.routes.allowed_sources if said.routes else (),
        monitoring=said.monitoring,
        scraper_pods=settings.monitoring.scraper_pods,
        in_mesh=settings.entry is not None and settings.entry.door.kind == "istio",
    )


def priority(context: Context) -> Priority:
    """Declare the environment's priority."""
    settings = context.settings
    args = PriorityArgs(
        environment=settings.environment,
        value=settings.priority.value,
        preempt=settings.priority.preempt,
        labels=context.shared_labels(),
    )
    return Priority("servers", args, context.on_cluster)


def surroundings(context: Context, kitchen: Kitchen) -> None:
    """Declare a kitchen's Route, where the platform has Routes."""
    namespace, labels = context.namespace(kitchen.tenant), context.labels(kitchen.tenant, kitchen.name)
    options = context.in_tenant(kitchen.tenant)
    domain = context.platform.route_domain
    if domain is not None and context.settings.entry is None:
        host = f"{naming.route_host(kitchen.name, kitchen.tenant, context.settings.environment)}.{domain}"
        service, port = naming.predictor(kitchen.name), SERVER_PORT
        if kitchen.api == "LLMInferenceService":
            service, port = naming.llm_workload(kitchen.name), LLM_PORT
        route = KitchenRouteArgs(
            namespace=namespace,
            kitchen=kitchen.name,
            service=service,
            port=port,
            host=host,
            sources=context.platform.route_sources,
            labels=labels,
        )
        KitchenRoute(kitchen.name, route, options)


def address(context: Context, kitchen: Kitchen) -> str:
    """Base address of a kitchen's API within the cluster."""
    host = f"{naming.predictor(kitchen.name)}.{context.namespace(kitchen.tenant)}.svc"
    # The proxy's certificate is that of the cluster's own service authority.
    return f"https://{host}:8443/v1" if context.platform.openshift_ai else f"http://{host}/v1"
