"""A day of an environment with fifty kitchens, as text of OpenMetrics: names and labels as a scrape has them.

Beside the fifty there is a canary of `support`, whose servers are slower. What is not well: the kitchen `contracts` has
no server since 20 minutes, `forecast` answers later than agreed, `support` runs out of KV cache, an adapter of
`campaigns` is refused for its sum, and a GPU told an XID.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import erf, isnan, log, sqrt

import numpy as np

from components.observability.buckets import TOKEN_SECONDS, TTFT_SECONDS, label
from tests.dashboards.support.clock import END, FINE_HOURS, HOUR, HOURS, TIMES, Values, grown, rising, since

ENVIRONMENT = "dev"
CURRENCY = "JPY"
BUSY = "support"
CANARY = "support-next"
"""A canary of the busy kitchen: of its own servers, and without calls of its own at the entry."""
SLEEPING = "labels"
"""A kitchen that KEDA has scaled to none."""
NEW_VERSION = "v2026-11-01"
TENANTS: Mapping[str, tuple[str, ...]] = {
    "helpdesk": ("support", "tickets", "faq", "chat", "voice"),
    "sales": ("campaigns", "summary", "offers", "crm", "leads"),
    "legal": ("contracts", "review", "search", "redact", "terms"),
    "finance": ("forecast", "ledger", "invoices", "audit", "tax"),
    "hr": ("hiring", "policies", "training", "letters", "payroll"),
    "logistics": ("routes", "customs", "stock", "fleet", "labels"),
    "research": ("papers", "patents", "notes", "code", "lab"),
    "care": ("triage", "records", "billing", "visits", "coding"),
    "retail": ("catalog", "reviews", "prices", "returns", "shelf"),
    "claims": ("intake", "fraud", "letters-claims", "damage", "reports"),
}
_E2E_SECONDS = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0)
_OF_THE_DAY = (
    "envoy_kitchen",
    "DCGM_FI_DEV_GPU_UTIL",
    "DCGM_FI_DEV_XID",
    "kube_pod_container_resource",
    "kitchen_merged",
    "up",
)
_OUTCOMES = {"ok": 0.94, "refused": 0.025, "limited": 0.015, "failed": 0.004, "cut": 0.016}


@dataclass(frozen=True)
class MadeKitchen:
    """A kitchen of the made day; `weight` is its part in the load."""

    tenant: str
    name: str
    weight: float
    servers: int
    adapters: tuple[tuple[str, str], ...]

    @property
    def namespace(self) -> str:
        """Namespace of its tenant."""
        return f"{self.tenant}-{ENVIRONMENT}"

    def pods(self) -> list[str]:
        """Names of its servers' pods."""
        return [f"{self.name}-predictor-6f9d8c-{'abcd'[number]}x{number}" for number in range(self.servers)]


@dataclass
class Text:
    """Series in the order of their names: a family stands in one piece."""

    families: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, values: Values | float, /, **labels: str) -> None:
        """Add a series; a value that is not a number leaves a gap. What is looked at by the day has the whole of it."""
        every = np.broadcast_to(np.asarray(values, dtype=np.float64), TIMES.shape)
        first = 0 if name.startswith(_OF_THE_DAY) else int(np.searchsorted(HOURS, -FINE_HOURS))
        self.points(name, zip(TIMES[first:].tolist(), every[first:].tolist(), strict=True), **labels)

    def points(self, name: str, points: Iterable[tuple[float, float]], /, **labels: str) -> None:
        """Add a series by its points: seconds since 1970, and values."""
        shown = ",".join(f'{key}="{value}"' for key, value in labels.items())
        lines = [f"{name}{{{shown}}} {value:.9g} {time:.0f}" for time, value in points if not isnan(value)]
        self.families.setdefault(name, []).extend(lines)

    def text(self) -> str:
        """All of it."""
        return "\n".join(line for family in self.families.values() for line in family) + "\n# EOF\n"


def kitchens() -> list[MadeKitchen]:
    """The fifty kitchens, and the canary."""
    chance = np.random.default_rng(7)
    made = []
    for tenant, names in TENANTS.items():
        for name in names:
            weight = float(chance.lognormal(0, 0.8))
            adapters = (
                (f"{name}-answers", "v2026-06-01"),
                (f"{name}-classifier", "v2026-07-15"),
                (f"{name}-short", "v2026-03-01"),
            )
            weight = 6.0 if name == BUSY else weight
            made.append(
                MadeKitchen(
                    tenant,
                    name,
                    weight,
                    4 if name == BUSY else 0 if name == SLEEPING else 1 + int(weight > 1.5),
                    adapters,
                )
            )
    adapters = next(kitchen.adapters for kitchen in made if kitchen.name == BUSY)
    return [*made, MadeKitchen("helpdesk", CANARY, 0.4, 1, adapters)]


