"""Which paths of a server an entry leads to."""

from __future__ import annotations

import re

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import JsonValue

ADMIN_PATHS = (
    *("/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/metrics", "/sleep", "/wake_up", "/collective_rpc"),
    *("/is_sleeping", "/reset_mm_cache", "/scale_elastic_ep", "/is_scaling_elastic_ep", "/pause", "/resume"),
    *("/reset_prefix_cache", "/server_info", "/start_profile", "/stop_profile", "/update_weights"),
)
"""vLLM's paths that change or show the server itself (vllm/entrypoints/openai/api_server.py)."""


def administration(case: Case, match: dict[str, JsonValue]) -> str | None:
    """The first path of the administration that a match (`exact`, `prefix` or `regex`) leads to, or None."""
    paths = [str(path) for path in entries(case.config.get("adminPaths"))] or list(ADMIN_PATHS)
    for kind, value in match.items():
        if not isinstance(value, str):
            return "paths that cannot be seen"
        for path in paths:
            if _leads(kind, value, path):
                return path
    return None


def _leads(kind: str, value: str, path: str) -> bool:
    if kind == "exact":
        return value.rstrip("/") == path
    if kind == "prefix":
        return path.startswith(value.rstrip("/")) or value.startswith(f"{path}/")
    try:
        return any(re.match(value, whole) for whole in (path, f"{path}/"))
    except re.error:
        return True
