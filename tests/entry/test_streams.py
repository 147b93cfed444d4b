"""Streamed answers: not held back, ended with their caller, and their tokens in the record."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.entry.rows.row import JSON, chat
from tests.entry.support.callers import Connection, Connection2, request
from tests.entry.support.http2_caller import begin, killed
from tests.entry.support.plan import CHAT
from tests.entry.support.running import Entry
from tests.entry.support.upstream import Upstream, wait_for
from tests.support.waiting import until

RUNS = 200


def streamed(token: str, how: str, **more: Any) -> bytes:
    """A call whose answer is streamed; `how` is told to the server."""
    body = chat(stream=True, user=how, **more)
    return request("POST", CHAT, (("authorization", f"Bearer {token}"), *JSON), body)


def event(connection: Connection) -> str:
    """The next event of a stream; nothing at its end."""
    while line := connection.line():
        if line.startswith(b"data: "):
            return line[6:].strip().decode()
    return ""


def events(connection: Connection) -> list[str]:
    """Events of a stream to its end."""
    found = []
    while text := event(connection):
        found.append(text)
        if text == "[DONE]":
            break
    return found


def of(entry: Entry, request_id: str) -> dict[str, Any]:
    """The record's line of a call."""
    lines = until(lambda: [line for line in entry.records(0) if line["requestId"] == request_id])
    return lines[0]


def test_events_come_one_by_one(entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]) -> None:
    """The server sends none before the one before it is here: what is held back for the next never comes."""
    made = Connection(entry.port)
    made.send(streamed(tokens["ana"], "events=5,step"))
    head = made.head()
    assert head.status == 200
    for number in range(1, 6):
        servers["support"].step.release()
        assert json.loads(event(made))["usage"]["completion_tokens"] == number
    assert events(made) == ["[DONE]"]
    made.close()


def test_tokens_of_a_stream_are_those_of_its_last_event(
    entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]
) -> None:
    made = Connection(entry.port)
    made.send(streamed(tokens["ana"], "events=7"))
    head = made.head()
    events(made)
    made.close()
    line = of(entry, head.headers["x-request-id"])
    assert (line["promptTokens"], line["completionTokens"], line["totalTokens"]) == (3, 7, 10)
    assert (line["status"], line["grant"], line["caller"]) == (200, "support/helpdesk-faq/0", "ana")


def test_tokens_of_a_stream_that_the_server_cuts_count_as_far_as_told(
    entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]
) -> None:
    made = Connection(entry.port)
    made.send(streamed(tokens["ana"], "events=4,ms=20,cut"))
    head = made.head()
    came = events(made)
    made.close()
    assert "[DONE]" not in came
    line = of(entry, head.headers["x-request-id"])
    assert (line["promptTokens"], line["completionTokens"], line["totalTokens"]) == (3, 4, 7)


def test_a_caller_that_goes_away_ends_the_request(
    entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]
) -> None:
    made = Connection(entry.port)
    made.send(streamed(tokens["ana"], "events=2000,ms=20"))
    head = made.head()
    for _ in range(6):
        made.line()
    made.close()
    wait_for(servers["support"].ended, 1)
    assert servers["support"].ended == ["cut"]
    line = of(entry, head.headers["x-request-id"])
    assert "DC" in line["flags"]
    assert 1 <= line["completionTokens"] < 2000


def reset(port: int, token: str, body: bytes, read: int) -> str:
    """The stream is taken back, and its connection goes on."""
    made = Connection2(port)
    number, request_id = begin(made, CHAT, token, body, read)
    made.reset(number)
    begin(made, CHAT, token, chat(stream=True, user="events=3"), 4)
    made.close()
    return request_id


def closed(port: int, token: str, body: bytes, read: int) -> str:
    made = Connection2(port)
    _, request_id = begin(made, CHAT, token, body, read)
    made.close()
    return request_id


def dead(port: int, token: str, body: bytes, read: int) -> str:
    """The caller is a process, which is killed."""
    return killed(port, CHAT, token, body, read)