def series() -> Text:
    """The whole day."""
    text, chance = Text(), np.random.default_rng(11)
    for kitchen in kitchens():
        _servers(text, kitchen, chance)
        if kitchen.name not in (SLEEPING, CANARY):
            _entry(text, kitchen, chance)
        _adapters(text, kitchen)
        _cluster(text, kitchen)
    _entry_pods(text)
    _gpus(text, chance)
    _platform(text)
    _checks(text)
    _alerts(text)
    return text


def _load(kitchen: MadeKitchen, chance: np.random.Generator) -> Values:
    """Calls a second: more by day than by night."""
    day = 1 + 0.5 * np.sin((HOURS + 4) / 24 * 2 * np.pi)
    return np.maximum(0.02, 0.4 * kitchen.weight * day * (1 + 0.12 * chance.standard_normal(TIMES.shape)))


def _below(edge: float, median: Values, spread: float) -> Values:
    """The part of lognormal values that are at or below an edge."""
    scaled = (log(edge) - np.log(median)) / (spread * sqrt(2))
    return np.array([0.5 * (1 + erf(value)) for value in scaled])


def _histogram(text: Text, name: str, rate: Values, median: Values, edges: tuple[float, ...], /, **who: str) -> None:
    for edge in edges:
        text.add(f"{name}_bucket", grown(rate * _below(edge, median, 0.7)), **who, le=label(edge))
    text.add(f"{name}_bucket", grown(rate), **who, le="+Inf")
    text.add(f"{name}_count", grown(rate), **who)
    text.add(f"{name}_sum", grown(rate * median * 1.28), **who)


def _servers(text: Text, kitchen: MadeKitchen, chance: np.random.Generator) -> None:
    gone = since(1 / 3) if kitchen.name == "contracts" else np.zeros_like(TIMES)
    busy = rising(1.2, 0.8) if kitchen.name == BUSY else np.zeros_like(TIMES)
    slow = {"forecast": 3.2, CANARY: 1.7}.get(kitchen.name, 1.0)
    load = _load(kitchen, chance) * (1 + busy)
    for pod in kitchen.pods():
        own = {"environment": ENVIRONMENT, "tenant": kitchen.tenant, "kitchen": kitchen.name, "part": "server"}
        who = {**own, "namespace": kitchen.namespace, "pod": pod, "model_name": "base"}
        text.add("up", 1 - gone, **own, namespace=kitchen.namespace, pod=pod)
        rate = np.where(gone > 0, np.nan, load / kitchen.servers)
        if gone.any():
            rate = np.where(np.isnan(rate), 0, rate)
        hide = np.where(gone > 0, np.nan, 1.0)
        _histogram(
            text, "vllm:time_to_first_token_seconds", rate, (0.35 + 0.9 * busy) * slow, TTFT_SECONDS[8:18], **who
        )
        _histogram(
            text,
            "vllm:inter_token_latency_seconds",
            rate * 180,
            (0.022 + 0.015 * busy) * slow,
            TOKEN_SECONDS[:12],
            **who,
        )
        _histogram(text, "vllm:e2e_request_latency_seconds", rate, (4 + 3 * busy) * slow, _E2E_SECONDS, **who)
        text.add("vllm:prompt_tokens_total", grown(rate * 620) * hide, **who)
        text.add("vllm:generation_tokens_total", grown(rate * 180) * hide, **who)
        text.add("vllm:prefix_cache_queries_total", grown(rate * 620), **who)
        text.add("vllm:prefix_cache_hits_total", grown(rate * 620 * (0.55 - 0.2 * busy)), **who)
        text.add("vllm:num_preemptions_total", grown(0.6 * np.maximum(0, busy - 0.6)), **who)
        noise = 1 + 0.15 * chance.standard_normal(TIMES.shape)
        text.add("vllm:num_requests_running", np.round(rate * 9 * noise) * hide, **who)
        waiting = np.round(14 * np.maximum(0, busy - 0.4) * noise)
        text.add("vllm:num_requests_waiting", (waiting + np.round(2 * busy)) * hide, **who)
        text.add("vllm:num_requests_waiting_by_reason", waiting * hide, **who, reason="capacity")
        text.add("vllm:num_requests_waiting_by_reason", np.round(2 * busy) * hide, **who, reason="deferred")
        text.add("vllm:kv_cache_usage_perc", np.clip(0.25 + 0.05 * rate * noise + 0.6 * busy, 0, 0.985) * hide, **who)
        for reason, part in (("stop", 0.86), ("length", 0.1), ("abort", 0.03), ("error", 0.004)):
            text.add("vllm:request_success_total", grown(rate * part), **who, finished_reason=reason)


