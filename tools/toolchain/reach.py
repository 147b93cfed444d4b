"""Says within seconds which hosts do not answer, so that nobody waits for a network that is not there."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from ssl import SSLCertVerificationError

from tools.toolchain.files import RemoteFile

PATIENCE_SECONDS = 3.0
_BLOCKED = {401, 403, 407, 451}
"""What proxies and filters answer in a host's place. An official file needs no login."""


def request(url: str, wanted: str = "") -> urllib.request.Request:
    """Ask for a file, or for the bytes of it that are wanted, such as `100-`."""
    headers = {"User-Agent": "private-ai-kitchen-toolchain", "Accept-Encoding": "identity"}
    if wanted:
        headers["Range"] = f"bytes={wanted}"
    return urllib.request.Request(url, headers=headers)  # noqa: S310 (scheme checked when the file was read)


def opener() -> urllib.request.OpenerDirector:
    """Make an opener that follows HTTPS_PROXY, HTTP_PROXY and NO_PROXY as they are now."""
    return urllib.request.build_opener()


def reason_of(error: BaseException) -> str:
    """Put an error of the network into a few words."""
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, SSLCertVerificationError):
        return f"its certificate is not trusted here ({reason.verify_message})"
    return str(getattr(reason, "strerror", None) or reason) or type(reason).__name__


def silent(files: Iterable[RemoteFile], patience_seconds: float | None = None) -> dict[str, str]:
    """Return the hosts that do not answer, or that something on the way blocks, each with the reason.

    All hosts are asked at once, each for the first of its files, redirects included. An answer is an answer, whatever
    it says of the file.
    """
    patience = PATIENCE_SECONDS if patience_seconds is None else patience_seconds
    first: dict[str, RemoteFile] = {}
    for file in files:
        first.setdefault(file.host, file)
    answers: dict[str, str | None] = {}
    threads = [
        threading.Thread(target=_ask, args=(host, file.url, patience, answers), daemon=True)
        for host, file in first.items()
    ]
    limit = time.monotonic() + patience
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, limit - time.monotonic()))
    late = f"no answer within {patience:.0f} s"
    return {host: reason for host in first if (reason := answers.get(host, late)) is not None}


def _ask(host: str, url: str, patience_seconds: float, answers: dict[str, str | None]) -> None:
    try:
        with opener().open(request(url, "0-0"), timeout=patience_seconds):
            answers[host] = None
    except urllib.error.HTTPError as error:
        answers[host] = f"blocked on the way (HTTP {error.code} {error.reason})" if error.code in _BLOCKED else None
    except (OSError, http.client.HTTPException) as error:
        answers[host] = reason_of(error)
