"""One forge over HTTP: the token in a header and nowhere else, lists to their end, and patience that has one."""

from __future__ import annotations

import datetime
import email.utils
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from infra.faults import printable
from infra.strict_json import JsonError, parse
from ops.forge.errors import BusyError, ForgeError
from ops.token.asking import Asker, Raw
from ops.token.errors import AwayError, IssuerError

PAGE = 20
"""Entries of a page: twenty comments of the greatest length are below `_MOST` bytes."""

_MOST = 32 * 1024 * 1024
_MOST_PAGES = 500
_ATTEMPTS = 4
_PATIENCE = 60.0
"""Seconds of waiting in all, for one question."""
_SHOWN = 200
_NEXT = re.compile(r'<[^<>]*>\s*;[^,]*\brel="?next"?')

_MEANS = {
    400: "it does not understand the question",
    401: "it does not know the token: KITCHEN_FORGE_TOKEN has ended, or is one of another forge",
    403: "the token may not do that: give its account the right to comment, to set statuses and to write issues",
    404: "it is not there, or the token may not see it: check KITCHEN_FORGE_REPOSITORY, KITCHEN_FORGE_PULL and the "
    "token's scopes",
    405: "KITCHEN_FORGE_URL is not the address of its REST interface",
    409: "somebody else has changed it at the same moment: run the command again",
    410: "it is switched off in this repository",
    422: "it does not take that",
}
"""What a status means for whoever runs the command."""


def quoted(word: object) -> str:
    """A word as one part of a path."""
    return quote(str(word), safe="")


@dataclass(kw_only=True)
class Door:
    """The way to a forge. `base` is the address of its interface, `secret` the headers that hold the token.

    No redirect is followed, so that the token goes to this address alone. A question is asked again, for at most a
    minute in all, where the forge is busy (429, or 5xx where asking twice does no harm) or does not answer.
    """

    forge: str
    base: str
    token: str = field(repr=False)
    secret: Mapping[str, str] = field(repr=False)
    plain: Mapping[str, str] = field(default_factory=dict)
    ca: Path | None = None
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        """Read the authorities in `ca`; raise FaultsError for one that is none."""
        self._asker = Asker(self.ca, most=_MOST, command="forge", named="KITCHEN_FORGE_CA")

    def get(self, path: str, **query: object) -> Any:
        """One document."""
        return self._value(path, self._asked("GET", self._url(path, query), None, again=True))

    def found(self, path: str) -> Any:
        """One document; None where there is none of that name."""
        answer = self._asked("GET", self._url(path, {}), None, again=True, allowed=(404,))
        return None if answer.status == 404 else self._value(path, answer)

    def send(self, method: str, path: str, content: Mapping[str, object] | None = None, *, again: bool) -> Any:
        """Change something; `again` says that doing it twice is as doing it once. Raise ForgeError."""
        body = None if content is None else json.dumps(content).encode()
        answer = self._asked(method, self._url(path, {}), body, again=again)
        return self._value(path, answer) if answer.content else None

    def pages(self, path: str, **query: object) -> Iterator[Mapping[str, Any]]:
        """Every entry of a list, each once, to its end; pages are asked for by number, never by an address told."""
        seen: set[object] = set()
        for page in range(1, _MOST_PAGES + 1):
            size = {"per_page": PAGE, "limit": PAGE, "page": page}
            answer = self._asked("GET", self._url(path, {**query, **size}), None, again=True)
            entries = self._value(path, answer)
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise self.odd(path)
            if not all(isinstance(entry.get("id"), (int, str)) for entry in entries):
                raise self.odd(path)
            fresh = [entry for entry in entries if entry["id"] not in seen]
            seen.update(entry["id"] for entry in entries)
            yield from fresh
            if not _goes_on(answer.headers, len(seen), len(entries)):
                return
            if not fresh:
                raise ForgeError(f"{self.forge}: {self._url(path, {})}: its pages repeat themselves; nothing was told")
        raise ForgeError(f"{self.forge}: {self._url(path, {})}: more than {_MOST_PAGES} pages; nothing was told")

    def odd(self, path: str) -> ForgeError:
        """An answer of another form than this forge's; what it says is not repeated."""
        return ForgeError(
            f"{self.forge}: {self._url(path, {})}: the answer is none of {self.forge}; KITCHEN_FORGE_URL must be the "
            "address of its REST interface"
        )

    def _url(self, path: str, query: Mapping[str, object]) -> str:
        return f"{self.base}{path}{'?' + urlencode(query) if query else ''}"

    def _asked(self, method: str, url: str, body: bytes | None, *, again: bool, allowed: tuple[int, ...] = ()) -> Raw:
        left = _PATIENCE
        for attempt in range(1, _ATTEMPTS + 1):
            answer, wait = self._once(method, url, body), 2.0**attempt
            if isinstance(answer, Raw):
                if 200 <= answer.status < 300 or answer.status in allowed:
                    return answer
                limited = _is_limit(answer)
                if not limited and not (answer.status >= 500 and again):
                    raise self._refused(url, answer)
                wait = _asked_to_wait(answer.headers, wait)
            elif not again:
                raise answer
            if wait > left or attempt == _ATTEMPTS:
                why = answer if isinstance(answer, BusyError) else self._refused(url, answer)
                told = f"{why}; asked {attempt} time{'s' if attempt > 1 else ''}: run the command again later"
                raise BusyError(told)
            left -= wait
            self.sleep(wait)
        raise AssertionError

    def _once(self, method: str, url: str, body: bytes | None) -> Raw | BusyError:
        kind = {} if body is None else {"Content-Type": "application/json"}
        try:
            answer = self._asker.exchange(method, url, body, {**self.plain, **kind, **self.secret})
        except AwayError as error:
            return BusyError(self._clean(f"{self.forge}: {error}"))
        except IssuerError as error:
            raise ForgeError(self._clean(f"{self.forge}: {error}")) from None
        is_cut = len(answer.content) < _number(answer.headers.get("content-length", ""))
        return BusyError(f"{self.forge}: {url}: the answer breaks off") if is_cut else answer

    def _refused(self, url: str, answer: Raw) -> ForgeError:
        if 300 <= answer.status < 400:
            why = "a redirect, which is not followed: has the repository moved, or does KITCHEN_FORGE_URL lack a part?"
        elif _is_limit(answer):
            why = "it is asked too often"
        else:
            why = _MEANS.get(answer.status, "it has a fault of its own" if answer.status >= 500 else "it refuses")
        said = _said(answer)
        kind = BusyError if answer.status >= 500 or _is_limit(answer) else ForgeError
        told = f"{self.forge}: {url}: status {answer.status}: {why}{said and f' ({said})'}"
        return kind(self._clean(told), answer.status)

    def _value(self, path: str, answer: Raw) -> Any:
        try:
            return parse(answer.content, most=_MOST)
        except JsonError:
            raise self.odd(path) from None

    def _clean(self, text: str) -> str:
        return printable(text.replace(self.token, "(token)"))


