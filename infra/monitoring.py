"""From settings and catalog to what is seen: facts for the table of rules, targets of scrapes, groups of rules.

Pure functions, so that commands, rendered files and the program tell the same.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from components import naming
from components.facts import COUNTER_SERVICE, ENTRY_PODS, LOAD_LABEL, STORE_SERVICE, STORE_TLS_SECRET
from components.observability.alert import Alert
from components.observability.buckets import TOKEN_SECONDS, TTFT_SECONDS, edge_of
from components.observability.facts import DeclaredAdapter, End, KitchenFacts, Objective, RuleFacts
from components.observability.groups import Group, groups
from components.observability.routing import RoutingArgs
from components.observability.rules import all_alerts
from components.observability.targets import PlatformTarget, Port, Target, kitchen_target
from infra.adapter_refs import AdapterCanary
from infra.gpu_prices import gpu_hour_prices
from infra.monitoring_settings import DEFAULT_SHARE
from infra.settings import Kitchen, Settings

__all__ = [
    "OPERATIONS",
    "Alert",
    "alerts",
    "facts",
    "namespace",
    "platform_targets",
    "routing",
    "rule_groups",
    "targets",
]

OPERATIONS = 4
"""Phase from which on metrics are taken."""

_DAY_SECONDS = 86400
_NVIDIA = "nvidia.com/"
"""Device resources of which NVIDIA's exporter tells; what else a pool may have is seen by another one."""

_PARTS = {
    # Its manager tells numbers on a port that its manifest does not name (cmd/manager/main.go, metrics-addr).
    "kserve": PlatformTarget(
        part="kserve",
        namespace="kserve",
        match={"control-plane": "kserve-controller-manager"},
        port="metrics",
        unnamed=(8080, 9443),
    ),
    "keda": PlatformTarget(
        part="keda", namespace="keda", match={"app.kubernetes.io/name": "keda-operator"}, port="metrics"
    ),
    "gpu": PlatformTarget(
        part="gpu", namespace="gpu-operator", match={"app": "nvidia-dcgm-exporter"}, port="gpu-metrics"
    ),
    "kube": PlatformTarget(
        part="kube",
        namespace="monitoring",
        match={"app.kubernetes.io/name": "kube-state-metrics"},
        port="http",
        honour=True,
    ),
}
"""Where the parts of a plain Kubernetes are by the defaults of their own charts."""


def namespace(settings: Settings) -> str:
    """Namespace of rules and dashboards."""
    return settings.monitoring.namespace or naming.monitoring_namespace(settings.environment)


def rule_groups(settings: Settings) -> tuple[Group, ...]:
    """Every rule of the environment."""
    return groups(facts(settings), settings.monitoring.runbook)


def alerts(settings: Settings) -> tuple[Alert, ...]:
    """The table of alerts."""
    return all_alerts(facts(settings))


def routing(settings: Settings) -> RoutingArgs:
    """Who hears of which alert."""
    said = settings.monitoring.alertmanager
    return RoutingArgs(
        environment=settings.environment,
        alerts=alerts(settings),
        tenants={name: naming.namespace(name, settings.environment) for name in settings.tenants},
        folder=said.folder,
        email=said.email,
    )


def facts(settings: Settings) -> RuleFacts:
    """What the table has to know."""
    spaces = [naming.namespace(name, settings.environment) for name in settings.tenants]
    entry, deploy = settings.entry, settings.object_store.deploy
    certified = [
        *([naming.entry_namespace(settings.environment)] if entry is not None and entry.tls.issuer else []),
        *([deploy.namespace] if deploy is not None and deploy.issuer else []),
    ]
    scraped = {port.part: target.namespace for target in targets(settings) for port in target.ports}
    # Servers and sidecars have alerts of their own; loads are there for minutes.
    ours = {part: where for part, where in scraped.items() if part not in ("server", "adapters", "load")}
    pools = {kitchen.pool for kitchen in settings.kitchens.values()}
    prices = gpu_hour_prices(settings)
    return RuleFacts(
        environment=settings.environment,
        kitchens=[_kitchen(settings, kitchen, prices.get(kitchen.name)) for kitchen in settings.kitchens.values()],
        ends=[*_ends(settings)],
        thresholds=settings.monitoring.thresholds,
        entry=entry is not None,
        counter=_counter(settings),
        store=deploy is not None,
        keda=any(kitchen.autoscaling is not None for kitchen in settings.kitchens.values()),
        gpus=any(settings.gpu_pools[pool].resource.startswith(_NVIDIA) for pool in pools if pool in settings.gpu_pools),
        parts={**{target.part: target.namespace for target in platform_targets(settings)}, **ours},
        certificates=certified if spaces else [],
        checks=settings.monitoring.checks,
        currency=settings.prices.currency,
    )


def targets(settings: Settings) -> tuple[Target, ...]:
    """What is scraped in namespaces of our own."""
    return tuple(_targets(settings))


def platform_targets(settings: Settings) -> tuple[PlatformTarget, ...]:
    """Parts of the platform that the settings ask to scrape."""
    return tuple(_part(settings, part) for part in settings.monitoring.scrapes)


def _part(settings: Settings, part: str) -> PlatformTarget:
    said, default = settings.monitoring.scrapes[part], _PARTS[part]
    return replace(
        default,
        namespace=said.namespace or default.namespace,
        match=said.labels or default.match,
        port=said.port or default.port,
        unnamed=None if said.port else default.unnamed,
    )


