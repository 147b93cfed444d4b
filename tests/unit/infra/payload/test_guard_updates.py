"""The middleware that keeps the update API for the sidecar, called as an ASGI server calls it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from infra.payload import guard_updates
from infra.payload.guard_updates import TOKEN_FILE, UpdateGuard

TOKEN = "t" * 43


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "update-token"
    path.write_text(TOKEN)
    monkeypatch.setenv(TOKEN_FILE, str(path))
    return path


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers 200 in three pieces, or what a websocket says."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"a", b"b", b""):
            await send({"type": "http.response.body", "body": piece, "more_body": bool(piece)})
    else:
        await send({"type": f"{scope['type']}.said"})


def call(path: str, *headers: tuple[str, str], method: str = "POST", kind: str = "http", root: str = "") -> list[Any]:
    """What the guarded application sends, in order. The path is decoded once, as uvicorn does."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("the guard reads no body")

    raw = path.partition("?")[0]
    scope = {
        "type": kind,
        "method": method,
        "path": unquote(raw),
        "raw_path": raw.encode(),
        "root_path": root,
        "query_string": path.partition("?")[2].encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        "client": ("127.0.0.1", 40000),
    }
    loop = asyncio.new_event_loop()  # asyncio.run would leave the thread without one, which other tests need
    try:
        loop.run_until_complete(UpdateGuard(application)(scope, receive, send))
    finally:
        loop.close()
    return sent


def status(*arguments: Any, **options: Any) -> int:
    return int(call(*arguments, **options)[0]["status"])


VARIANTS = [
    "/v1/load_lora_adapter",
    "/v1/unload_lora_adapter",
    "/v1/load_lora_adapter/",
    "//v1//load_lora_adapter",
    "/v1/./load_lora_adapter",
    "/v1/x/../load_lora_adapter",
    "/v1/load%5Flora%5fadapter",
    "/v1/load%255Flora_adapter",
    "/v1/load%2525255Flora_adapter",
    "/v1%2Fload_lora_adapter",
    "/v1\\load_lora_adapter",
    "/V1/LOAD_LORA_ADAPTER",
    "/v1/load_lora_adapter;x=1",
    "/v1/load_lora_adapter?lora=1",
    "/v1/load_lora_adapter%3Fx",
    "/v1/load_lora_adapter%20",
    "/prefix/v1/load_lora_adapter",
    "/adapters",
    "/adapters/helpdesk-faq",
    "/%61dapters/helpdesk-faq",
]


@pytest.mark.parametrize("path", VARIANTS)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE", "OPTIONS"])
def test_every_reading_of_the_path_is_closed(path: str, method: str, token: Path) -> None:
    assert status(path, method=method) == 403
    assert status(path, ("x-kitchen-update-token", TOKEN), method=method) == 200


def test_below_a_root_path_it_is_closed_too(token: Path) -> None:
    assert status("/kitchen/v1/load_lora_adapter", root="/kitchen") == 403


@pytest.mark.parametrize(
    "headers",
    [
        [("x-kitchen-update-token", "")],
        [("x-kitchen-update-token", TOKEN[:-1])],
        [("x-kitchen-update-token", TOKEN + "t")],
        [("x-kitchen-update-token", "\u00e9" * 43)],
        [("x-kitchen-update-token", TOKEN), ("x-kitchen-update-token", TOKEN)],
        [("x-kitchen-update-token", "no"), ("x-kitchen-update-token", TOKEN)],
        [("authorization", f"Bearer {TOKEN}")],
    ],
)
def test_another_token_opens_nothing(headers: list[tuple[str, str]], token: Path) -> None:
    sent = call("/v1/load_lora_adapter", *headers)
    assert sent[0]["status"] == 403
    assert TOKEN.encode() not in sent[1]["body"]


@pytest.mark.parametrize("content", [None, "", "short", " \n"])
def test_without_a_token_nobody_updates(content: str | None, token: Path) -> None:
    token.unlink()
    if content is not None:
        token.write_text(content)
    for given in ("", "short", content or TOKEN):
        assert status("/v1/load_lora_adapter", ("x-kitchen-update-token", given.strip())) == 403


def test_without_the_variable_nobody_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_FILE, raising=False)
    assert status("/v1/load_lora_adapter", ("x-kitchen-update-token", TOKEN)) == 403


def test_a_new_token_replaces_the_old_one_at_once(token: Path) -> None:
    token.write_text("n" * 43)
    assert status("/v1/load_lora_adapter", ("x-kitchen-update-token", TOKEN)) == 403
    assert status("/v1/load_lora_adapter", ("x-kitchen-update-token", "n" * 43)) == 200


@pytest.mark.parametrize("path", ["/v1/completions", "/v1/models", "/health", "/metrics", "/", "/v1/models/adapter"])
def test_everything_else_passes_piece_by_piece(path: str, token: Path) -> None:
    assert [message.get("body") for message in call(path)] == [None, b"a", b"b", b""]


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_other_scopes_pass(kind: str, token: Path) -> None:
    assert call("/v1/load_lora_adapter", kind=kind) == [{"type": f"{kind}.said"}]


def test_the_comparison_takes_constant_time(token: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(guard_updates.hmac, "compare_digest", lambda a, b: compared.append((a, b)))
    assert status("/v1/load_lora_adapter", ("x-kitchen-update-token", "x")) == 403
    assert compared == [(b"x", TOKEN.encode())]
