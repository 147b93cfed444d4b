"""The store's key from the files of a mounted Secret: whole, of one Secret, and the one that lies there now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.payload import reconcile_adapters, store_key
from infra.payload.adapter_status import Status
from infra.payload.fetch_adapters import NEEDED
from infra.payload.receiving import BAD_INPUT, FetchError
from infra.payload.reconcile_adapters import Reconciler
from infra.payload.store_key import StoreKey
from infra.payload.update_api import Server
from tests.support.pod_package import mount_secret


def mount(folder: Path, number: int, *, end: str = "") -> dict[str, str]:
    """Mount a key; by boto3's names."""
    data = {"AWS_ACCESS_KEY_ID": f"reader-g{number}", "AWS_SECRET_ACCESS_KEY": f"password-{number}"}
    mount_secret({name: text + end for name, text in data.items()}, folder)
    return {name.lower(): text for name, text in data.items()}


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_key_that_lies_there_now_is_read(end: str, tmp_path: Path) -> None:
    first = mount(tmp_path, 1, end=end)
    key = StoreKey(tmp_path)
    assert key.read() == first
    assert not key.changed()
    second = mount(tmp_path, 2, end=end)
    assert key.read() == second
    assert key.changed()
    assert not key.changed(), "told once"


def test_the_halves_are_of_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kubelet turns the link after the first half was read."""
    mount(tmp_path, 1)
    second: dict[str, str] = {}
    read = store_key._text

    def turned(path: Path) -> str:
        text = read(path)
        if not second:
            second.update(mount(tmp_path, 2))
        return text

    monkeypatch.setattr(store_key, "_text", turned)
    assert StoreKey(tmp_path).read() == second


def test_a_key_that_never_rests_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(100))
    monkeypatch.setattr(store_key, "_text", lambda _: str(mount(tmp_path, next(numbers))))
    with pytest.raises(FetchError, match="changes all the time"):
        StoreKey(tmp_path).read()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "AWS_ACCESS_KEY_ID: cannot be read: No such file"),
        ({"AWS_ACCESS_KEY_ID": "reader"}, "AWS_SECRET_ACCESS_KEY: cannot be read: No such file"),
        ({"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": " \n"}, "AWS_SECRET_ACCESS_KEY: empty"),
    ],
)
def test_what_is_not_there_is_told_by_name(data: dict[str, str], told: str, tmp_path: Path) -> None:
    mount_secret(data, tmp_path)
    with pytest.raises(FetchError) as caught:
        StoreKey(tmp_path).read()
    assert told in str(caught.value)
    assert caught.value.code == BAD_INPUT


def test_another_key_ends_the_wait_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a store each attempt fails; how often it was tried is in the log."""
    monkeypatch.setattr(reconcile_adapters, "FIRST_RETRY", 1000.0)
    for name in NEEDED:
        monkeypatch.delenv(name, raising=False)
    mount(tmp_path / "key", 1)
    manifest = tmp_path / "manifest.json"
    file = {"path": "adapter_config.json", "sha256": "0" * 64, "sizeBytes": 1}
    adapter = {"name": "helpdesk-faq", "version": "v1", "files": [file]}
    manifest.write_text(json.dumps({"bucket": "lora", "adapters": [adapter]}))
    key, server = StoreKey(tmp_path / "key"), Server(1, "token")
    worker, status = Reconciler(manifest, tmp_path / "adapters", 1000, 300.0, server=server, key=key), Status()

    def attempts() -> int:
        worker.run_once(status)
        return capsys.readouterr().out.count('"state": "waiting"')

    assert [attempts(), attempts()] == [1, 0]
    mount(tmp_path / "key", 2)
    assert [attempts(), attempts()] == [1, 0]
