"""Keys by address: what callers get while an issuer is away, slow or broken, and when its keys change.

Whatever the issuer answers, no call goes through that its last good keys do not allow.
"""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.entry.rows.judge import holds
from tests.entry.rows.row import Row, no, ok
from tests.entry.support.keys_server import KeysServer
from tests.entry.support.plan import issuers_of
from tests.entry.support.running import Entry
from tests.entry.support.tokens import IDP, Key, Providers, claims
from tests.entry.support.upstream import Upstream

KEYS_SECONDS = 6
"""Envoy asks again 5 seconds before the end: here each second."""

_PATIENCE = 60
_STRANGE = json.dumps({"keys": [{"kty": "RSA", "kid": "idp-1", "n": "!", "e": "!"}]}).encode()
BAD: dict[str, dict[str, Any]] = {
    "500": {"body": b"", "status": 500},
    "404": {"body": b"{}", "status": 404},
    "503 with keys": {"body": None, "status": 503},
    "a page": {"body": b"<html>sign in</html>"},
    "nothing": {"body": b""},
    "no content": {"body": b"", "status": 204},
    "an object without keys": {"body": b"{}"},
    "no key": {"body": b'{"keys": []}'},
    "a key that is none": {"body": _STRANGE},
    "half of it": {"body": None, "cut": True},
    "a redirect": {"body": b"", "status": 302, "headers": {"location": "http://127.0.0.1:1/"}},
    "too late": {"body": None, "seconds": 7.0},
}
"""Answers that are none; a body of None is that of the good keys."""


class Watched:
    """An entry that fetches the keys of one of its issuers, and has those of the others in its settings."""

    def __init__(self, folder: Path, servers: dict[str, Upstream]) -> None:
        self.of, self.servers = Providers(), servers
        self.keys = KeysServer(self.of.idp)
        issuers = [
            replace(one, jwks=None, jwks_url=self.keys.url, keys_seconds=KEYS_SECONDS) if one.name == "idp" else one
            for one in issuers_of(self.of)
        ]
        self.entry = Entry(folder, self.of, servers, issuers=issuers)

    def bad(self, how: str) -> None:
        """Answer badly from now on."""
        said = dict(BAD[how])
        body = said.pop("body")
        self.keys.answer(self._good() if body is None else body, **said)

    def _good(self) -> bytes:
        return json.dumps({"keys": [self.of.idp.public]}).encode()

    def holds(self, row: Row, token: str | None = None) -> None:
        for server in self.servers.values():
            server.clear()
        tokens = {"ana": token or self.of.of_idp(groups=["helpdesk"])}
        holds(row, self.entry.port, self.servers, {**tokens, "nested": self.of.of_realm(["helpdesk"], sub="nils")})

    def holds_in_the_end(self, row: Row, token: str | None = None) -> None:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                return self.holds(row, token)
            except AssertionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def failures(self) -> int:
        """Questions for keys that have failed, as Envoy counts them."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.entry.metrics}/stats/prometheus") as answer:
            found = re.findall(r"jwks_fetch_failed\S* (\d+)", answer.read().decode())
        return sum(map(int, found))

    def after(self, number: int, what: Callable[[], int]) -> None:
        """Wait until something was counted so many times more."""
        begin, end = what(), time.monotonic() + _PATIENCE
        while what() < begin + number:
            assert time.monotonic() < end
            time.sleep(0.05)


AWAY = no("its keys are not there", 503, "issuer_unavailable")
FORGED = no("not signed by it", 401, "invalid_token")


@contextmanager
def watched(folder: Path, servers: dict[str, Upstream]) -> Iterator[Watched]:
    made = Watched(folder, servers)
    try:
        yield made
    finally:
        made.entry.stop()
        made.keys.stop()


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory, session_servers: dict[str, Upstream]) -> Iterator[Watched]:
    """An entry that has had good keys once."""
    with watched(tmp_path_factory.mktemp("keys"), session_servers) as made:
        made.keys.start()
        made.entry.start()
        yield made


def test_an_issuer_that_is_away_at_the_start_keeps_its_own_callers_waiting_alone(
    tmp_path: Path, session_servers: dict[str, Upstream]
) -> None:
    with watched(tmp_path, session_servers) as it:
        it.entry.start()
        it.holds(AWAY)
        it.holds(no("no token", 401, "invalid_token", caller=None))
        it.holds(ok("of another issuer", caller="nested"))
        it.keys.start()
        it.holds_in_the_end(ok("it has come"))
        it.holds(FORGED, it.of.stranger.sign(claims(IDP, groups=["helpdesk"])))


@pytest.mark.parametrize("how", BAD)
def test_no_good_answer_at_the_start(how: str, tmp_path: Path, session_servers: dict[str, Upstream]) -> None:
    with watched(tmp_path, session_servers) as it:
        it.bad(how)
        it.keys.start()
        it.entry.start()
        for token in (it.of.of_idp(groups=["helpdesk"]), it.of.stranger.sign(claims(IDP, groups=["helpdesk"]))):
            it.holds(AWAY, token)
        it.keys.say(it.of.idp)
        it.holds_in_the_end(ok("a good one at last"))


@pytest.mark.parametrize("how", BAD)
def test_no_good_answer_any_more(how: str, at_work: Watched) -> None:
    """The last good keys go on, and no others."""
    at_work.keys.say(at_work.of.idp)
    at_work.holds_in_the_end(ok("good"))
    at_work.bad(how)
    at_work.after(1, at_work.failures)
    at_work.holds(ok("by the last good keys"))
    at_work.holds(FORGED, at_work.of.stranger.sign(claims(IDP, groups=["helpdesk"])))


def test_an_issuer_that_goes_away_for_longer_than_its_keys_are_taken_for_good(at_work: Watched) -> None:
    at_work.keys.say(at_work.of.idp)
    at_work.holds_in_the_end(ok("good"))
    at_work.keys.stop()
    at_work.after(KEYS_SECONDS + 3, at_work.failures)
    at_work.holds(ok("by the last good keys"))
    new = Key("idp-new")
    at_work.keys.say(new)
    at_work.keys.start()
    at_work.holds_in_the_end(ok("back, with another key"), new.sign(claims(IDP, groups=["helpdesk"])))
    at_work.holds(FORGED)


def test_a_slow_answer_is_waited_for(tmp_path: Path, session_servers: dict[str, Upstream]) -> None:
    with watched(tmp_path, session_servers) as it:
        it.keys.answer(it.keys.body, seconds=1.0)
        it.keys.start()
        it.entry.start()
        it.holds(ok("the first call waits"))


def test_a_rotated_key_is_known_after_the_next_question_and_the_old_one_until_it_is_taken_away(
    at_work: Watched,
) -> None:
    of, new = at_work.of, Key("idp-2")
    token = new.sign(claims(IDP, groups=["helpdesk"]))
    at_work.keys.say(of.idp)
    at_work.holds_in_the_end(ok("old"))
    at_work.holds(FORGED, token)
    at_work.keys.say(of.idp, new)
    at_work.holds_in_the_end(ok("new"), token)
    at_work.holds(ok("old, beside it"))
    at_work.keys.say(new)
    at_work.holds_in_the_end(FORGED)
    at_work.holds(ok("new alone"), token)