def _targets(settings: Settings) -> Iterator[Target]:
    environment = settings.environment
    for kitchen in settings.kitchens.values():
        space = naming.namespace(kitchen.tenant, environment)
        yield kitchen_target(environment, kitchen.tenant, kitchen.name, space)
    for tenant in settings.tenants:
        if settings.held(tenant):
            yield Target(
                name="base-model-loads",
                namespace=naming.namespace(tenant, environment),
                has=(LOAD_LABEL,),
                ports=(Port(name="status", part="load"),),
                labels={"environment": environment, "tenant": tenant},
            )
    if settings.entry is not None:
        space, labels = naming.entry_namespace(environment), {"environment": environment}
        ports = (Port(name="metrics", part="entry", path="/stats/prometheus"), Port(name="record", part="record"))
        yield Target(name="entry", namespace=space, match=ENTRY_PODS, ports=ports, labels=labels)
        if settings.entry.counter == "shared":
            match = {"app.kubernetes.io/name": COUNTER_SERVICE}
            counted = (Port(name="metrics", part="counter"),)
            yield Target(name="counter", namespace=space, match=match, ports=counted, labels=labels)
    deploy = settings.object_store.deploy
    if deploy is not None:
        yield Target(
            name="object-store",
            namespace=deploy.namespace,
            match={"app.kubernetes.io/name": "minio"},
            ports=(Port(name="https", part="store", path="/minio/v2/metrics/cluster"),),
            labels={"environment": environment},
            authority=deploy.tls_secret or STORE_TLS_SECRET,
            server_name=f"{STORE_SERVICE}.{deploy.namespace}.svc",
        )


def _counter(settings: Settings) -> Literal["none", "local", "shared"]:
    said = "none" if settings.entry is None else settings.entry.counter
    return "shared" if said == "shared" else "local" if said == "local" else "none"


def _kitchen(settings: Settings, kitchen: Kitchen, gpu_hour_price: Decimal | None) -> KitchenFacts:
    scaling = kitchen.autoscaling
    least = kitchen.replicas if scaling is None else 0 if scaling.scale_to_zero else scaling.min_replicas
    canaries = {canary.ref: canary for canary in kitchen.adapter_canaries}
    return KitchenFacts(
        name=kitchen.name,
        tenant=kitchen.tenant,
        namespace=naming.namespace(kitchen.tenant, settings.environment),
        replicas=least,
        max_loras=kitchen.runtime.max_loras if kitchen.adapters else 0,
        hot=kitchen.hot,
        generates=kitchen.task == "generate",
        adapters=[_adapter(ref, canaries.get(ref)) for ref in kitchen.adapters],
        canary_of=kitchen.canary_of,
        objective=_objective(settings, kitchen.canary_of or kitchen.name),
        gpu_hour_price=None if gpu_hour_price is None else float(gpu_hour_price),
    )


def _adapter(ref: str, canary: AdapterCanary | None) -> DeclaredAdapter:
    name, _, version = ref.partition("/")
    return DeclaredAdapter(name=name, version=version, canary=canary is not None)


def _objective(settings: Settings, kitchen: str) -> Objective:
    """A canary promises what its kitchen does. Values are taken as the edges that they stand for."""
    said = settings.monitoring.objectives.get(kitchen)
    if said is None:
        return Objective()
    return Objective(
        ttft_seconds=None if said.ttft_seconds is None else edge_of(said.ttft_seconds, TTFT_SECONDS),
        token_seconds=None if said.tps_per_user is None else edge_of(1 / said.tps_per_user, TOKEN_SECONDS),
        availability=said.availability,
        share=DEFAULT_SHARE if said.share is None else said.share,
    )


def _ends(settings: Settings) -> Iterator[End]:
    """What ends, by the last day that is written; it is over with the first second of the next one, in UTC."""
    for signer in settings.signers:
        if signer.expires is not None:
            yield _end("signer", signer.name, signer.expires)
    for exemption in settings.exemptions:
        yield _end("exemption", f"{exemption.rule}: {exemption.object}", exemption.expires)
    for tenant in settings.tenants.values():
        if tenant.record_contents is not None:
            yield _end("approval to record contents", tenant.name, tenant.record_contents.until)
    for end in settings.monitoring.ends:
        yield _end(end.what, end.name, end.until)
    door = None if settings.entry is None else settings.entry.door.authority
    yield from _authorities("objectStore.tls.certificates", settings.object_store.certificates)
    yield from _authorities("entry.door.authority", door)
    for signer in settings.signers:
        yield from _authorities(f"signers.{signer.name}.authority", signer.authority)


def _authorities(path: str, pem: str | None) -> Iterator[End]:
    """The certificates of a setting, each by its subject: what trusts them connects to nothing after their last one."""
    if pem is None:
        return
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - few environments state certificates

    last: dict[str, int] = {}
    for certificate in load_pem_x509_certificates(pem.encode()):
        name = f"{path}: {certificate.subject.rfc4514_string()}"
        # One that was renewed is there twice for a while, and the newer one counts.
        last[name] = max(last.get(name, 0), int(certificate.not_valid_after_utc.timestamp()) + 1)
    yield from (End(what="certificate", name=name, timestamp=over) for name, over in last.items())


def _end(what: str, name: str, day: str) -> End:
    begins = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC)
    return End(what=what, name=name, timestamp=int(begins.timestamp()) + _DAY_SECONDS)
