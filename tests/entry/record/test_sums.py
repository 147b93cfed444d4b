"""The sums of `kitchen usage` are the server's own counters: whatever calls were refused, streamed, cut or left.

Calls go through the real Envoy; its record is shipped by the real shipper to a real MinIO, and read from there.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.entry.counter.callers import PATH, call
from tests.entry.counter.upstream import PROMPT_TOKENS
from tests.entry.record.running import Running, running
from tests.entry.record.shipping import Shipper
from tests.entry.record.store import AuditStore
from tests.entry.record.test_shipping import SEED, Capture, kitchen
from tests.entry.support.callers import Connection2
from tests.entry.support.http2_caller import begin, killed
from tests.entry.support.upstream import wait_for
from tests.support.minio_server import MinioServer
from tests.support.waiting import early_in

MODELS = ("free", "lawyers")
"""An adapter, and the base model itself; of two tenants."""

CALLS = 160
IN_FLIGHT, TOLD = 5, 4
"""Streams that go on while the sums are read, and tokens of each that were told by then."""

SECONDS = 120
DAY_S = 24 * 3600
Way = Callable[[Running, str, str, int], None]


def whole(entry: Running, token: str, model: str, tokens: int) -> None:
    assert call(entry.plan.ports.callers, token, model, tokens).status == 200


def stream(entry: Running, token: str, model: str, tokens: int) -> None:
    assert call(entry.plan.ports.callers, token, model, tokens, stream=True, user="ms=2").status == 200


def cut_by_the_server(entry: Running, token: str, model: str, tokens: int) -> None:
    with pytest.raises(http.client.HTTPException):
        call(entry.plan.ports.callers, token, model, tokens, stream=True, user="ms=2,cut")


def left_by_its_caller(entry: Running, token: str, model: str, tokens: int) -> None:
    """The caller goes when it has read all that the server has told so far."""
    connection = http.client.HTTPConnection("127.0.0.1", entry.plan.ports.callers, timeout=SECONDS)
    who = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    connection.request("POST", PATH, _body(model, tokens), who)
    answer = connection.getresponse()
    for _ in range(2 * tokens):
        answer.readline()
    answer.close()
    connection.close()


def reset_over_http2(entry: Running, token: str, model: str, tokens: int) -> None:
    """One stream is taken back, and the connection goes on."""
    made = Connection2(entry.plan.ports.callers)
    number, _ = begin(made, PATH, token, _body(model, tokens), tokens)
    made.reset(number)
    again, _ = begin(made, PATH, token, _body(model, tokens), tokens)
    made.reset(again)
    made.close()


def killed_over_http2(entry: Running, token: str, model: str, tokens: int) -> None:
    """The caller is a process, which is killed."""
    killed(entry.plan.ports.callers, PATH, token, _body(model, tokens), tokens)


def _body(model: str, tokens: int) -> bytes:
    said = {"model": model, "prompt": "x", "max_tokens": tokens, "stream": True, "user": "ms=1,hold"}
    return json.dumps(said).encode()


def refused(entry: Running, token: str, model: str, tokens: int) -> None:
    """Without a right, without a token, and beyond a bound."""
    port = entry.plan.ports.callers
    kinds = {
        403: lambda: call(port, token, f"no-{model}", tokens),
        401: lambda: call(port, "no.good.token", model, tokens),
        400: lambda: call(port, token, model, 99_999_999),
    }
    status, ask = list(kinds.items())[tokens % len(kinds)]
    assert ask().status == status


WAYS: dict[Way, int] = {
    whole: 6,
    stream: 4,
    cut_by_the_server: 3,
    left_by_its_caller: 3,
    reset_over_http2: 2,
    refused: 4,
    killed_over_http2: 1,
}
"""How often, as parts of all."""

LEAVING = (left_by_its_caller, reset_over_http2, killed_over_http2)


@pytest.fixture
def entry(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, shares=False) as made:
        yield made


def make_calls(entry: Running, token: str) -> Counter[str]:
    """Calls of all kinds beside each other, by a seed; returns how many of each."""
    chance = random.Random(SEED)  # noqa: S311 - a seed, no secret
    ways = chance.choices(list(WAYS), list(WAYS.values()), k=CALLS)
    with ThreadPoolExecutor(8) as pool:
        made = [pool.submit(way, entry, token, chance.choice(MODELS), chance.randrange(1, 30)) for way in ways]
        for one in made:
            one.result(SECONDS)
    found = Counter(way.__name__ for way in ways)
    found[reset_over_http2.__name__] *= 2
    return found


def usage(capsys: Capture, store: AuditStore, calls: int) -> dict[str, dict[str, int]]:
    """`kitchen usage` by model, when that many calls are in the bucket; refused ones have a row for themselves."""
    month = time.strftime("%Y-%m", time.gmtime())
    until = time.monotonic() + SECONDS
    while True:
        out, _ = kitchen(capsys, store, "usage", "--month", month, "--by", "model", "--json")
        said: dict[str, Any] = json.loads(out)
        if said["sum"]["calls"] >= calls or time.monotonic() > until:
            assert said["sum"]["calls"] == calls
            return {str(row["model"]): row for row in said["rows"]}
        time.sleep(0.3)


def told(rows: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """What was served, in the server's own words."""
    return {
        model: {
            "calls": row["calls"] - row["refused"],
            "prompt": row["prompt"],
            "completion": row["completion"],
        }
        for model, row in rows.items()
        if model in MODELS
    }


