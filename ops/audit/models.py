"""What a server itself says that it serves: `/v1/models` of vLLM."""

from __future__ import annotations

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra.faults import Fault, printable
from infra.strict_json import parse
from ops.audit.verdicts import NOT_ASKED, OUT_OF_REACH, Finding, Row, differs, not_proven, proven
from ops.models_options import TOKEN

if TYPE_CHECKING:  # the program that declares takes a second to import
    from infra.declared import DeclaredKitchen

SECONDS = 10.0
"""Longest time for one answer, from the connection to its last byte."""

_MAX_BYTES = 1024 * 1024
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PATH = "/v1/models"
_EXAMPLE = "support=http://support-predictor.helpdesk-prod.svc/v1"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token is for the address that was given, and for no other one."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: the answer then is an HTTPError."""


def addresses(options: Sequence[str], kitchens: Sequence[str]) -> tuple[dict[str, str], list[Fault]]:
    """The address of `/v1/models` by kitchen, out of `KITCHEN=URL`, and every fault of the options."""
    found: dict[str, str] = {}
    faults = []
    for option in options:
        name, _, address = option.partition("=")
        rule = ""
        if name not in kitchens:
            rule = f"must name a kitchen of the settings: {', '.join(kitchens)}"
        elif name in found:
            rule = "a kitchen is asked once"
        elif not _right(address):
            rule = "must be KITCHEN=URL with http(s)://host[:port], without a user, a query or a fragment"
        if rule:
            faults.append(Fault(path="--models", value=option.rsplit("@", 1)[-1], rule=rule, example=_EXAMPLE))
        else:
            found[name] = address.rstrip("/").removesuffix("/models").removesuffix("/v1") + _PATH
    return found, faults


def token(path: Path | None, environment: Mapping[str, str] = os.environ) -> tuple[str, list[Fault]]:
    """The bearer token out of a file, else out of the environment; empty where there is none."""
    text = environment.get(TOKEN, "")
    if path is not None:
        try:
            text = path.read_text().strip()
        except (OSError, UnicodeDecodeError):
            rule = "must be a readable file that holds the token"
            return "", [Fault(path="--models-token-file", value=str(path), rule=rule, example="/run/secrets/token")]
    if text and not (text.isascii() and text.isprintable() and " " not in text):
        rule = f"{TOKEN} or --models-token-file must hold one token of plain characters on one line"
        return "", [Fault(path="token", value="(not shown)", rule=rule, example="the token alone")]
    return text, []


def models_row(kitchen: DeclaredKitchen, address: str | None, bearer: str, seconds: float = SECONDS) -> Row:
    """The row of the names that a kitchen's server says that it serves."""
    return Row(
        kitchen=kitchen.name,
        what="served model names",
        where="server",
        declared=", ".join(kitchen.served),
        finding=_served(kitchen.served, address, bearer, seconds),
    )


def _served(models: Sequence[str], address: str | None, bearer: str, seconds: float) -> Finding:
    if address is None:
        return not_proven(NOT_ASKED, "--models")
    try:
        names = _names(_ask(address, bearer, seconds))
    except urllib.error.HTTPError as error:
        moved = ", a redirect, which is not followed" if error.code in range(300, 400) else ""
        return not_proven(OUT_OF_REACH, f"{address}: status {error.code}{moved}")
    except TimeoutError:
        return not_proven(OUT_OF_REACH, f"{address}: no whole answer in {seconds:g} s")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return not_proven(OUT_OF_REACH, printable(f"{address}: {getattr(error, 'reason', None) or error}"))
    missing = [name for name in models if name not in names]
    more = [name for name in names if name not in models]
    parts = [f"without {', '.join(missing)}"] * bool(missing) + [f"with {', '.join(more)}, not declared"] * bool(more)
    return differs(printable("; ".join(parts))) if parts else proven(", ".join(names))


def _ask(address: str, bearer: str, seconds: float) -> bytes:
    """The body of the answer; raise OSError (TimeoutError for a slow one), HTTPException or ValueError."""
    local = urlsplit(address).hostname in _LOOPBACK
    opener = urllib.request.build_opener(_NoRedirect, *([urllib.request.ProxyHandler({})] if local else []))
    request = urllib.request.Request(address)  # noqa: S310 - http and https alone, see `_right`
    if bearer:
        request.add_unredirected_header("Authorization", f"Bearer {bearer}")
    end = time.monotonic() + seconds
    body = b""
    with opener.open(request, timeout=seconds) as answer:
        while chunk := answer.read1(_MAX_BYTES):
            body += chunk
            if time.monotonic() > end:
                raise TimeoutError
            if len(body) > _MAX_BYTES:
                raise ValueError(f"more than {_MAX_BYTES} bytes")
    return body


def _names(body: bytes) -> list[str]:
    try:
        names = [entry["id"] for entry in parse(body)["data"]]
    except (ValueError, KeyError, TypeError):
        names = [None]
    if not all(isinstance(name, str) for name in names):
        raise ValueError("the answer is no list of models")
    return names


def _right(address: str) -> bool:
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError:
        return False
    plain = address.isascii() and address.isprintable() and " " not in address
    return (
        plain
        and url.scheme in ("http", "https")
        and bool(url.hostname)
        and port != 0
        and not ("@" in url.netloc or url.query or url.fragment)
    )
