"""Questions over HTTP to an issuer, Prometheus and forges: bounded in time and size, and no redirect is followed.

Plain HTTP goes to loopback alone.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from infra.faults import Fault, FaultsError, printable
from infra.strict_json import JsonError, parse
from ops.token.errors import AwayError, IssuerError

SECONDS = 20.0
"""Longest time for one answer, from the connection to its last byte."""

_GRACE = 1.0
_MAX_BYTES = 1024 * 1024
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A secret is for the address that the issuer has published, and for no other one."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: the answer then is an HTTPError."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer's status and the JSON object in it, which may hold a token: it is not for a message."""

    status: int
    data: Mapping[str, Any]

    def __repr__(self) -> str:
        """Return the status alone."""
        return f"Answer(status={self.status})"


@dataclass(frozen=True, kw_only=True)
class Raw:
    """An answer as it came: status, headers by their names in small letters, and bytes, which are not for a message."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def __repr__(self) -> str:
        """Return the status alone."""
        return f"Raw(status={self.status})"


class Asker:
    """Asks with the trust of this machine, or of the authorities in `ca`; raise FaultsError for a `ca` that is none."""

    def __init__(
        self, ca: Path | None = None, seconds: float = SECONDS, most: int = _MAX_BYTES, command: str = "token",
        named: str = "--ca",
    ) -> None:  # fmt: skip
        """Read the authorities; `most` are the bytes of an answer, and faults are told as those of `command`.

        `named` is the option or the variable that `ca` comes from.
        """
        self._seconds, self._most, self._named = seconds, most, named
        try:
            self._trust = ssl.create_default_context(cafile=None if ca is None else str(ca))
        except OSError:  # an SSLError is one too
            rule = "must be a readable PEM file with certificates of authorities"
            example = f"{named} ca.crt" if named.startswith("-") else f"{named}=/etc/ssl/company-ca.pem"
            raise FaultsError(command, [Fault(path=named, value=str(ca), rule=rule, example=example)]) from None

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a document; raise AwayError or IssuerError, as `post` does."""
        request = _request(url, None, {"Accept": "application/json"})
        for name, value in (headers or {}).items():
            request.add_unredirected_header(name, value)
        return self._asked(request)

    def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Send a form. Raise AwayError when no answer comes, or IssuerError for one that is no JSON object."""
        said = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        request = _request(url, urlencode(form).encode(), said)
        for name, value in headers.items():
            request.add_unredirected_header(name, value)
        return self._asked(request)

    def exchange(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Raw:
        """Ask with any method and take any answer, a redirect too; raise AwayError or IssuerError, as `post` does."""
        request = _request(url, body, {"Accept": "application/json"})
        request.method = method
        for name, value in headers.items():
            request.add_unredirected_header(name, value)
        return self._raw(request)

    def _asked(self, request: urllib.request.Request) -> Answer:
        answer = self._raw(request)
        return Answer(status=answer.status, data=_object(request.full_url, answer.status, answer.content))

    def _raw(self, request: urllib.request.Request) -> Raw:
        """The answer, in time: a server that sends its headers byte by byte is left to a thread that ends with it."""
        found: list[Raw | Exception] = []
        asking = threading.Thread(target=lambda: found.append(self._tried(request)), daemon=True)
        asking.start()
        asking.join(self._seconds + _GRACE)
        if not found:
            raise AwayError(f"{request.full_url}: no whole answer in {self._seconds:g} s")
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    def _tried(self, request: urllib.request.Request) -> Raw | Exception:
        try:
            return self._sent(request)
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
            return error

    def _sent(self, request: urllib.request.Request) -> Raw:
        url = request.full_url
        direct = [urllib.request.ProxyHandler({})] if urlsplit(url).hostname in _LOOPBACK else []
        opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=self._trust), *direct)
        try:
            with _opened(opener, request, self._seconds) as answer:
                told = {name.lower(): value for name, value in answer.headers.items()}
                return Raw(status=answer.status, headers=told, content=self._body(answer))
        except TimeoutError:
            raise AwayError(f"{url}: no whole answer in {self._seconds:g} s") from None
        except http.client.HTTPException:  # its text repeats what the other side wrote
            raise AwayError(f"{url}: the answer is no HTTP, or breaks off") from None
        except OSError as error:
            raise AwayError(f"{url}: {_why(error, self._named)}") from None
        except UnicodeError:  # a name that DNS cannot have
            raise IssuerError(f"{url}: names no host that can be") from None

    def _body(self, answer: http.client.HTTPResponse) -> bytes:
        end, body = time.monotonic() + self._seconds, b""
        while chunk := answer.read1(_MAX_BYTES):
            body += chunk
            if time.monotonic() > end:
                raise TimeoutError
            if len(body) > self._most:
                raise IssuerError(f"{answer.url}: an answer of more than {self._most} bytes")
        return body


def safe(url: str) -> bool:
    """Whether secrets may go to an address: https, or this machine itself."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    scheme = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    plain = url.isascii() and url.isprintable() and " " not in url
    return plain and scheme and bool(parts.hostname) and port != 0 and not ("@" in parts.netloc or parts.fragment)


def _request(url: str, data: bytes | None, headers: Mapping[str, str]) -> urllib.request.Request:
    if not safe(url):
        raise IssuerError(printable(f"{url}: must be an https address without a user"))
    return urllib.request.Request(url, data=data, headers=dict(headers))  # noqa: S310 - https, see safe


def _opened(opener: urllib.request.OpenerDirector, request: urllib.request.Request, seconds: float) -> Any:
    """The answer, whatever its status."""
    try:
        return opener.open(request, timeout=seconds)
    except urllib.error.HTTPError as error:
        return error


def _object(url: str, status: int, body: bytes) -> Mapping[str, Any]:
    if 300 <= status < 400:
        raise IssuerError(f"{url}: status {status}, a redirect, which is not followed")
    try:
        value = parse(body)
    except JsonError:
        value = None
    if not isinstance(value, dict):
        kind = AwayError if status >= 500 else IssuerError
        raise kind(f"{url}: status {status}, and no JSON object in it")
    return value


def _why(error: OSError, named: str) -> str:
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, ssl.SSLCertVerificationError):
        way = f"{named} FILE" if named.startswith("-") else named
        return printable(f"its certificate is not trusted ({reason.verify_message}); {way} names its authority")
    if isinstance(reason, ssl.SSLError):  # its text names a line of OpenSSL
        return "it does not speak TLS there, or none that this machine speaks: is the address right?"
    return printable(str(getattr(reason, "strerror", None) or reason))
