"""Which paths of a server an entry leads to."""

from __future__ import annotations

import re

from policies.rule import Case
from policies.subject import entries
from policies.values import JsonValue

ADMIN_PATHS = (
    *("/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/metrics", "/sleep", "/wake_up", "/collective_rpc"),
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
        whole = value.rstrip("/")
        return path == whole or path.startswith((f"{whole}/", value)) or whole.startswith(f"{path}/")
    try:
        return re.fullmatch(value, path) is not None or re.match(value, path) is not None
    except re.error:
        return True