def _entry(text: Text, kitchen: MadeKitchen, chance: np.random.Generator) -> None:
    own = {"environment": ENVIRONMENT, "part": "entry", "namespace": f"entry-{ENVIRONMENT}", "pod": "entry-7c9d-a1"}
    names = [*kitchen.adapters, ("", "")]
    for number, (adapter, version) in enumerate(names):
        for group, part in (("agents", 0.65), ("back-office", 0.35)):
            rate = _load(kitchen, chance) * part * (0.5, 0.25, 0.15, 0.1)[number]
            new = rising(0.9, 0.15, 0.2) if number == 0 and kitchen.name == BUSY else np.zeros_like(TIMES)
            shares = [(version, 1 - new), *([(NEW_VERSION, new)] if new.any() else [])]
            for shown, split in shares:
                worse = 6.0 if shown == NEW_VERSION else 1.0
                who = {
                    **own,
                    "tenant": kitchen.tenant,
                    "kitchen": kitchen.name,
                    "adapter": adapter,
                    "version": shown,
                    "group": group,
                }
                for outcome, often in _OUTCOMES.items():
                    more = worse if outcome == "failed" else 1.0
                    text.add(
                        "envoy_kitchen_entry_calls_total", grown(rate * split * often * more), **who, outcome=outcome
                    )
                text.add("envoy_kitchen_entry_tokens_total", grown(rate * split * 620), **who, kind="prompt")
                text.add(
                    "envoy_kitchen_entry_tokens_total", grown(rate * split * 180 / worse**0.2), **who, kind="completion"
                )
    for reason, part in (("no-grant", 0.012), ("rate_limit", 0.02), ("invalid_body", 0.008), ("token_expired", 0.01)):
        calls = np.floor(grown(_load(kitchen, chance) * part))
        text.add(
            "envoy_kitchen_entry_refusals_total",
            calls,
            **own,
            tenant=kitchen.tenant,
            kitchen=kitchen.name,
            reason=reason,
        )


def _adapters(text: Text, kitchen: MadeKitchen) -> None:
    own = {
        "environment": ENVIRONMENT,
        "tenant": kitchen.tenant,
        "kitchen": kitchen.name,
        "part": "adapters",
        "namespace": kitchen.namespace,
    }
    for place, pod in enumerate(kitchen.pods()):
        who = {**own, "pod": pod}
        for number, (adapter, version) in enumerate(kitchen.adapters):
            refused = kitchen.name == "campaigns" and number == 1
            new = since(0.9 - 0.1 * place) if kitchen.name == BUSY and number == 0 else None
            text.add("kitchen_adapter_declared", 1, **who, adapter=adapter, version=version)
            text.add("kitchen_adapter_loaded", 0 if refused else 1, **who, adapter=adapter, version=version)
            if new is not None:
                text.add(
                    "kitchen_adapter_loaded",
                    np.where(new > 0, 1.0, np.nan),
                    **who,
                    adapter=adapter,
                    version=NEW_VERSION,
                )
            if refused:
                text.add("kitchen_adapter_refused", 1, **who, adapter=adapter, version=version, reason="sum")
        text.add("kitchen_adapters_last_reconcile_timestamp_seconds", TIMES - (TIMES % 30) - 4 - 3 * place, **who)


