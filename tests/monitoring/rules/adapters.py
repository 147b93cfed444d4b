"""Cases of the adapters' alerts."""

from __future__ import annotations

from tests.monitoring.rules.case import HELPDESK, SALES, Case, Series, calls, histogram, series, server, sidecar

_MINUTES = {"adapter": "minutes", "version": "v1"}
_POD = {**SALES, "namespace": "sales-dev", "pod": "summary-0"}
_LAST = "kitchen_adapters_last_reconcile_timestamp_seconds"
_UP = {server("up", **SALES, namespace="sales-dev", pod="summary-0"): "1x60", server("up"): "1x60"}
"""Servers of the kitchen in hot mode, and of one in static mode that nothing here may be said of."""

_STARTING = {server("up", **SALES, namespace="sales-dev", pod="summary-1"): "0x60"}
_FETCH = "kube_pod_init_container_status_restarts_total"
_CANARY = {**HELPDESK, "kitchen": "support-canary", "canary_of": "support"}


def _passes(passes: str, failures: str) -> Series:
    return {
        **_UP,
        sidecar("kitchen_adapters_reconcile_total"): passes,
        sidecar("kitchen_adapters_reconcile_failures_total"): failures,
    }


def _ended(kitchen: str, ok: str, error: str) -> Series:
    name = "vllm:request_success_total"
    return {
        server(name, kitchen=kitchen, pod=kitchen, finished_reason="stop"): ok,
        server(name, kitchen=kitchen, pod=kitchen, finished_reason="error"): error,
    }


def _first_tokens(kitchen: str, upto: str, each: float = 60) -> Series:
    return histogram("vllm:time_to_first_token_seconds", {upto: 1}, each, kitchen=kitchen, pod=kitchen)


def _versions(v1_failed: str, v2_failed: str) -> Series:
    return {
        calls("ok"): "0+60x90",
        calls("failed"): v1_failed,
        calls("ok", version="v2"): "0+60x90",
        calls("failed", version="v2"): v2_failed,
    }


def _asked(worked: str, running: str, adapter: str = "faq", outcome: str = "ok") -> Series:
    """Calls to an adapter; `worked` is when vLLM last worked for one. It tells of steps without any adapter as well."""
    info, none = (
        server("vllm:lora_requests_info", max_lora="2", running_lora_adapters=name, waiting_lora_adapters="")
        for name in ("faq", "")
    )
    return {
        calls(outcome, adapter=adapter): "0+6x60",
        server("vllm:num_requests_running"): running,
        none: "0+60x60",
        **({info: worked} if worked else {}),
    }


