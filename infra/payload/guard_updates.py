"""Keep vLLM's adapter update API for the holder of the pod's token; every other request passes untouched.

Loaded by vLLM's `--middleware payload.guard_updates.UpdateGuard` in the server's own process, on Python 3.9+ and
nothing else. The token lies in the file that KITCHEN_UPDATE_TOKEN_FILE names, in memory that server and sidecar share.
It is read for each update: the sidecar may write another one at any time. Without a token nobody updates.

Pure ASGI: a response that is streamed stays streamed.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

TOKEN_FILE = "KITCHEN_UPDATE_TOKEN_FILE"  # noqa: S105 - a name
TOKEN_HEADER = b"x-kitchen-update-token"
MIN_TOKEN = 32

GUARDED = frozenset({"load_lora_adapter", "unload_lora_adapter", "adapters"})
"""Names that guard a path wherever they stand in it. `adapters` is the second door to the same handlers: vLLM registers
them with model-hosting-container-standards, which adds `POST /adapters` and `DELETE /adapters/<name>`."""

_REFUSAL = json.dumps(
    {
        "error": {
            "message": "the adapter update API is open to the pod's own sidecar alone",
            "type": "PermissionDeniedError",
            "param": None,
            "code": 403,
        }
    }
).encode()


class UpdateGuard:
    """ASGI middleware: 403 for every path of the update API unless the request carries the pod's token."""

    def __init__(self, app: App) -> None:
        """Wrap the application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and is_update(scope) and not carries_token(scope):
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_REFUSAL)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})
            return
        await self._app(scope, receive, send)


def is_update(scope: Scope) -> bool:
    """Whether any reading of the path leads to the update API: encoded, doubled, in capitals, below a root path."""
    raw = scope.get("raw_path") or b""
    paths = (str(scope.get("path", "")), raw.decode("latin-1"))
    return any(segment in GUARDED for path in paths for segment in _segments(path))


def carries_token(scope: Scope) -> bool:
    """Whether the request carries the pod's token, once; compared in constant time. False where there is no token."""
    given = [value for name, value in scope.get("headers", ()) if name.lower() == TOKEN_HEADER]
    expected = _token()
    if expected is None or len(given) != 1:
        return False
    return hmac.compare_digest(given[0], expected)


def _token() -> bytes | None:
    try:
        with open(os.environ[TOKEN_FILE], "rb") as file:  # noqa: PTH123 - a small module for the server's process
            token = file.read(4096).strip()
    except (KeyError, OSError):
        return None
    return token if len(token) >= MIN_TOKEN else None


def _segments(path: str) -> list[str]:
    """Segments of a path after every decoding that changes it, without parameters, spaces and letter case."""
    while (decoded := unquote(path)) != path:
        path = decoded
    parts = path.replace("\\", "/").split("/")
    return [part.partition(";")[0].partition("?")[0].strip().lower() for part in parts]