def test_sums_of_usage_are_the_servers_own_counters(
    tmp_path: Path, entry: Running, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    early_in(DAY_S, 300)
    token = entry.token()
    with MinioServer(tmp_path / "minio") as server, ThreadPoolExecutor(IN_FLIGHT) as pool:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        store = AuditStore(server, tmp_path)
        shipper = Shipper(entry.folder, store, entry.plan.ports.admin)
        shipper.start()
        try:
            made = make_calls(entry, token)
            calls, left = made.total(), sum(made[way.__name__] for way in LEAVING)
            wait_for(entry.upstream.ended, left)
            assert len(entry.upstream.ended) == left, "the server knows that nobody reads any more"
            before = {model: dict(count) for model, count in entry.upstream.counted.items()}
            assert told(usage(capsys, store, calls)) == before

            # Streams that go on are the difference, and no more than what they have told.
            how: dict[str, Any] = {"stream": True, "user": "hold"}
            port = entry.plan.ports.callers
            going = [pool.submit(call, port, token, MODELS[0], TOLD, **how) for _ in range(IN_FLIGHT)]
            goal = before[MODELS[0]]["completion"] + IN_FLIGHT * TOLD
            until = time.monotonic() + SECONDS
            while entry.upstream.counted[MODELS[0]]["completion"] < goal and time.monotonic() < until:
                time.sleep(0.02)
            rows = usage(capsys, store, calls)
            assert told(rows) == before
            in_flight = {"calls": IN_FLIGHT, "prompt": IN_FLIGHT * PROMPT_TOKENS, "completion": IN_FLIGHT * TOLD}
            assert entry.upstream.counted[MODELS[0]] - Counter(before[MODELS[0]]) == in_flight

            entry.upstream.let_go.set()
            assert [one.result(SECONDS).status for one in going] == [200] * IN_FLIGHT
            rows = usage(capsys, store, calls + IN_FLIGHT)
            entry.envoy.stop()
            assert shipper.end() == 0
        finally:
            entry.upstream.let_go.set()
            shipper.kill()
    assert told(rows) == {model: dict(count) for model, count in entry.upstream.counted.items()}
    assert sum(row["refused"] for row in rows.values()) == made["refused"]
    assert all(row["untold"] == 0 for row in rows.values())
    assert set(made) == {way.__name__ for way in WAYS}
    with capsys.disabled():
        sums = {model: row["prompt"] + row["completion"] for model, row in told(rows).items()}
        print(f"\n{dict(made)}: tokens told {sums}, as in the record")
