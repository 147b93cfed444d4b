"""Clients of the store in the providers' process: one for a store and a key, however many calls come at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from components.object_store import store_client

_TOGETHER = 6


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The regions of the clients that were made."""
    regions: list[str] = []
    original = store_client._session().client

    def counting(service: str, **settings: object) -> object:
        regions.append(str(settings["region_name"]))
        return original(service, **settings)  # type: ignore[call-overload]

    monkeypatch.setattr(store_client._session(), "client", counting)
    monkeypatch.setenv(store_client.ACCESS_KEY, "access")
    monkeypatch.setenv(store_client.SECRET_KEY, "secret-key")
    for name in (store_client.CA_BUNDLE, "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    store_client._client.cache_clear()
    yield regions
    store_client._client.cache_clear()


def test_calls_that_come_together_share_one_client(made: list[str]) -> None:
    gate = Barrier(_TOGETHER)

    def ask(_: int) -> int:
        gate.wait()
        return id(store_client.s3_client("http://127.0.0.1:1", "us-east-1"))

    with ThreadPoolExecutor(_TOGETHER) as pool:
        clients = set(pool.map(ask, range(_TOGETHER)))
    assert len(clients) == 1
    assert made == ["us-east-1"]


def test_another_region_or_key_is_another_client(made: list[str]) -> None:
    store_client.s3_client("http://127.0.0.1:1", "us-east-1")
    store_client.s3_client("http://127.0.0.1:1", "eu-central-1")
    store_client.s3_client("http://127.0.0.1:1", "us-east-1", ("reader", "its-secret"))
    assert made == ["us-east-1", "eu-central-1", "us-east-1"]