def _goes_on(headers: Mapping[str, str], seen: int, here: int) -> bool:
    """Whether a list has another page, as GitHub, GitLab and Gitea tell it.

    A full page of which nothing is told, as where a proxy lets no such header through, may have another one.
    """
    if not any(name in headers for name in ("link", "x-next-page", "x-total-count")):
        return here >= PAGE
    if _NEXT.search(headers.get("link", "")) or headers.get("x-next-page", "").strip():
        return True
    total = headers.get("x-total-count", "").strip()
    return not headers.get("link") and "x-next-page" not in headers and _number(total) > seen


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else 0


def _is_limit(answer: Raw) -> bool:
    """Too many questions: GitHub says so with 403 too."""
    if answer.status == 429:
        return True
    return answer.status == 403 and (
        "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"
    )


def _asked_to_wait(headers: Mapping[str, str], otherwise: float) -> float:
    """Seconds that the forge asks for, in one of its ways."""
    now = time.time()
    if (text := headers.get("retry-after", "").strip()) and not text.isdecimal():
        try:
            moment = email.utils.parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return otherwise
        return max(1.0, moment.replace(tzinfo=moment.tzinfo or datetime.UTC).timestamp() - now)
    if text:
        return max(1.0, float(_number(text) or 10**9))
    if headers.get("x-ratelimit-remaining") == "0" and (reset := _number(headers.get("x-ratelimit-reset", ""))):
        return max(1.0, reset - now)
    return otherwise


def _said(answer: Raw) -> str:
    """The forge's own words on a refusal, shortened; "" without any."""
    try:
        value = parse(answer.content, most=64 * 1024)
    except JsonError:
        return ""
    said = value.get("message") or value.get("error") if isinstance(value, dict) else None
    return printable(said if isinstance(said, str) else json.dumps(said))[:_SHOWN] if said else ""
