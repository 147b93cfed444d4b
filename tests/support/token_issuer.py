"""A small issuer on loopback with the answers of OpenID Connect Discovery, RFC 6749 and RFC 8628."""

from __future__ import annotations

import base64
import http.server
import json
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from tests.support.quiet_server import QuietServer
from tools.demo.tokens import LocalIssuer

SECRET = "canary-secret-5f1c /+"
DEVICE_CODE = "canary-device-code-77aa"
DISCOVERY = "/realms/kitchen/.well-known/openid-configuration"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question as it came."""

    path: str
    form: dict[str, str]
    authorization: str


@dataclass(kw_only=True)
class TokenIssuer:
    """Use it as a context manager. `polls` are the error codes of the next questions for a token: then it gives one.

    A number in `polls` is a status without an error, and `drop` breaks the connection off. `answers` are bytes by path
    that are sent in place of an answer; `changes` are changes of its description, None takes a key away.
    """

    pki: Path | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    polls: list[str | int] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    code_changes: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, bytes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    given: list[str] = field(default_factory=list)

    def __enter__(self) -> TokenIssuer:
        held = self

        class Handler(_Handler):
            issuer = held

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if self.pki is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.pki / "server.crt", self.pki / "server.key")
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if self.pki is None else "https"
        self.host = f"{scheme}://127.0.0.1:{self._server.server_port}"
        self.issuer = f"{self.host}/realms/kitchen"
        self.signer = LocalIssuer(self.issuer, "kitchen")
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def described(self) -> dict[str, Any]:
        said = {
            "issuer": self.issuer,
            "token_endpoint": f"{self.host}/token",
            "device_authorization_endpoint": f"{self.host}/device",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        return {key: value for key, value in {**said, **self.changes}.items() if value is not None}

    def device(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("client_id") != "kitchen-cli":
            return 401, {"error": "invalid_client", "error_description": f"unknown: {form}"}
        said = {
            "device_code": DEVICE_CODE,
            "user_code": "WDJB-MJHT",
            "verification_uri": f"{self.host}/activate",
            "expires_in": 300,
            "interval": 5,
        }
        return 200, {**said, **self.code_changes}

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        said = {"error_description": f"you sent {form} and {authorization}"}
        kind = form.get("grant_type")
        if kind == "client_credentials":
            if self._pair(form, authorization) != ("ticket-bot", SECRET):
                return 401, {"error": "invalid_client", **said}
        elif kind != "urn:ietf:params:oauth:grant-type:device_code":
            return 400, {"error": "unsupported_grant_type", **said}
        elif form.get("device_code") != DEVICE_CODE:
            return 400, {"error": "invalid_grant", **said}
        if self.polls:
            answer = self.polls.pop(0)
            return (answer, said) if isinstance(answer, int) else (400, {"error": answer, **said})
        self.given.append(
            self.signer.token(**{"sub": "ana", "groups": ["helpdesk-callers"], "seconds": 300, **self.claims})
        )
        return 200, {"access_token": self.given[-1], "token_type": "Bearer", "expires_in": 300}

    def _pair(self, form: dict[str, str], authorization: str) -> tuple[str, str]:
        if not authorization:
            return form.get("client_id", ""), form.get("client_secret", "")
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return unquote_plus(name), unquote_plus(secret)


class _Handler(http.server.BaseHTTPRequestHandler):
    issuer: TokenIssuer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(*((200, self.issuer.described()) if self.path == DISCOVERY else (404, {})))

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {key: values[0] for key, values in parse_qs(text, keep_blank_values=True).items()}
        authorization = self.headers.get("Authorization", "")
        self.issuer.asked.append(Asked(path=self.path, form=form, authorization=authorization))
        if self.path == "/device":
            self._answer(*self.issuer.device(form))
        elif self.path == "/token" and self.issuer.polls[:1] == ["drop"]:
            self.issuer.polls.pop(0)
            self.close_connection = True
        elif self.path == "/token":
            self._answer(*self.issuer.token(form, authorization))
        else:
            self._answer(404, {})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        if self.path in self.issuer.answers:
            self.wfile.write(self.issuer.answers[self.path])
            return
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