def _cluster(text: Text, kitchen: MadeKitchen) -> None:
    own = {"namespace": kitchen.namespace, "part": "kube"}
    deployment = f"{kitchen.name}-predictor"
    changed = since(0.9) if kitchen.name == BUSY else since(20 + 5 * (kitchen.weight % 1))
    text.add("kube_deployment_metadata_generation", 3 + changed, **own, deployment=deployment)
    text.add("kube_deployment_spec_replicas", kitchen.servers, **own, deployment=deployment)
    lacking = (
        since(1 / 3) if kitchen.name == "contracts" else since(0.9) - since(0.7) if kitchen.name == BUSY else 0 * TIMES
    )
    text.add("kube_deployment_status_replicas_ready", kitchen.servers - lacking, **own, deployment=deployment)
    for pod in kitchen.pods():
        text.add("kube_pod_info", 1, **own, pod=pod)
        text.add(
            "kube_pod_container_resource_requests",
            1,
            **own,
            pod=pod,
            container="kserve-container",
            resource="nvidia_com_gpu",
            node="gpu-00.kitchen.example",
        )
        crashes = np.floor(rising(0.6, 0.6, 3)) if kitchen.name == "contracts" else np.zeros_like(TIMES)
        text.add("kube_pod_container_status_restarts_total", crashes, **own, pod=pod, container="kserve-container")
    if kitchen.name == "contracts":
        text.add(
            "kube_pod_status_unschedulable", np.where(since(0.3) > 0, 1.0, np.nan), **own, pod=f"{deployment}-new-zz9"
        )


def _entry_pods(text: Text) -> None:
    for number in range(2):
        own = {
            "environment": ENVIRONMENT,
            "part": "entry",
            "namespace": f"entry-{ENVIRONMENT}",
            "pod": f"entry-7c9d-{'ab'[number]}1",
        }
        text.add("up", 1, **own)
        text.add(
            "envoy_http_downstream_rq_active",
            60 + 25 * np.sin(HOURS * 3 + number) + 40 * rising(1.2, 0.8),
            **own,
            envoy_http_conn_manager_prefix="entry",
        )
        record = {**own, "part": "record"}
        text.add("kitchen_record_lines_total", grown(15 + 4 * np.sin(HOURS * 2)), **record)
        text.add("kitchen_record_failures_total", grown(0.05 * (since(0.8) - since(0.7))), **record)
        text.add(
            "kitchen_record_waiting_bytes", 9000 * (TIMES % 60) + 4e6 * (rising(0.8, 0.1) - rising(0.7, 0.05)), **record
        )
        text.add(
            "kitchen_record_oldest_waiting_seconds", TIMES % 60 + 300 * (rising(0.8, 0.1) - rising(0.7, 0.05)), **record
        )


def _gpus(text: Text, chance: np.random.Generator) -> None:
    holders = [(kitchen, pod) for kitchen in kitchens() for pod in kitchen.pods()]
    for number in range(80):
        node, gpu = f"gpu-{number // 8:02d}.kitchen.example", str(number % 8)
        who = {"Hostname": node, "gpu": gpu, "UUID": f"GPU-{number:04d}", "device": f"nvidia{gpu}", "part": "gpu"}
        who["modelName"] = "NVIDIA L40S" if number < 48 else "NVIDIA H100 80GB HBM3"
        held = holders[number] if number < len(holders) else None
        if held is not None:
            who |= {"namespace": held[0].namespace, "pod": held[1]}
        idle = held is None or held[0].name == "lab"
        busy = (
            np.zeros_like(TIMES)
            if idle
            else np.clip(45 + 20 * np.sin(HOURS / 4 + number) + 5 * chance.standard_normal(TIMES.shape), 2, 100)
        )
        whole = 46068 if number < 48 else 81559
        used = 4.0 if held is None else 0.9 * whole
        text.add("DCGM_FI_DEV_GPU_UTIL", np.round(busy), **who)
        text.add("DCGM_FI_DEV_FB_USED", used, **who)
        text.add("DCGM_FI_DEV_FB_FREE", whole - used, **who)
        text.add("DCGM_FI_DEV_GPU_TEMP", np.round(32 + 0.4 * busy + number % 5), **who)
        text.add("DCGM_FI_DEV_POWER_USAGE", 35 + (2.6 if number < 48 else 5.5) * busy, **who)
        text.add("DCGM_FI_DEV_XID_ERRORS", 31 * since(3) if number == 13 else 0, **who)
    for node in range(10):
        text.add(
            "kube_node_status_allocatable",
            8,
            part="kube",
            node=f"gpu-{node:02d}.kitchen.example",
            resource="nvidia_com_gpu",
        )


