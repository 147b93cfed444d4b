"""Phase 4: a kitchen's autoscaling and the route that shares its calls with a canary."""

from __future__ import annotations

from components import naming
from components.entry import Backend, WeightedRoute, WeightedRouteArgs
from components.entry.paths import MODELS, PATHS
from components.gpu.sizing import startup_minutes
from components.serving import Autoscaling
from infra.kitchen.context import Context
from infra.settings import GatewayApi, Kitchen

_OPERATIONS = 4
_LONGEST_WINDOW_SECONDS = 3600
"""What a HorizontalPodAutoscaler takes at most."""


def autoscaling(context: Context, kitchen: Kitchen) -> Autoscaling | None:
    """What scales a kitchen, if anything does. A pod stays at least as long as the start of another would take."""
    said = kitchen.autoscaling
    if said is None:
        return None
    minutes = startup_minutes(context.catalog.base_models[kitchen.base_model].size_gib)
    return Autoscaling(
        namespace=context.namespace(kitchen.tenant),
        kitchen=kitchen.name,
        min_replicas=said.min_replicas,
        max_replicas=said.max_replicas,
        metric=said.metric,
        target=said.target,
        prometheus=said.prometheus or context.settings.prometheus or "",
        quiet_seconds=min(minutes * 60, _LONGEST_WINDOW_SECONDS),
        wake_query=said.wake_query,
    )


def routes(context: Context) -> dict[str, dict[str, str]]:
    """Declare the routes of an environment that routes by the Gateway API; return each kitchen's host name.

    With an entry there are none: they would lead past it.
    """
    gateway = context.settings.gateway_api
    if gateway is None or context.settings.entry is not None or context.settings.phase < _OPERATIONS:
        return {}
    kitchens = [kitchen for kitchen in context.settings.kitchens.values() if kitchen.canary_of is None]
    return {
        kitchen.name: {"host": _route(context, kitchen, gateway)}
        for kitchen in kitchens
        if kitchen.api == "InferenceService"
    }


def _route(context: Context, kitchen: Kitchen, gateway: GatewayApi) -> str:
    """The route comes after the services: nothing is sent to a canary that has not been ready."""
    canary = context.settings.canary(kitchen.name)
    taken = 0 if canary is None else canary.canary_weight
    served = [kitchen] if canary is None else [kitchen, canary]
    weights = dict(zip((entry.name for entry in served), (100 - taken, taken), strict=False))
    namespace = context.namespace(kitchen.tenant)
    args = WeightedRouteArgs(
        namespace=namespace,
        kitchen=kitchen.name,
        labels=context.labels(kitchen.tenant, kitchen.name),
        gateway=gateway.gateway,
        gateway_namespace=gateway.namespace,
        host=f"{kitchen.name}-{namespace}.{gateway.domain}",
        paths=(MODELS, *PATHS[kitchen.task]),
        backends=[Backend(service=naming.predictor(name), weight=weight) for name, weight in weights.items()],
    )
    WeightedRoute(kitchen.name, args, context.after(*(context.services[entry.name] for entry in served)))
    return args.host
