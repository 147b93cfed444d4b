"""vLLM's API as the adapters' sidecar uses it: what is loaded, load, unload.

Runs in the sidecar on Python 3.9+ with nothing else.
"""

from __future__ import annotations

import http.client
import json
from pathlib import Path

HEADER = "x-kitchen-update-token"
LIST_SECONDS, UPDATE_SECONDS = 10, 180


class ServerError(Exception):
    """The server cannot be reached, or its answer is no answer."""


class Server:
    """vLLM's API on loopback; `token` opens the update API."""

    def __init__(self, port: int, token: str) -> None:
        """Remember where it is."""
        self._port, self._token = port, token

    def loaded(self) -> dict[str, str]:
        """Path by name of every adapter that the server has; raise ServerError."""
        code, body = self._call("GET", "/v1/models", None, LIST_SECONDS)
        try:
            cards = json.loads(body)["data"]
            found = {str(card["id"]): str(card.get("root")) for card in cards if card.get("parent")}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ServerError(f"GET /v1/models: {code}, no list of models") from None
        return found

    def load(self, name: str, path: Path) -> str | None:
        """Load; None, or what the server says against it."""
        return self._update("load", {"lora_name": name, "lora_path": str(path)})

    def unload(self, name: str) -> str | None:
        """Unload; None, or what the server says against it. One that is gone already is fine."""
        return self._update("unload", {"lora_name": name}, 404)

    def _update(self, what: str, body: dict[str, str], *fine: int) -> str | None:
        code, text = self._call("POST", f"/v1/{what}_lora_adapter", body, UPDATE_SECONDS)
        if code == 200 or code in fine:
            return None
        try:
            said = str(json.loads(text)["error"]["message"])
        except (ValueError, KeyError, TypeError):
            said = text[:200].decode(errors="replace")
        return f"the server refused to {what} it: {code}: {' '.join(said.split())[:300]}"

    def _call(self, method: str, path: str, body: dict[str, str] | None, seconds: float) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)
        headers = {"content-type": "application/json", HEADER: self._token} if body is not None else {}
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(4 * 1024 * 1024)
        except (OSError, http.client.HTTPException) as error:
            raise ServerError(f"{method} {path}: {type(error).__name__}") from None
        finally:
            connection.close()
