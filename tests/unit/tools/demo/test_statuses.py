"""What docs/calling.md says of each status is what the real Envoy answers, with the configuration of the demo."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from components.entry.envoy import bootstrap
from components.entry.plan import Ports
from tests.support.ports import free_ports
from tools.demo import entry
from tools.demo.plan import AUDIENCE, CALLS_A_MINUTE, ISSUER, MINE, demo
from tools.demo.processes import Processes
from tools.demo.tokens import LocalIssuer
from tools.local.workspace import REPOSITORY

CHAT = "/v1/chat/completions"
Ask = Callable[..., int]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Calls the entry, behind which no server is; returns the status."""
    folder = tmp_path_factory.mktemp("entry")
    issuer = LocalIssuer(ISSUER, AUDIENCE)
    shown = demo(issuer)
    server, callers, admin, metrics, check = free_ports(5)
    ports = Ports(callers=callers, admin=admin, metrics=metrics, check=check)
    plan = replace(shown.entry_plan(ports, server, folder), tls_folder=None)

    def call(model: str = shown.open, *, path: str = CHAT, fill: int = 0, sub: str = "ana", **claims: object) -> int:
        token = issuer.token(**{"sub": sub, "groups": [MINE], **claims})
        said = {"model": model, "messages": [{"role": "user", "content": "Hello" + "x" * fill}]}
        body = json.dumps(said) if model else "no JSON"
        connection = http.client.HTTPConnection("127.0.0.1", callers, timeout=60)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if sub else {})
        try:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    with Processes(folder) as processes:
        entry.write(folder, bootstrap(plan), shown.table())
        entry.start(processes, plan, shown.settings, folder)
        yield call


def test_every_status_of_the_page_is_answered(ask: Ask) -> None:
    text = (REPOSITORY / "docs" / "calling.md").read_text()
    told = {int(status) for status in re.findall(r"^\| (\d{3}) \|", text, re.MULTILINE)}
    seen = {
        "no JSON": ask(""),
        "no token": ask(sub=""),
        "a token that has ended": ask(seconds=-3600),
        "no group": ask(groups=["visitors"]),
        "no such model": ask("no-such-model"),
        "another audience": ask(aud="another"),
        "no such path": ask(path="/metrics"),
        "too large": ask(fill=1_100_000),
        "no server": ask(),
        "too often": min(ask(sub="ben") for _ in range(2 * CALLS_A_MINUTE + 1)),  # others of them 503, as no server is
    }
    assert seen == {
        "no JSON": 400,
        "no token": 401,
        "a token that has ended": 401,
        "no group": 403,
        "no such model": 403,
        "another audience": 403,
        "no such path": 404,
        "too large": 413,
        "no server": 503,
        "too often": 429,
    }
    assert told == set(seen.values())
