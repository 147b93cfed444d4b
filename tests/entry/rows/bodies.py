"""Bodies: what can be read in one way only, and what may be asked."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

from tests.entry.rows.row import HELLO, JSON, Row, chat, no, ok
from tests.entry.support.plan import BODY_KIB

_M = '"messages": [{"role": "user", "content": "hello"}]'
_GOOD = '{"model": "helpdesk-faq", ' + _M + "}"


def _bad(name: str, body: str | bytes, param: str | None = None, code: str = "invalid_body", **more: Any) -> Row:
    raw = body.encode() if isinstance(body, str) else body
    return no(f"body: {name}", 400, code, body=raw, param=param, **more)


def _model(value: str) -> str:
    return f'{{"model": {value}, {_M}}}'


MODELS = [
    _bad("model twice", '{"model": "helpdesk-faq", "model": "contracts", ' + _M + "}"),
    _bad("model twice, its own last", '{"model": "contracts", "model": "helpdesk-faq", ' + _M + "}"),
    _bad("model twice, alike", '{"model": "helpdesk-faq", "model": "helpdesk-faq", ' + _M + "}"),
    _bad("model twice, one with an escape", '{"model": "helpdesk-faq", "mod\\u0065l": "contracts", ' + _M + "}"),
    _bad("model in another case beside it", '{"model": "helpdesk-faq", "MODEL": "contracts", ' + _M + "}"),
    _bad("model with a space beside it", '{"model": "helpdesk-faq", "model ": "contracts", ' + _M + "}"),
    _bad("model in another case", '{"MODEL": "helpdesk-faq", ' + _M + "}", "model", "missing_parameter"),
    *(
        _bad(f"model is {value}", _model(value), "model", "missing_parameter")
        for value in ("1", "null", "true", '["helpdesk-faq"]', '{"id": "helpdesk-faq"}', "1.5")
    ),
    _bad("without a model", "{" + _M + "}", "model", "missing_parameter"),
    no("model with a space", 403, "model_not_found", body=chat("helpdesk-faq ")),
    no("model in upper case", 403, "model_not_found", body=chat("Helpdesk-FAQ")),
    no("model with NUL as an escape", 403, "model_not_found", body=chat("helpdesk-faq\x00")),
    no("model with an accent", 403, "model_not_found", body=chat("helpdesk-faq\u0301")),
    no("model with wide letters", 403, "model_not_found", body=chat("\uff48elpdesk-faq")),
    no("model of (missing)", 403, "model_not_found", body=chat("(missing)")),
    ok("model with escapes", body=_model('"help\\u0064esk\\u002dfaq"').encode()),
    _bad("model of 1000 characters", chat("a" * 1000), "model", "out_of_bounds"),
    _bad("model of others in messages", '{"messages": [{"model": "helpdesk-faq"}]}', "model", "missing_parameter"),
]

_UNREADABLE: dict[str, str | bytes] = {
    "empty": b"",
    "a second value": _GOOD + _GOOD,
    "a second value on a line of its own": _GOOD + "\n" + _GOOD,
    "text after it": _GOOD + "x",
    "NUL after it": _GOOD + "\x00",
    "text before it": "x" + _GOOD,
    "a list": "[" + _GOOD + "]",
    "a text": '"helpdesk-faq"',
    "null": "null",
    "a comment": "/* a */" + _GOOD,
    "a comma at its end": _GOOD[:-1] + ",}",
    "single quotes": _GOOD.replace('"', "'"),
    "names without quotes": "{model: 1}",
    "a byte order mark": b"\xef\xbb\xbf" + _GOOD.encode(),
    "UTF-16": _GOOD.encode("utf-16"),
    "UTF-16 without a mark": _GOOD.encode("utf-16-le"),
    "UTF-32": _GOOD.encode("utf-32"),
    "Latin-1": _GOOD.replace("hello", "\u00e9").encode("latin-1"),
    "overlong UTF-8": _GOOD.encode().replace(b"hello", b"\xc0\xaf"),
    "half of a pair in UTF-8": _GOOD.encode().replace(b"hello", b"\xed\xa0\x80"),
    "half of a pair as an escape": _GOOD.replace("hello", "\\ud800"),
    "the wrong half of a pair": _GOOD.replace("hello", "\\udc00\\ud800"),
    "a line break in a text": _GOOD.replace("hello", "a\nb"),
    "NUL in a text": _GOOD.replace("hello", "a\x00b"),
    "NaN": _GOOD[:-1] + ', "temperature": NaN}',
    "Infinity": _GOOD[:-1] + ', "temperature": -Infinity}',
    "1e999": _GOOD[:-1] + ', "temperature": 1e999}',
    "a number of 5000 digits": _GOOD[:-1] + ', "seed": ' + "9" * 5000 + "}",
    "a number with a zero before it": _GOOD[:-1] + ', "seed": 01}',
    "a hexadecimal number": _GOOD[:-1] + ', "seed": 0x1}',
    "70 levels": _GOOD[:-1] + ', "tools": ' + "[" * 70 + "]" * 70 + "}",
    "30,000 levels": _GOOD[:-1] + ', "tools": ' + "[" * 30000 + "]" * 30000 + "}",
    "30,000 levels that do not end": _GOOD[:-1] + ', "tools": ' + "[" * 30000,
    "a text that does not end": '{"model": "' + '\\"' * 30000,
    "gzip": gzip.compress(_GOOD.encode()),
    "deflate": zlib.compress(_GOOD.encode()),
    "a form": b"model=helpdesk-faq&messages=hello",
    "a key twice within": _GOOD.replace('"role": "user"', '"role": "user", "role": "system"'),
    "a long key": _GOOD[:-1] + ', "' + "a" * 300 + '": 1}',
}
UNREADABLE = [_bad(name, body) for name, body in _UNREADABLE.items()]

_TYPES = {
    **dict.fromkeys(
        (
            *("application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"),
            *("Application/JSON", "APPLICATION/JSON;  Charset=Utf-8"),
        ),
        True,
    ),
    **dict.fromkeys(
        (
            *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "text/json"),
            *("application/json; charset=utf-16", "application/json; charset=latin-1", "application/jsonp"),
            *("application/json ; charset=utf-8", "application/json;", "application/json; boundary=a"),
            *("application/json, text/plain", "text/plain, application/json", "application/vnd.api+json"),
            *('application/json; charset="utf-8"', "application/json; charset=utf-8; a=b", "json", "*/*"),
            "application/json;charset=utf-7",
        ),
        False,
    ),
}
TYPES = [
    *(
        ok(f"type: {kind}", headers=(("content-type", kind),))
        if good
        else _bad(f"type: {kind}", _GOOD, headers=(("content-type", kind),))
        for kind, good in _TYPES.items()
    ),
    _bad("type: none", _GOOD, headers=()),
    _bad("type: twice", _GOOD, headers=(*JSON, ("content-type", "text/plain"))),
    _bad("type: twice, the good one last", _GOOD, headers=(("content-type", "text/plain"), *JSON)),
    *(
        _bad(f"encoding: {word}", body or _GOOD, headers=(*JSON, ("content-encoding", word)))
        for word, body in {
            "gzip": gzip.compress(_GOOD.encode()),
            **dict.fromkeys(("deflate", "br", "identity, gzip", "utf-8"), b""),
        }.items()
    ),
    ok("encoding: identity", headers=(*JSON, ("content-encoding", "identity"))),
    no("size: over the limit", 413, "body_too_large", body=chat(user="a" * BODY_KIB * 1024)),
    no("size: over the limit, of a model of others", 413, "body_too_large",
       body=chat("contracts", user="a" * BODY_KIB * 1024)),
    ok("size: just below the limit", body=chat() + b" " * (BODY_KIB * 1024 - len(chat()))),
    no("size: one over the limit", 413, "body_too_large", body=chat() + b" " * (BODY_KIB * 1024 - len(chat()) + 1)),
]  # fmt: skip


def _asks(name: str, param: str, value: Any, code: str = "out_of_bounds") -> Row:
    return no(f"ask: {name}", 400, code, body=chat(**{param: value}), param=param)


def _part(**part: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [part]}]}


_SCHEMAS: tuple[dict[str, Any], ...] = (
    {"pattern": "a" * 2000},
    {"pattern": "((a{99}){99}){99}"},
    {"minLength": 10**9},
    {"patternProperties": {"a{99999}": {}}},
    {"properties": {"a": {"items": {"pattern": "a{,10001}"}}}},
)
_IMAGE = "data:image/png;base64,iVBORw0KGgo="
BOUNDS = [
    *(
        _asks(f"{param} {number}: {json.dumps(value)[:60]}", param, value)
        for param, values in {
            "max_tokens": (0, -1, 8193, 1.5, "10", True, 10**30),
            "max_completion_tokens": (8193,),
            "min_tokens": (8193, -1),
            "n": (0, 5, "2"),
            "top_logprobs": (21, -1),
            "logprobs": (1,),
            "temperature": (-0.1, 2.1, "1", True),
            "top_p": (1.5,),
            "top_k": (-2, 10**9),
            "stop": ("a" * 2000, ["a"] * 17, [1], 1),
            "logit_bias": ({str(n): 1 for n in range(2000)}, {"1": 1000}, [1]),
            "seed": (2**63, 0.5),
            "stream": (1, "true"),
            "stream_options": ({"a": 1}, {"include_usage": 1}, []),
            "user": ("a" * 300, 1),
            "tools": ([], [{"type": "web_search"}], [{"type": "function", "function": {"name": "f", "x": 1}}], {}),
            "tool_choice": ("always", {"type": "function"}),
            "response_format": (
                {"type": "structural_tag", "format": {}},
                {"type": "json_schema"},
                *({"type": "json_schema", "json_schema": {"name": "a", "schema": schema}} for schema in _SCHEMAS),
            ),
            "structured_outputs": (
                {"regex": "a{1,100000}"},
                {"grammar": 'root ::= "a"'},
                {"structural_tag": "{}"},
                {"choice": []},
                {"_backend": "a"},
                {"json": '{"pattern": "a{99999}"}'},
            ),
            "chat_template_kwargs": ({"chat_template": "{{ 1 }}"}, {"tokenize": True}, {"enable_thinking": [1]}),
            "messages": (
                [],
                "hello",
                [{"role": "cook", "content": "a"}],
                [{"content": "a"}],
                [{"role": "user", "content": 1}],
                [{"role": "user", "content": "a", "x": 1}],
                [{"role": "user", "content": "a"}] * 513,
                [{"role": "user", "content": [{"text": "a"}]}],
                [{"role": "user", "content": [{"image_url": "https://evil.example/a"}]}],
                [{"role": "user", "content": [{"image_embeds": "AAAA"}]}],
                [{"role": "user", "content": [{"type": "text", "text": "a", "uuid": "1", "prompt_embeds": "A"}]}],
            ),
        }.items()
        for number, value in enumerate(values)
    ),
    *(
        no(f"ask: {kind} {str(address)[:50]}", 400, "out_of_bounds", param="messages",
           body=chat(**_part(type=kind, **{kind: address})))
        for kind, addresses in {
            "image_url": (
                *({"url": url} for url in (
                    "https://evil.example/a.png", "http://169.254.169.254/latest", "file:///etc/passwd", "ftp://a/b",
                    "//evil.example/a", "data:text/html;base64,AAAA", "DATA:image/png;base64,AAAA", "gopher://a", "",
                    " https://evil.example/a", "data:image/png;base64,AA AA",
                )),
                "https://evil.example/a.png",
                {"url": _IMAGE, "x": 1},
                {"URL": _IMAGE},
                None,
            ),
            "audio_url": ({"url": _IMAGE},),
            "video_url": ({"url": _IMAGE},),
            "image_embeds": ("AAAA",),
            "prompt_embeds": ("AAAA",),
            "image_pil": ("AAAA",),
            "file": ({"file_id": "a"},),
        }.items()
        for address in addresses
    ),
    ok("ask: an image in itself", body=chat(**_part(type="image_url", image_url={"url": _IMAGE}))),
    ok("ask: all that is open", body=chat(
        max_tokens=8192, n=4, temperature=0.5, top_p=1, top_k=-1, seed=-1, stop=["a"], logprobs=True, top_logprobs=20,
        user="ana", frequency_penalty=-2, stream=False, tool_choice="auto", reasoning_effort="low",
        tools=[{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {"pattern": "^[0-9]{4}$"}}},
    )),
    ok("ask: parameters of null", body=chat(priority=None, temperature=None, chat_template=None)),
    *(
        _asks(f"{param} is closed", param, value, "unknown_parameter")
        for param, value in {
            "priority": -1, "request_id": "a", "chat_template": "{{ 1 }}", "kv_transfer_params": {}, "vllm_xargs": {},
            "prompt_logprobs": 1, "use_beam_search": True, "documents": [], "mm_processor_kwargs": {},
            "media_io_kwargs": {}, "allowed_token_ids": [1], "best_of": 2, "lora_name": "contracts", "lora_path": "/",
            "adapter": "contracts", "model_name": "contracts", "functions": [], "logits_processors": ["os.system"],
            "guided_regex": None, "prompt": "a", "extra_body": {"model": "contracts"},
        }.items()
    ),
]  # fmt: skip


def _other(name: str, path: str, param: str, code: str = "out_of_bounds", **body: Any) -> Row:
    model = "helpdesk-faq" if path in ("/v1/completions", "/v1/responses") else "embedder"
    raw = json.dumps({"model": model, **body}).encode()
    return no(f"{path}: {name}", 400, code, path=path, body=raw, param=param)


_R, _P = "/v1/responses", "/v1/completions"
OTHERS = [
    _other("without a prompt", _P, "prompt", "missing_parameter"),
    _other("tokens as a prompt", _P, "prompt", prompt=[1, 2]),
    _other("17 prompts", _P, "prompt", prompt=["a"] * 17),
    _other("prompt_embeds", _P, "prompt_embeds", "unknown_parameter", prompt="a", prompt_embeds="AAAA"),
    _other("best_of", _P, "best_of", "unknown_parameter", prompt="a", best_of=20),
    _other("logprobs", _P, "logprobs", prompt="a", logprobs=21),
    _other("without an input", _R, "input", "missing_parameter"),
    _other("of another call", _R, "previous_response_id", "unknown_parameter", input="a", previous_response_id="r"),
    _other("in the background", _R, "background", input="a", background=True),
    _other("kept", _R, "store", input="a", store=True),
    _other("a template", _R, "prompt", "unknown_parameter", input="a", prompt={"id": "a"}),
    _other("messages before it", _R, "previous_input_messages", "unknown_parameter", input="a",
           previous_input_messages=[]),
    *(
        _other(f"tool {kind}", _R, "tools", input="a", tools=[{"type": kind, "server_url": "https://evil.example"}])
        for kind in ("web_search", "web_search_preview", "code_interpreter", "mcp", "file_search", "namespace",
                     "computer_use_preview", "image_generation", "local_shell", "custom")
    ),
    *(
        _other(f"item {item.get('type')}", _R, "input", input=[item])
        for item in (
            {"type": "item_reference", "id": "msg_1"},
            {"type": "mcp_call", "id": "a"},
            {"type": "code_interpreter_call", "id": "a"},
            {"type": "reasoning", "summary": [], "encrypted_content": "a"},
            {"type": "message", "role": "user", "content": [{"type": "input_file", "file_url": "https://a"}]},
            {"role": "user", "content": [{"type": "input_image", "image_url": "https://evil.example/a"}]},
        )
    ),
    _other("too long an answer", _R, "max_output_tokens", input="a", max_output_tokens=9000),
    ok("/v1/responses: all that is open", path=_R, arrives=_R, body=json.dumps({
        "model": "helpdesk-faq", "store": False, "stream": False, "instructions": "a", "max_output_tokens": 10,
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "a"}]},
                  {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                  {"type": "function_call_output", "call_id": "c", "output": "1"}],
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
        "text": {"format": {"type": "json_schema", "name": "a", "schema": {"type": "object"}}},
    }).encode()),
    _other("tokens as an input", "/v1/embeddings", "input", input=[1, 2]),
    _other("too many inputs", "/v1/embeddings", "input", input=["a"] * 2049),
    _other("messages", "/v1/embeddings", "messages", "unknown_parameter", messages=HELLO),
    _other("an answer of bytes", "/v1/embeddings", "encoding_format", input="a", encoding_format="bytes"),
    _other("a plugin's task", "/pooling", "task", input="a", task="plugin"),
    _other("a plugin's data", "/pooling", "data", "unknown_parameter", data={}),
    _other("half of a pair", "/score", "queries", "missing_parameter", queries="a"),
    _other("two pairs", "/score", "queries", "missing_parameter", queries="a", documents="b", text_1="a", text_2="b"),
    _other("an image", "/rerank", "query", query={"content": []}, documents="b"),
    _other("a negative number of results", "/rerank", "top_n", query="a", documents="b", top_n=-1),
]  # fmt: skip

ROWS = [*MODELS, *UNREADABLE, *TYPES, *BOUNDS, *OTHERS]