@pytest.mark.parametrize("goes", [reset, closed, dead])
@pytest.mark.parametrize("read", [0, 3])
def test_a_caller_over_http2_that_goes_away_ends_the_request(
    goes: Callable[[int, str, bytes, int], str],
    read: int,
    entry: Entry,
    servers: dict[str, Upstream],
    tokens: dict[str, str],
) -> None:
    """Also before the first event, while the prompt is worked on."""
    how = "events=2000,ms=20" if read else "events=2000,ms=20,step"
    request_id = goes(entry.port, tokens["ana"], chat(stream=True, user=how), read)
    line = of(entry, request_id)
    servers["support"].step.release(2000)
    wait_for(servers["support"].ended, 1 + (goes is reset))
    assert Counter(servers["support"].ended) == Counter({"cut": 1, "whole": int(goes is reset)})
    assert line["flags"] in ("DC", "DR")
    if read:
        assert read <= line["completionTokens"] < 2000
    else:
        assert line["completionTokens"] is None


@pytest.mark.parametrize(
    ("path", "body"), [(CHAT, chat()), ("/v1/responses", b'{"model": "helpdesk-faq", "input": "hello"}')]
)
def test_tokens_of_a_whole_answer(path: str, body: bytes, entry: Entry, tokens: dict[str, str]) -> None:
    made = Connection(entry.port)
    answer = made.say(request("POST", path, (("authorization", f"Bearer {tokens['ana']}"), *JSON), body))
    made.close()
    line = of(entry, answer.headers["x-request-id"])
    assert (line["promptTokens"], line["completionTokens"], line["totalTokens"]) == (3, 4, 7)


def test_tokens_of_a_streamed_response(entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]) -> None:
    """/v1/responses tells its usage inside of its last event, in words of its own."""
    made = Connection(entry.port)
    body = json.dumps({"model": "helpdesk-faq", "input": "hello", "stream": True}).encode()
    made.send(request("POST", "/v1/responses", (("authorization", f"Bearer {tokens['ana']}"), *JSON), body))
    head = made.head()
    events(made)
    made.close()
    line = of(entry, head.headers["x-request-id"])
    assert (line["promptTokens"], line["completionTokens"], line["totalTokens"]) == (3, 3, 6)


def test_no_word_of_a_prompt_or_an_answer_is_in_the_record(
    entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]
) -> None:
    secret = "canary-7261"
    for body in (
        chat(messages=[{"role": "user", "content": secret}]),
        chat(n=secret),
        b'{"model": "' + secret.encode(),
    ):
        made = Connection(entry.port)
        answer = made.say(request("POST", CHAT, (("authorization", f"Bearer {tokens['ana']}"), *JSON), body))
        made.close()
        assert secret not in json.dumps(of(entry, answer.headers["x-request-id"]))
    for log in ("envoy.log", "check.log"):
        assert secret not in (entry.folder / log).read_text()


@pytest.mark.parametrize("who", ["ana", "expired"])
def test_a_refusal_of_grpc_does_not_look_like_a_call(
    who: str, entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]
) -> None:
    headers = (("authorization", f"Bearer {tokens[who]}"), ("content-type", "application/grpc"))
    made = Connection(entry.port)
    answer = made.say(request("POST", CHAT, headers, chat()))
    made.close()
    assert answer.headers["grpc-status"] != "0"
    line = of(entry, answer.headers["x-request-id"])
    assert (line["server"], line["model"], line["decision"], line["totalTokens"]) == (None, None, "refused", None)
    assert line["reason"] != "via_upstream"


def test_first_byte_beside_a_direct_call(entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]) -> None:
    """Printed, and bounded only against nonsense: tens of milliseconds would be a wait for something."""
    ways = {"direct": servers["support"].port, "entry": entry.port}
    took: dict[str, list[float]] = {name: [] for name in ways}
    made = {name: Connection(port) for name, port in ways.items()}
    for _ in range(RUNS):
        for name, connection in made.items():
            began = time.perf_counter()
            connection.send(streamed(tokens["ana"], "events=1"))
            connection.head()
            while not connection.line().startswith(b"data: "):
                pass
            took[name].append((time.perf_counter() - began) * 1000)
            while connection.line() != b"0\r\n":
                pass
            connection.line()
    for connection in made.values():
        connection.close()
    told = {name: (statistics.median(each), sorted(each)[RUNS * 99 // 100]) for name, each in took.items()}
    for name, (median, slow) in told.items():
        print(f"\nfirst byte, {name}: median {median:.2f} ms, p99 {slow:.2f} ms")
    print(f"added: median {told['entry'][0] - told['direct'][0]:.2f} ms")
    assert min(took["entry"]) > min(took["direct"])
