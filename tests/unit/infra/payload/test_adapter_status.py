"""What the sidecar tells Prometheus: bounded words, and no number that stays after its adapter."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from typing import Any

import pytest

from infra.payload.adapter_status import REASONS, Answers, Status, metrics, serve_answers
from infra.payload.receiving import MISSING, OTHER, SIGNATURE, SUM, VALUES
from tests.support.ports import free_ports

_SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? [0-9.e+]+')


def told(*adapters: dict[str, Any]) -> list[str]:
    """Samples of these adapters."""
    status = Status()
    status.set(adapters=list(adapters))
    lines = metrics(status.data()).splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert all(_SAMPLE.fullmatch(line) for line in samples)
    return [line for line in samples if line.startswith("kitchen_adapter_")]


def _adapter(state: str, why: str = "") -> dict[str, Any]:
    return {"name": "faq", "version": "v1", "state": state, "why": why}


def test_what_waits_is_declared_and_neither_loaded_nor_refused() -> None:
    labels = '{adapter="faq",version="v1"}'
    assert told(_adapter("waiting", OTHER)) == [
        f"kitchen_adapter_declared{labels} 1",
        f"kitchen_adapter_loaded{labels} 0",
    ]
    assert told() == []


@pytest.mark.parametrize("why", REASONS)
def test_a_refusal_has_its_reason(why: str) -> None:
    assert told(_adapter("refused", why))[2:] == [
        f'kitchen_adapter_refused{{adapter="faq",version="v1",reason="{why}"}} 1'
    ]


def test_a_reason_that_is_none_of_them_is_other() -> None:
    (line,) = told(_adapter("refused", 'x"} 7'))[2:]
    assert 'reason="other"' in line


def test_what_content_is_refused_for_is_a_reason() -> None:
    assert {SUM, SIGNATURE, VALUES, MISSING, OTHER} <= set(REASONS)


CANARY = "words of a caller"


def _asked(port: int, *, reads: bool) -> bytes:
    """What a scrape gets; one that does not read breaks its connection off at once."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        if reads:
            return b"".join(iter(lambda: connection.recv(65536), b""))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return b""


def _answered() -> None:
    """Wait until nothing is being answered."""
    for one in threading.enumerate():
        if "process_request_thread" in one.name:
            one.join(60)


def test_a_scrape_that_breaks_off_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    began, gone = threading.Event(), threading.Event()

    def answers() -> Answers:
        began.set()
        assert gone.wait(60)
        return {"/metrics": (200, "text/plain", "x" * 50_000_000)}

    (port,) = free_ports(1)
    serve_answers(answers, "127.0.0.1", port)
    _asked(port, reads=False)
    assert began.wait(60)
    gone.set()
    _answered()
    assert capfd.readouterr() == ("", "")


def test_a_fault_of_an_answer_is_one_line_of_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    def answers() -> Answers:
        raise KeyError(CANARY)

    (port,) = free_ports(1)
    serve_answers(answers, "127.0.0.1", port)
    assert _asked(port, reads=True) == b""
    _answered()
    out, err = capfd.readouterr()
    assert (json.loads(out)["event"], json.loads(out)["text"], err) == (
        "fault",
        f"an answer on port {port} failed: KeyError",
        "",
    )