def _platform(text: Text) -> None:
    store = {"environment": ENVIRONMENT, "part": "store"}
    text.add("minio_cluster_capacity_usable_total_bytes", 40e12, **store)
    text.add(
        "minio_cluster_capacity_usable_free_bytes",
        14.2e12 - 0.02e12 * (HOURS + 28) - 0.1e12 * rising(0.8, 0.3),
        **store,
    )
    text.add("minio_s3_requests_5xx_errors_total", grown(0.4 * (since(0.8) - since(0.7)) + 0.001), **store)
    text.add("minio_s3_requests_4xx_errors_total", grown(0.02 + 0.01 * np.sin(HOURS * 5)), **store)
    jobs = {"part": "kube", "condition": "true"}
    for name, failed in (
        ("base-tsuzumi-7b-instruct-v1", 0),
        ("base-tsuzumi-7b-instruct-v2", 0),
        ("base-embedding-v1", 1),
    ):
        text.add("kube_job_failed", failed, **jobs, namespace=f"helpdesk-{ENVIRONMENT}", job_name=name)
        text.add("kube_job_status_failed", 3 * failed, part="kube", namespace=f"helpdesk-{ENVIRONMENT}", job_name=name)
    load = {
        "environment": ENVIRONMENT,
        "part": "load",
        "tenant": "helpdesk",
        "namespace": f"helpdesk-{ENVIRONMENT}",
        "base_model": "tsuzumi-7b-instruct",
        "version": "v2",
    }
    text.add("kitchen_load_whole_bytes", np.where(since(0.5) > 0, 14.9e9, np.nan), **load)
    text.add("kitchen_load_done_bytes", np.where(since(0.5) > 0, rising(0.5, 0.8, 14.9e9), np.nan), **load)


def _checks(text: Text) -> None:
    own = {"environment": ENVIRONMENT}
    for verdict, number in (("proven", 412), ("not_proven", 9), ("differs", 0)):
        text.add("kitchen_audit_lines", number + (since(0.5) if verdict == "proven" else 0), **own, verdict=verdict)
    text.add("kitchen_policy_violations", 2, **own, rule="images-pinned", level="mandatory")
    text.add("kitchen_policy_violations", 5, **own, rule="names-follow", level="advisory")
    for name, hours in (
        ("kitchen_audit_completed", 0.5),
        ("kitchen_policy_checked", 3.0),
        ("kitchen_drift_checked", 11.0),
    ):
        text.add(f"{name}_timestamp_seconds", END - hours * HOUR, **own)
    for number, kitchen in enumerate(kitchens()[:12]):
        adapter, version = kitchen.adapters[0]
        one = {"kitchen": kitchen.name, "adapter": adapter, "version": version}
        merged = END - (number + 2) * HOUR
        text.add("kitchen_merged_timestamp_seconds", merged, **own, **one)
        # Its rule remembers by its own series, which a rule that is asked afterwards does not have.
        text.add(
            "kitchen:first_answer_timestamp_seconds", merged + 140 + 37 * number, **own, tenant=kitchen.tenant, **one
        )


def _alerts(text: Text) -> None:
    firing = (
        ("KitchenServersMissing", "page", "serving", {"tenant": "legal", "kitchen": "contracts"}),
        (
            "KitchenAdapterRefused",
            "page",
            "adapters",
            {"tenant": "sales", "kitchen": "campaigns", "adapter": "campaigns-classifier"},
        ),
        ("KitchenKvCacheFull", "ticket", "serving", {"tenant": "helpdesk", "kitchen": "support"}),
        (
            "KitchenAdapterCanaryErrors",
            "ticket",
            "adapters",
            {"tenant": "helpdesk", "kitchen": "support", "adapter": "support-answers"},
        ),
        ("KitchenGpuXid", "ticket", "gpu", {"Hostname": "gpu-01.kitchen.example", "gpu": "5"}),
        ("KitchenPodsPending", "ticket", "platform", {"namespace": "legal-dev"}),
        ("KitchenLoadFailed", "ticket", "delivery", {"namespace": "helpdesk-dev"}),
        ("KitchenEndsSoon", "ticket", "governance", {"what": "signer", "name": "adapters-2025"}),
        ("KitchenPolicyViolations", "ticket", "governance", {"rule": "images-pinned"}),
    )
    for name, severity, subject, who in firing:
        own = {
            "alertname": name,
            "alertstate": "firing",
            "environment": ENVIRONMENT,
            "severity": severity,
            "subject": subject,
        }
        text.add("ALERTS", np.where(since(0.25) > 0, 1.0, np.nan), **own, **who)


def names(text: Text) -> Iterator[str]:
    """The metrics of the day."""
    yield from text.families
