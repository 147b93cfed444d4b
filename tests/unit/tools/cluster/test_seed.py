"""The kept CRDs are a cache: a damaged file is as good as none, and nothing but CRDs is ever laid into etcd."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tools.cluster import seed

KEY = base64.b64encode(b"/registry/apiextensions.k8s.io/customresourcedefinitions/a.example.com").decode()
CRD = base64.b64encode(b'{"kind": "CustomResourceDefinition"}').decode()
SECRET = base64.b64encode(b"/registry/secrets/a/b").decode()
WHOLE = gzip.compress(json.dumps({KEY: CRD}).encode(), mtime=0)


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """What reaches etcd, with the seed file below a cache of the test's own."""
    sent: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(seed, "seed_file", lambda: tmp_path / "seed.json.gz")

    def post(port: int, method: str, body: dict[str, str]) -> dict[str, Any]:
        sent.append((method, body))
        return {"kvs": [{"key": KEY, "value": CRD}]}

    monkeypatch.setattr(seed, "_post", post)
    return sent


def test_a_whole_file_is_laid_into_etcd(put: list[tuple[str, dict[str, str]]], tmp_path: Path) -> None:
    (tmp_path / "seed.json.gz").write_bytes(WHOLE)
    assert seed.load(1)
    assert put == [("put", {"key": KEY, "value": CRD})]


def packed(value: object) -> bytes:
    return gzip.compress(json.dumps(value).encode(), mtime=0)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:20] + b"\xff\xff" + WHOLE[22:],
        *map(
            packed,
            ({}, [], None, 7, "abc", [KEY], {KEY: 1}, {KEY: "!"}, {KEY: KEY}, {"!": CRD}, {CRD: CRD}, {SECRET: CRD}),
        ),
        gzip.compress(b"[" * 100_000, mtime=0),
    ],
)
def test_a_damaged_file_is_as_good_as_none(
    content: bytes, put: list[tuple[str, dict[str, str]]], tmp_path: Path
) -> None:
    (tmp_path / "seed.json.gz").write_bytes(content)
    assert not seed.load(1)
    assert put == []
    seed.save(1)
    assert seed.load(1), "the next first start has written it anew"


def test_without_a_file_nothing_is_laid_into_etcd(put: list[tuple[str, dict[str, str]]]) -> None:
    assert not seed.load(1)
    assert put == []


def test_a_folder_in_its_place_is_no_obstacle(put: list[tuple[str, dict[str, str]]], tmp_path: Path) -> None:
    (tmp_path / "seed.json.gz").mkdir()
    assert not seed.load(1)
    seed.save(1)
    assert put == [("range", put[0][1])]
