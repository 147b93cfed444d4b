"""Generated calls: good ones, and ones that are bent in the ways in which two readers may differ."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.entry.support.plan import CHAT, GROUPS, PATHS, POOLING

MODELS = (*GROUPS, "nobody-s")
_WORDS = ("a", "hello", "\u55b6\u696d", "\U0001f370", "x" * 300, "", "</s>", "{{ 1 }}", '"', "\\", "\x7f", "\u2028")


def text(source: random.Random) -> str:
    """A text of some words."""
    return " ".join(source.choices(_WORDS, k=source.randint(0, 3)))


def _asked(source: random.Random, path: str) -> dict[str, Any]:
    """What the path needs, in one of its forms."""
    said = text(source)
    if path == CHAT:
        content = source.choice([said, [{"type": "text", "text": said}], [said]])
        return {"messages": [{"role": source.choice(["user", "system", "assistant"]), "content": content}]}
    if path == "/v1/completions":
        return {"prompt": source.choice([said, [said, "b"]])}
    if path == "/v1/responses":
        return {"input": source.choice([said, [{"role": "user", "content": [{"type": "input_text", "text": said}]}]])}
    if "score" in path:
        return source.choice([{"queries": said, "documents": ["a", "b"]}, {"text_1": said, "text_2": "b"}])
    return {"query": said, "documents": ["a"]} if "rerank" in path else {"input": source.choice([said, [said]])}


_PARAMETERS: dict[str, tuple[Any, ...]] = {
    "max_tokens": (1, 16, 8192, 8193, 0, "16", None, 1.0),
    "max_completion_tokens": (5, 9000),
    "max_output_tokens": (5, 9000),
    "temperature": (0, 0.7, 2, 2.5, "1", None, -0.0, 1e-400, 1e10),
    "top_p": (0.5, 1, 2),
    "n": (1, 4, 5, None, True),
    "stream": (True, False, None, 1, "true"),
    "stop": ("a", ["a", "b"], [], 1),
    "seed": (1, -(2**63), 2**63, 10**30),
    "user": ("ana", "", None, 1),
    "logprobs": (True, 5, 50),
    "top_logprobs": (5, 50),
    "store": (True, False),
    "background": (True, False),
    "priority": (-1, 0, None),
    "request_id": ("a", None),
    "echo": (True,),
    "dimensions": (16,),
    "encoding_format": ("float", "base64", "bytes"),
    "top_n": (1, -1),
    "tools": ([], [{"type": "function", "function": {"name": "f"}}], [{"type": "function", "name": "f"}]),
    "response_format": ({"type": "json_object"}, {"type": "text"}, {"type": "structural_tag", "format": {}}),
    "structured_outputs": ({"regex": "a+"}, {"grammar": "a"}, {"choice": ["a"]}),
    "chat_template_kwargs": ({"enable_thinking": False}, {"chat_template": "a"}),
    "metadata": ({"a": "b"}, {"a": 1}),
    "previous_response_id": ("resp_1", None),
    "kv_transfer_params": ({"do_remote_prefill": True},),
    "MODEL": ("contracts",),
    "Model": ("base",),
    "lora_name": ("contracts",),
    "unheard_of": (1,),
}


def _names(source: random.Random, path: str) -> Any:
    """A model that the path has, any other, or what is no name."""
    if source.random() < 0.6:
        return "embedder" if path in POOLING else source.choice(("helpdesk-faq", "contracts", "base"))
    odd = (None, 1, True, ["helpdesk-faq"], {"a": 1}, "", " base", "Base", "base\x00", "contracts\u200b", "ba\u0301se")
    return source.choice(odd) if source.random() < 0.3 else source.choice(MODELS)


_Bend = Callable[[random.Random, str], "str | bytes"]


def _twice(source: random.Random, written: str) -> str:
    """Another model in the same object, in one of several spellings, before or after its own."""
    key = source.choice(['"model"', '"mod\\u0065l"', '"MODEL"', '"model "', '"\\u006dodel"'])
    more = f"{key}: {json.dumps(source.choice(MODELS))}"
    return f"{{{more}, {written[1:]}" if source.random() < 0.5 else f"{written[:-1]}, {more}}}"


def _spaced(source: random.Random, written: str) -> str:
    space = source.choice(["", " ", "\n\t\r ", "\u00a0", "\x0b", "\ufeff", "/**/"])
    return space + written.replace(": ", f"{source.choice(['', ' ', chr(9)])}:{source.choice(['', ' '])}") + space


def _escaped(source: random.Random, written: str) -> str:
    """Some letters as escapes, in upper or lower case; the same to every reader."""

    def one(letter: str) -> str:
        if letter.isascii() and letter.isalpha() and source.random() < 0.1:
            number = f"{ord(letter):04x}"
            return "\\u" + (number.upper() if source.random() < 0.5 else number)
        return letter

    return "".join(map(one, written)) if "\\" not in written and "true" not in written else written


def _broken(source: random.Random, written: str) -> str:
    """A character less, more, or another."""
    at = source.randrange(len(written))
    other = source.choice(["", "x", '"', "}", "{", ",", "\\", "\x00", "\n", "\ud800", "0", ":"])
    return written[:at] + other + written[at + source.choice([0, 1]) :]


_NUMBERS = ("NaN", "1e999", "-0", "01", "1E2", "-Infinity", "1" * 5000, "18446744073709551616", "0.1e1")
_BENDS: dict[str, _Bend] = {
    "twice": _twice,
    "spaced": _spaced,
    "escaped": _escaped,
    "broken": _broken,
    "two values": lambda source, written: written + source.choice(["", "\n", " "]) + written,
    "UTF-16": lambda source, written: written.encode(source.choice(["utf-16", "utf-16-le", "utf-16-be"])),
    "UTF-32": lambda source, written: written.encode(source.choice(["utf-32", "utf-32-le"])),
    "mark": lambda _, written: b"\xef\xbb\xbf" + written.encode(errors="surrogatepass"),
    "Latin-1": lambda _, written: written.encode("latin-1", errors="replace"),
    "number": lambda source, written: f'{written[:-1]}, "seed": {source.choice(_NUMBERS)}}}',
    "list": lambda _, written: f"[{written}]",
    "deep": lambda source, written: written[:-1] + ', "tools": ' + "[" * (d := source.choice([3, 62, 65, 900, 5000]))
    + "]" * d + "}",
    "half": lambda _, written: written[:-1] + ', "user": "\\ud83c"}',
}  # fmt: skip

_TYPES = ("application/json; charset=utf-8", "Application/JSON", "text/plain", "application/json ; charset=utf-8", "")


@dataclass(frozen=True, kw_only=True)
class Call:
    """`bent` says in which way, "" for one that is as it should be."""

    path: str
    body: bytes
    bent: str
    headers: tuple[tuple[str, str], ...]
    written_path: str


def body(source: random.Random, path: str) -> tuple[str, bytes]:
    """How it is bent, and the body of one call."""
    names = source.sample(sorted(_PARAMETERS), source.choice([0, 0, 0, 1, 2]))
    more = {name: source.choice(_PARAMETERS[name]) if source.random() < 0.6 else _PARAMETERS[name][0] for name in names}
    items = list({"model": _names(source, path), **_asked(source, path), **more}.items())
    source.shuffle(items)
    written = json.dumps(dict(items), ensure_ascii=source.random() < 0.5)
    bent = source.choice(sorted(_BENDS)) if source.random() < 0.35 else ""
    raw = _BENDS[bent](source, written) if bent else written
    return bent, raw if isinstance(raw, bytes) else raw.encode(errors="surrogatepass")


def call(source: random.Random) -> Call:
    """One call."""
    path = source.choice((CHAT, CHAT, *PATHS, *POOLING))
    bent, raw = body(source, path)
    kind = source.choice(_TYPES) if source.random() < 0.1 else "application/json"
    forged = source.choice(["x-kitchen-groups", "x-model", "x-envoy-original-path", "x-request-id", "x-forwarded-user"])
    headers = ((("content-type", kind),) if kind else ()) + (((forged, "legal"),) if source.random() < 0.2 else ())
    spelled = path if source.random() < 0.9 else source.choice(_SPELLINGS)(path)
    return Call(path=path, body=raw, bent=bent, headers=headers, written_path=spelled)


_SPELLINGS: tuple[Callable[[str], str], ...] = (
    lambda path: "/" + path,
    lambda path: path + "/",
    lambda path: "/x/.." + path,
    lambda path: "/." + path,
    str.upper,
    lambda path: path + "?model=contracts",
    lambda path: path + ";a",
    lambda path: path.replace("/", "%2f"),
    lambda path: path[:-1] + f"%{ord(path[-1]):02x}",
    lambda path: "http://evil.example" + path,
    lambda path: path + "%20",
)
