"""Labels whose values are a closed list in the code that tells them: a matcher names one of them, or finds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from components.entry.envoy import numbers
from components.entry.envoy.numbers import OUTCOMES
from components.entry.envoy.replies import SHARE_EXCEEDED
from infra.payload.adapter_status import REASONS
from ops.audit.verdicts import Verdict
from ops.drift.commands import OPERATIONS, OTHER
from tests.monitoring.support.promql import NAME

_OF_VERDICTS = frozenset(verdict.value.replace(" ", "_") for verdict in Verdict)
_REFUSALS = frozenset(
    {
        *(numbers.BY_SERVER, numbers.OTHER, SHARE_EXCEEDED, "token", "token_expired", "issuer_unavailable", "http"),
        *(*numbers._WORDS, *numbers._ROUTES, *numbers._TOLD.values()),
    }
)
CLOSED: Mapping[tuple[str, str], frozenset[str]] = {
    ("envoy_kitchen_entry_calls_total", "outcome"): frozenset(OUTCOMES),
    ("kitchen:adapter_calls:rate5m", "outcome"): frozenset(OUTCOMES),
    ("kitchen:entry_calls:rate5m", "outcome"): frozenset(OUTCOMES),
    ("envoy_kitchen_entry_tokens_total", "kind"): frozenset({"prompt", "completion"}),
    ("envoy_kitchen_entry_refusals_total", "reason"): _REFUSALS,
    ("kitchen_adapter_refused", "reason"): frozenset(REASONS),
    ("kitchen_audit_lines", "verdict"): _OF_VERDICTS,
    ("kitchen_drift_changes", "operation"): frozenset({*OPERATIONS, OTHER}),
    ("kitchen_policy_violations", "level"): frozenset({"mandatory", "advisory"}),
    # k8s.io/kube-state-metrics/v2 v2.18.0, internal/store/utils.go
    ("kube_job_failed", "condition"): frozenset({"true", "false", "unknown"}),
    # vllm/v1/metrics/loggers.py and vllm/v1/engine/__init__.py
    ("vllm:num_requests_waiting_by_reason", "reason"): frozenset({"capacity", "deferred"}),
    ("vllm:request_success_total", "finished_reason"): frozenset({"stop", "length", "abort", "error", "repetition"}),
}
"""By metric, or record that keeps the label, and label."""


def unknown_values(tree: Any) -> list[str]:
    """What matchers of an expression ask for that the label never is; one line each."""
    return [
        f"{name}: {label} is never {value}"
        for name, label, values in _matchers(tree)
        for value in values
        if value not in CLOSED.get((name, label), {value})
    ]


def _matchers(tree: Any) -> Iterator[tuple[str, str, list[str]]]:
    if isinstance(tree, list):
        for entry in tree:
            yield from _matchers(entry)
    elif isinstance(tree, dict):
        names = [m["value"] for m in tree.get("matchers", ()) if m["name"] == NAME]
        for matcher in tree.get("matchers", ()):
            for name in names:
                yield name, matcher["name"], _values(matcher)
        for entry in tree.values():
            yield from _matchers(entry)


def _values(matcher: Mapping[str, str]) -> list[str]:
    """The words that a matcher names: an exact one, or those of a list. Other patterns name none; "" is no label."""
    words = matcher["value"].split("|") if "~" in matcher["type"] else [matcher["value"]]
    return [word for word in words if word and ("~" not in matcher["type"] or re.fullmatch(r"[\w-]+", word))]
