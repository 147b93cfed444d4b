"""The shipper of the record as a program: its end, however early it is asked for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.payload import record_status, ship_calls
from infra.payload.store_key import FILES
from tests.support.ports import free_ports


@pytest.fixture
def unheard() -> Iterator[list[int]]:
    """Signals that came before the program listened to them; else they would end the tests."""
    found: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda number, _: found.append(number)) for number in numbers}
    yield found
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_sees_that_it_is_there_may_end_it(
    number: signal.Signals, unheard: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pod that ends as soon as its shipper answers ends in order too, with nothing left on its disk."""
    for name in FILES:
        (tmp_path / name).write_text("x")
    (admin,) = free_ports(1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(record_status, "serve", lambda *_: signal.raise_signal(number))
    words = [f"--folder={tmp_path}", f"--key={tmp_path}", "--bucket=b", "--source=entry-0", f"--admin-port={admin}"]
    heard: list[bool] = []
    monkeypatch.setattr(ship_calls, "run", lambda _shipper, _files, ending, _every: heard.append(ending.is_set()))
    assert ship_calls.main([*words, "--port=0"]) == 0
    assert (heard, unheard) == ([True], [])
