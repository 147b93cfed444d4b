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


_ODD = re.compile(r"%|//|/\.\.?(?:/|$)|[\\;?#]|[^!-~]")
"""Escapes, empty parts, parts of dots, marks that end a path, and what is no visible character of ASCII."""

_OTHER_DIALECT = re.compile(r"\[\[|\[:[a-z]+:\]|\(\?#|--|&&|~~")
"""What Python reads otherwise than the programs that route, or leaves out."""

_ENDLESS = re.compile(r"[+*}]\)+[+*{]|\|[^()]*\)+[+*{]")
"""What is repeated within what is repeated, or a choice that is: Python may take longer than anybody waits."""


def administration(case: Case, match: dict[str, JsonValue], *, any_case: bool = False) -> str | None:
    """The first path of the administration that a match (`exact`, `prefix` or `regex`) leads to, or None.

    `any_case` tells that the match takes small letters for great ones. A path with escapes, empty parts or parts of
    dots is read otherwise by every program: of it nobody can say where it leads.
    """
    paths = [str(path) for path in entries(case.config.get("adminPaths"))] or list(ADMIN_PATHS)
    for kind, value in match.items():
        if not isinstance(value, str):
            return "paths that cannot be seen"
        if kind != "regex" and _ODD.search(value):
            return "paths that cannot be seen, for it is no plain path"
        for path in paths:
            if _leads(kind, value, path, any_case=any_case):
                return path
    return None


def _leads(kind: str, value: str, path: str, *, any_case: bool) -> bool:
    if kind == "regex":
        return _matches(value, path, re.IGNORECASE if any_case else re.NOFLAG)
    if any_case:
        value, path = value.casefold(), path.casefold()
    if kind == "exact":
        return value.rstrip("/") == path
    return path.startswith(value.rstrip("/")) or value.startswith(f"{path}/")


def _matches(pattern: str, path: str, flags: re.RegexFlag) -> bool:
    if _OTHER_DIALECT.search(pattern) or _ENDLESS.search(pattern):
        return True
    try:
        return any(re.match(pattern, whole, flags) for whole in (path, f"{path}/"))
    except re.error:
        return True
