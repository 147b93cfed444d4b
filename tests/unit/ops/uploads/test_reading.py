"""The bytes of an object over lines that break, and what an audit makes of them."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError, FlexibleChecksumError, IncompleteReadError
from botocore.parsers import ResponseParserError

from infra.catalog import FileSum
from ops.audit.bucket import Bucket
from ops.audit.verdicts import Verdict
from ops.uploads.held import of_whole
from ops.uploads.reading import ATTEMPTS, CHUNK, AnswerError, chunks
from tests.support.cut_stream import CutStream

CONTENT = bytes(range(256)) * 12 * 1024
SIZE = len(CONTENT)


def broken() -> IncompleteReadError:
    return IncompleteReadError(actual_bytes=0, expected_bytes=1)


class Store:
    """One object; `cuts` are the bytes after which its answers break, `most` those of one range."""

    class meta:  # noqa: N801 - as boto3 names it
        endpoint_url = "https://store.example.com"

    def __init__(self, content: bytes, *cuts: int, ranges: bool = True, most: int | None = None) -> None:
        self.content, self.cuts, self.ranges, self.most = content, list(cuts), ranges, most
        self.asked: list[str] = []
        self.sums: dict[str, Any] = {}

    def get_object(self, **said: Any) -> dict[str, Any]:
        self.asked.append(said["Range"])
        start = int(said["Range"][6:-1])
        if start >= len(self.content):
            raise ClientError({"Error": {"Code": "InvalidRange"}}, "GetObject")
        cut = self.cuts.pop(0) if self.cuts else None
        if not self.ranges:
            return {"Body": CutStream(self.content, cut, broken)}
        piece = self.content[start : None if self.most is None else start + self.most]
        told = f"bytes {start}-{start + len(piece) - 1}/{len(self.content)}"
        return {"Body": CutStream(piece, cut, broken), "ContentRange": told}

    def head_object(self, **_said: Any) -> dict[str, Any]:
        return {"ContentLength": SIZE, **self.sums}

    def get_paginator(self, _name: str) -> Any:
        class Pages:
            def paginate(self, Prefix: str, **_: Any) -> Any:  # noqa: N803 - boto3's name
                return [{"Versions": [{"Key": Prefix}]}]

        return Pages()


def read(store: Store, size: int = SIZE) -> bytes:
    return b"".join(chunks(store, "bucket", "key", size))  # type: ignore[arg-type]  # a stand-in


@pytest.mark.parametrize("ranges", [True, False])
def test_what_breaks_off_goes_on(ranges: bool) -> None:
    store = Store(CONTENT, CHUNK + 5, 2 * CHUNK, ranges=ranges)
    assert read(store) == CONTENT
    assert store.asked[:2] == ["bytes=0-", f"bytes={CHUNK + 5}-"]


def test_ranges_that_are_shorter_than_asked_for_are_put_together() -> None:
    assert read(Store(CONTENT, most=CHUNK - 1)) == CONTENT


def test_a_line_that_brings_nothing_any_more_ends_it() -> None:
    store = Store(CONTENT, 3, *[0] * ATTEMPTS)
    with pytest.raises(AnswerError, match=rf"^bucket/key: broke off at byte 3 of {SIZE} \(IncompleteReadError\)$"):
        read(store)
    assert len(store.asked) == 1 + ATTEMPTS


@pytest.mark.parametrize("size", [SIZE - 1, SIZE + 1])
def test_an_object_of_another_size_is_other_bytes(size: int) -> None:
    assert read(Store(CONTENT), size) == CONTENT


def asked(store: Store, *, full: bool) -> Verdict:
    file = FileSum(path="model.safetensors", sha256=hashlib.sha256(CONTENT).hexdigest(), size_bytes=SIZE)
    return Bucket(store, "", full=full, progress=print).file("bucket", "key", file).verdict  # type: ignore[arg-type]


def test_an_audit_sees_other_bytes_under_a_right_sum_of_the_store() -> None:
    spoilt = Store(CONTENT[:-1] + b"x", CHUNK)
    spoilt.sums = {"ChecksumSHA256": base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()}
    assert asked(spoilt, full=False) is Verdict.PROVEN, "by the store's word"
    assert asked(spoilt, full=True) is Verdict.DIFFERS


def test_a_line_that_breaks_at_one_object_leaves_the_others_to_be_looked_at() -> None:
    file = FileSum(path="model.safetensors", sha256=hashlib.sha256(CONTENT).hexdigest(), size_bytes=SIZE)
    bucket = Bucket(Store(CONTENT, *[0] * ATTEMPTS), "", full=True, progress=print)  # type: ignore[arg-type]
    first, second = (bucket.file("bucket", key, file) for key in ("one", "two"))
    assert (first.verdict, second.verdict) == (Verdict.NOT_PROVEN, Verdict.PROVEN)
    assert "bucket/one: broke off at byte 0" in first.why


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (FlexibleChecksumError(error_msg="x"), Verdict.DIFFERS),
        (ResponseParserError("a page of a proxy"), Verdict.NOT_PROVEN),
        (AnswerError("broke off"), Verdict.NOT_PROVEN),
    ],
)
def test_a_small_file_that_the_store_gives_otherwise(
    monkeypatch: pytest.MonkeyPatch, error: Exception, verdict: Verdict
) -> None:
    def fails(**_said: Any) -> Any:
        raise error

    store = Store(CONTENT)
    monkeypatch.setattr(store, "get_object", fails)
    file = FileSum(path="model.sig", sha256="0" * 64, size_bytes=1)
    found = Bucket(store, "", full=False, progress=print).small("bucket", "key", file)  # type: ignore[arg-type]
    assert not isinstance(found, bytes)
    assert found.verdict is verdict


SUM = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"ChecksumSHA256": SUM}, "00" * 32),
        ({"ChecksumSHA256": SUM, "ChecksumType": "FULL_OBJECT"}, "00" * 32),
        ({"ChecksumSHA256": SUM, "ChecksumType": "COMPOSITE"}, None),
        ({"ChecksumSHA256": f"{SUM}-2"}, None),
        *(({"ChecksumSHA256": text}, None) for text in ("", "a", "!!!", "AAAA", "=", "é", SUM[:-4])),
        ({}, None),
    ],
)
def test_only_a_sum_of_the_whole_object_is_one(said: dict[str, str], found: str | None) -> None:
    assert of_whole(said) == found
