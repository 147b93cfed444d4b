"""Flags of `runtime.extraArgs` whose memory is known: they take none of a GPU's, or the sum has it.

The list is closed: every other flag that a kitchen gives is named as not counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.flag_words import ENTRIES, WORD, flag_word
from infra.settings import Kitchen

COUNTED = frozenset({"async-scheduling", "disable-hybrid-kv-cache-manager", "enforce-eager", "language-model-only"})
"""Flags that `infra.memory_flags` reads, and asynchronous scheduling, which is counted as on."""

_SPOKEN = {
    "chat-template-content-format", "cohere-format", "cohere-is-reasoning-model", "default-chat-template-kwargs",
    "exclude-tools-when-tool-choice-none", "fingerprint-mode", "fingerprint-value", "generation-config",
    "interleave-mm-strings", "override-generation-config", "response-role", "return-tokens-as-token-ids",
    "stream-interval", "tokenizer-mode",
}  # fmt: skip
"""What is read from and written to callers, on the processors."""

_TOLD = {
    "aggregate-engine-logging", "cudagraph-metrics", "disable-access-log-for-endpoints", "disable-fastapi-docs",
    "disable-uvicorn-access-log", "enable-logging-iteration-details", "enable-mfu-metrics", "enable-offline-docs",
    "enable-per-request-metrics", "enable-prompt-tokens-details", "enable-request-id-headers",
    "enable-server-load-tracking", "fail-on-environ-validation", "jit-monitor-mode", "jit-monitor-verbose",
    "kv-cache-metrics", "kv-cache-metrics-sample", "max-log-len", "show-hidden-metrics-for-version",
    "use-tqdm-on-load", "uvicorn-log-level",
}  # fmt: skip
"""Logs, metrics and pages."""

_MAIN = {
    "allow-deprecated-quantization", "cpu-distributed-timeout-seconds", "distributed-timeout-seconds",
    "dp-supervisor-probe-failure-threshold", "dp-supervisor-probe-interval-s", "dp-supervisor-probe-timeout-s",
    "h11-max-header-count", "h11-max-incomplete-event-size", "long-prefill-token-threshold",
    "max-parallel-loading-workers", "mm-hasher-algorithm", "mm-processor-cache-gb", "mm-processor-cache-type",
    "mm-shm-cache-max-object-size-mb", "numa-bind", "numa-bind-cpus", "numa-bind-nodes", "prefill-schedule-interval",
    "prefix-caching-hash-algo", "renderer-num-workers", "safetensors-prefetch-block-size",
    "safetensors-prefetch-num-threads", "scheduling-policy", "seed",
}  # fmt: skip
"""Threads, time limits, main memory, and the order in which requests have their turn."""

KNOWN = COUNTED | _SPOKEN | _TOLD | _MAIN
"""Every flag whose memory is known."""


def uncounted_flags(kitchen: Kitchen) -> Iterator[str]:
    """Flags of a kitchen that may change what its server takes of a GPU beyond the sum, as they are written."""
    words = [
        flag_word(index, entry) for index, entry in enumerate(kitchen.runtime.further_args) if WORD.fullmatch(entry)
    ]
    for word in words:
        # The contrary of a closed flag is how every server runs.
        contrary = word.negated and "closed" in ENTRIES.get(word.name, {})
        if word.name not in KNOWN and not contrary:
            yield word.written
