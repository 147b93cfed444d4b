"""Which paths of a server an entry leads to: those that are open to callers, those of its administration, or others."""

from __future__ import annotations

import re
from functools import cache

from policies.judging.rule import Case
from policies.judging.subject import entries
from policies.judging.values import JsonValue
from policies.manifests.path_patterns import beginnings

ADMIN_PATHS = (
    *("/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/metrics", "/sleep", "/wake_up", "/collective_rpc"),
    *("/is_sleeping", "/reset_mm_cache", "/scale_elastic_ep", "/is_scaling_elastic_ep", "/pause", "/resume"),
    *("/reset_prefix_cache", "/server_info", "/start_profile", "/stop_profile", "/update_weights"),
)
"""vLLM's paths that change or show the server itself (vllm/entrypoints/openai/api_server.py)."""

OPEN_PATHS = (
    *("/v1/chat", "/v1/completions", "/v1/embeddings", "/v1/models", "/v1/responses", "/v1/messages", "/v1/classify"),
    *(
        "/v1/rerank",
        "/v2/rerank",
        "/rerank",
        "/v1/score",
        "/score",
        "/classify",
        "/pooling",
        "/tokenize",
        "/detokenize",
    ),
    *("/v1/audio/transcriptions", "/v1/audio/translations", "/health", "/healthz", "/livez", "/readyz", "/ping"),
    *("/version", "/openai/v1/chat", "/openai/v1/completions", "/openai/v1/embeddings", "/openai/v1/models"),
    *(
        "/openai/v1/responses",
        "/openai/v1/rerank",
        "/v2/health",
        "/v2/models/{name}/infer",
        "/v2/models/{name}/generate",
    ),
    *("/v2/models/{name}/ready", "/v2/models/{name}/versions/{version}/infer"),
    *("/v2/models/{name}/versions/{version}/generate", "/inference.GRPCInferenceService/ModelInfer"),
    *("/inference.GRPCInferenceService/ModelStreamInfer", "/inference.GRPCInferenceService/ModelReady"),
    *("/inference.GRPCInferenceService/ServerLive", "/inference.GRPCInferenceService/ServerReady", "/oauth2"),
)
"""What model servers answer to callers (OpenAI's API as vLLM has it, KServe's, the open inference protocol), and a
proxy that signs callers in. What lies below one of them is open too."""

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


def is_open(case: Case, match: dict[str, JsonValue], *, any_case: bool = False) -> bool:
    """Whether a match (`exact`, `prefix` or `regex`) leads to nothing but paths that are open to callers."""
    said = tuple(str(path) for path in entries(case.config.get("openPaths"))) or OPEN_PATHS
    known = _open(said, any_case=any_case)
    for kind, value in match.items():
        if not isinstance(value, str):
            return False
        found = beginnings(value) if kind == "regex" else (value,)
        if not found or not all(known.fullmatch(path) and ".." not in path for path in found):
            return False
    return bool(match)


@cache
def _open(paths: tuple[str, ...], *, any_case: bool) -> re.Pattern[str]:
    """Paths of a list and all that lies below them; a name in braces is one part of a path."""
    forms = (re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path.rstrip("/"))) for path in paths if path.strip("/"))
    return re.compile(f"(?:{'|'.join(forms)})(?:/.*)?", re.IGNORECASE if any_case else re.NOFLAG)


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