CASES = {
    "KitchenAdapterRefused": Case(
        fires={sidecar("kitchen_adapter_refused", **_MINUTES, reason="signature"): "1x10"},
        silent={sidecar("kitchen_adapter_refused", **_MINUTES, reason="rank"): "1x10"},
        minutes=1,
        labels=[{**SALES, **_MINUTES, "reason": "signature"}],
    ),
    "KitchenAdapterRefused while the store is away": Case(
        # The sidecar saw the wrong sum for 5 minutes, and knows since that it waits.
        fires={
            **_UP,
            server("up", **SALES, namespace="sales-dev", pod="summary-1"): "1x60",
            sidecar("kitchen_adapter_refused", **_MINUTES, reason="sum"): "1x5 stale",
            sidecar("kitchen_adapter_loaded", **_MINUTES): "0x40",
            sidecar("kitchen_adapter_loaded", **_MINUTES, pod="summary-1"): "1x40",
        },
        # Its files were mended, and every server has it.
        silent={
            **_UP,
            sidecar("kitchen_adapter_refused", **_MINUTES, reason="sum"): "1x5 stale",
            sidecar("kitchen_adapter_loaded", **_MINUTES): "0x20 1x20",
        },
        # No longer declared.
        also=({sidecar("kitchen_adapter_refused", adapter="gone", version="v1", reason="sum"): "1x5 stale"},),
        minutes=30,
        labels=[{**SALES, **_MINUTES, "reason": "sum"}],
    ),
    "KitchenAdapterUnusable": Case(
        fires={sidecar("kitchen_adapter_refused", **_MINUTES, reason="rank"): "1x10"},
        silent={sidecar("kitchen_adapter_refused", **_MINUTES, reason="sum"): "1x10"},
        minutes=8,
        labels=[{**SALES, **_MINUTES, "reason": "rank"}],
    ),
    "KitchenFetchFailing": Case(
        fires={series(_FETCH, namespace="helpdesk-dev", pod="support-0", container="fetch-adapters"): "0x5 1x5 4x20"},
        silent={
            series(_FETCH, namespace="helpdesk-dev", pod="support-0", container="fetch-adapters"): "0x9 1x20",
            series(_FETCH, namespace="helpdesk-dev", pod="support-0", container="istio-proxy"): "0x5 5x20",
            series(_FETCH, namespace="strangers", pod="a", container="fetch-adapters"): "0x5 5x20",
        },
        minutes=25,
        labels=[{"namespace": "helpdesk-dev", "pod": "support-0"}],
    ),
    "KitchenAdapterNotLoaded": Case(
        # One of two pods has it not.
        fires={
            **_UP,
            server("up", **SALES, namespace="sales-dev", pod="summary-1"): "1x20",
            sidecar("kitchen_adapter_loaded", **_MINUTES): "1x20",
            sidecar("kitchen_adapter_loaded", **_MINUTES, pod="summary-1"): "0x20",
        },
        silent={**_UP, sidecar("kitchen_adapter_loaded", **_MINUTES): "1x20"},
        also=(
            # The second server of an update still reads its model.
            {
                **_UP,
                **_STARTING,
                sidecar("kitchen_adapter_loaded", **_MINUTES): "1x20",
                sidecar("kitchen_adapter_loaded", **_MINUTES, pod="summary-1"): "0x20",
            },
            _STARTING,
            {},  # a kitchen that sleeps
        ),
        minutes=10,
        labels=[{**SALES, **_MINUTES, "mode": "hot"}],
    ),
    "KitchenAdapterNotLoaded without a sidecar": Case(
        fires=_UP, silent=_STARTING, minutes=10, labels=[{**SALES, **_MINUTES, "mode": "hot"}]
    ),
    "KitchenSidecarStalled": Case(
        fires={sidecar(_LAST): "60x20"},
        silent={sidecar(_LAST): "0+60x20"},
        also=({sidecar(_LAST): "0x20"},),  # it has had no pass yet
        minutes=10,
        labels=[_POD],
    ),
    "KitchenSidecarUnseen": Case(
        fires=_UP, silent={**_UP, sidecar(_LAST): "0+60x20"}, also=({},), minutes=10, labels=[SALES]
    ),
    "KitchenSidecarFailing": Case(
        fires=_passes("0+10x60", "0+6x60"),
        silent=_passes("0+10x60", "0+5x60"),
        also=(
            # The server still reads its model; an adapter that is refused has an alert of its own.
            {**_passes("0+10x60", "0+10x60"), server("up", **SALES, namespace="sales-dev", pod="summary-0"): "0x60"},
            {**_passes("0+10x60", "0+10x60"), sidecar("kitchen_adapter_refused", **_MINUTES, reason="sum"): "1x60"},
        ),
        minutes=40,
        labels=[_POD],
    ),
    "KitchenCanaryErrors": Case(
        fires={**_ended("support", "0+100x90", "0+1x90"), **_ended("support-canary", "0+96x90", "0+4x90")},
        silent={**_ended("support", "0+96x90", "0+4x90"), **_ended("support-canary", "0+95x90", "0+5x90")},
        # Two of three calls in an hour failed: too few to say so.
        also=({**_ended("support", "0+100x90", "0x90"), **_ended("support-canary", "0x30 1x60", "0x20 2x70")},),
        minutes=60,
        labels=[_CANARY],
    ),
    "KitchenCanarySlow": Case(
        fires={**_first_tokens("support", "1.0"), **_first_tokens("support-canary", "2.5")},
        silent={**_first_tokens("support", "2.5"), **_first_tokens("support-canary", "2.5")},
        # One call in two minutes: too few to say so.
        also=({**_first_tokens("support", "1.0"), **_first_tokens("support-canary", "2.5", 0.5)},),
        minutes=60,
        labels=[_CANARY],
    ),
    "KitchenAdapterCanaryErrors": Case(
        fires=_versions("0x90", "0+3x90"),
        silent=_versions("0+3x90", "0+3x90"),
        also=(_versions("0+3x90", "0x90"),),
        minutes=60,
        labels=[{**HELPDESK, "adapter": "faq", "version": "v2"}],
    ),
    "KitchenBaseAnswers where no call was seen to run": Case(
        # Short answers are over between two scrapes; two slots for adapters make no greater set than two.
        fires=_asked("", "0x60"),
        silent=_asked("0+60x60", "0x60"),
        minutes=50,
        labels=[HELPDESK],
    ),
    "KitchenBaseAnswers since 25 minutes": Case(
        fires=_asked("0+60x25 1500x40", "1x60"),
        silent=_asked("0+60x60", "1x60"),
        minutes=50,
        labels=[HELPDESK],
    ),
    "KitchenBaseAnswers of many adapters": Case(
        fires=_asked("", "1x60"),
        silent=_asked("0+60x60", "1x60"),
        also=(_asked("", "9x60"),),  # so many at once that monitors may have dropped the set of adapters
        minutes=50,
        labels=[HELPDESK],
        world="many",
    ),
    "KitchenBaseAnswers": Case(
        fires=_asked("", "1x60"),
        silent=_asked("0+60x60", "1x60"),
        also=(
            _asked("", "1x60", adapter=""),  # callers ask for the base model
            _asked("", "1x60", outcome="refused"),  # nobody gets an answer
            _asked("0+60x40 2400x20", "1x60"),  # ten minutes ago it worked for one
        ),
        minutes=50,
        labels=[HELPDESK],
    ),
}
