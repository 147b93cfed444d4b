"""Paths and methods: what is on the list, in the one spelling that it has."""

from __future__ import annotations

import json

from tests.entry.rows.row import JSON, Row, no, ok

OPEN = [
    ok("completions", body=b'{"model": "helpdesk-faq", "prompt": "hello"}', path="/v1/completions",
       arrives="/v1/completions"),
    ok("responses", body=b'{"model": "helpdesk-faq", "input": "hello"}', path="/v1/responses",
       arrives="/v1/responses"),
    *(
        ok(f"pooling {path}", "legal", body, path=path, arrives=path)
        for paths, body in (
            (("/v1/embeddings", "/pooling", "/classify"), b'{"model": "embedder", "input": "hello"}'),
            (("/score", "/v1/score"), b'{"model": "embedder", "text_1": "a", "text_2": "b"}'),
            (("/rerank", "/v1/rerank", "/v2/rerank"), b'{"model": "embedder", "query": "a", "documents": ["b"]}'),
        )
        for path in paths
    ),
    no("a chat model is not for embeddings", 403, "model_not_found", path="/v1/embeddings",
       body=b'{"model": "helpdesk-faq", "input": "hello"}'),
    no("an embedder is not for chats", 403, "model_not_found", body=b'{"model": "embedder", "messages": [{"role": '
       b'"user", "content": "a"}]}'),
]  # fmt: skip

ADMINISTRATION = [
    no(f"{method} {path}", 404, "path_not_found", caller="eva", method=method, path=path,
       body=None if method == "GET" else json.dumps({"model": "helpdesk-faq", "lora_name": "x"}).encode())
    for method, paths in {
        "GET": (
            *("/", "/metrics", "/docs", "/redoc", "/openapi.json", "/version", "/health", "/load", "/ping"),
            *("/server_info", "/is_sleeping", "/is_paused", "/tokenizer_info", "/get_world_size", "/weight_info"),
            *("/v1/models/helpdesk-faq", "/v1/responses/resp_1", "/v1", "/stats", "/config_dump", "/clusters"),
            *("/v1/realtime", "/fault_tolerance/status", "/is_scaling_elastic_ep", "/stats/prometheus"),
        ),
        "POST": (
            *("/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/load_lora_adapter", "/tokenize", "/detokenize"),
            *("/invocations", "/sleep", "/wake_up", "/pause", "/resume", "/reset_prefix_cache", "/reset_mm_cache"),
            *("/collective_rpc", "/abort_requests", "/update_weights", "/init_weight_transfer_engine", "/ping"),
            *("/start_profile", "/stop_profile", "/scale_elastic_ep", "/inference/v1/generate", "/quitquitquit"),
            *("/v1/messages", "/v1/messages/count_tokens", "/v2/embed", "/v1/audio/transcriptions"),
            *("/v1/chat/completions/batch", "/v1/chat/completions/render", "/v1/chat/completions/derender"),
            *("/v1/completions/render", "/v1/responses/resp_1/cancel", "/generative_scoring", "/fault_tolerance/apply"),
            *("/v1/models", "/ready", "/cohere/v2/chat", "/finish_weight_update", "/reset_encoder_cache"),
        ),
    }.items()
    for path in paths
]  # fmt: skip

_REFUSED = {
    "trailing slash": "/v1/chat/completions/",
    "two trailing slashes": "/v1/chat/completions//",
    "upper case": "/V1/Chat/Completions",
    "last letter in upper case": "/v1/chat/completionS",
    "semicolon": "/v1/chat/completions;x=1",
    "semicolon within": "/v1/chat;x/completions",
    "encoded semicolon": "/v1/chat/completions%3bx",
    "encoded space": "/v1/chat/completions%20",
    "encoded question mark": "/v1/chat/completions%3fa",
    "encoded fragment": "/v1/chat/completions%23a",
    "encoded twice": "/v1/chat%252fcompletions",
    "dots to administration": "/v1/chat/completions/../../../metrics",
    "encoded dots to administration": "/v1/%2e%2e/metrics",
    "a path more": "/v1/chat/completions/x",
    "a path before": "/x/v1/chat/completions",
    "a point at the end": "/v1/chat/completions.",
    "json at the end": "/v1/chat/completions.json",
    "overlong encoding": "/v1/chat%c0%afcompletions",
    "wide letters": "/v1/chat/completion%ef%bd%93",
    "colon": "/v1/chat:completions",
    "percent alone": "/v1/chat/completions%",
}
SPELLINGS = [
    *(no(f"path: {name}", 404, "path_not_found", path=path) for name, path in _REFUSED.items()),
    *(
        no(f"path: {name}", 400, "bad_request", path=path)
        for name, path in {
            "encoded slash": "/v1%2fchat/completions",
            "encoded slash in upper case": "/v1%2Fchat/completions",
            "encoded backslash": "/v1%5cchat/completions",
            "query": "/v1/chat/completions?model=contracts",
            "empty query": "/v1/chat/completions?",
            "query with a path": "/v1/chat/completions?/metrics",
            "encoded NUL": "/v1/chat/completions%00",
            "star": "*",
        }.items()
    ),
    *(
        ok(f"path: {name}", path=path)
        for name, path in {
            "two slashes": "//v1//chat///completions",
            "dot": "/v1/./chat/completions",
            "two dots": "/v1/x/../chat/completions",
            "encoded dot": "/v1/%2e/chat/completions",
            "backslash": "/v1\\chat\\completions",
            "encoded letter": "/v1/chat/completion%73",
            "absolute form": "http://entry.kitchen.example/v1/chat/completions",
            "absolute form of another host": "http://evil.example/v1/chat/completions",
        }.items()
    ),
    no("path: fragment", 400, "bad_request", path="/v1/chat/completions#x"),
    no("path: absolute form of administration", 404, "path_not_found", path="http://entry/metrics"),
    no("path: none", 400, "", raw=b"POST HTTP/1.1\r\nhost: a\r\n\r\n"),
    no("path: very long", 431, "headers_too_large", path="/v1/chat/completions" + "a" * 40000),
    Row(name="models with a query", method="GET", path="/v1/models?x=1", receives=None),
]

METHODS = [
    *(
        no(f"method {method} of a chat", 404, "path_not_found", method=method)
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "PURGE")
    ),
    no("method GET of a chat", 404, "path_not_found", method="GET", body=None),
    no("method GET with a body", 404, "path_not_found", method="GET"),
    no("method HEAD of a chat", 404, "", method="HEAD", body=None),
    no("method HEAD of the list of models", 404, "", method="HEAD", path="/v1/models", body=None),
    no("method that nobody knows", 400, "", method="COOK"),
    no("method in lower case", 400, "", method="post"),
    no("method CONNECT", 403, "not_allowed", method="CONNECT", path="entry.kitchen.example:443", body=None),
    no("method by a header", 404, "path_not_found", method="GET", body=None,
       headers=(*JSON, ("x-http-method-override", "POST"))),
    ok("method by a header is not heard", headers=(*JSON, ("x-http-method-override", "DELETE"))),
]  # fmt: skip

ROWS = [*OPEN, *ADMINISTRATION, *SPELLINGS, *METHODS]
