"""A file that comes in pieces: every cut, and what a source says of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from infra.payload.local_files import MIB, Sum
from infra.payload.receiving import ATTEMPTS, NO_STORE, FetchError, Opened, Source, received
from tests.support.cut_stream import CutStream

CONTENT = bytes(range(256)) * 16 * 1024
FILE = {"path": "a", "sizeBytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}


class CutError(Exception):
    """The connection ended."""


class AwayError(Exception):
    """Nobody answers."""


class Wire(Source):
    """Gives `content`; a stream breaks after so many bytes as the next of `cuts` says.

    `ranges` False: it knows no offsets. `most`: it gives no more bytes at a time. `size`: what it says of the whole.
    """

    where = "bucket/a"

    def __init__(
        self, content: bytes, cuts: list[int], *, ranges: bool = True, most: int | None = None, size: int | None = None
    ) -> None:
        self.content, self.cuts, self.asked = content, cuts, []
        self.ranges, self.most, self.size = ranges, most, size
        self.asked: list[int]

    def open(self, offset: int) -> Opened:
        self.asked.append(offset)
        if self.cuts and self.cuts[0] < 0:
            raise AwayError
        start = offset if self.ranges else 0
        end = None if self.most is None else start + self.most
        return Opened(
            CutStream(self.content[start:end], self.cuts.pop(0) if self.cuts else None, CutError), start, self.size
        )

    def broken(self, error: Exception) -> bool:
        return isinstance(error, CutError)

    def fault(self, error: Exception) -> FetchError:
        return FetchError(f"{self.where}: {type(error).__name__}", 3)


def bring(wire: Wire, part: Path) -> list[tuple[int, bool]]:
    told: list[tuple[int, bool]] = []
    received(wire, part, FILE, Sum(), lambda count, read: told.append((count, read)))
    assert part.read_bytes() == CONTENT
    return told


def test_a_stream_goes_on_where_it_broke(tmp_path: Path) -> None:
    wire = Wire(CONTENT, [MIB + 5, 7])
    told = bring(wire, tmp_path / "a.part")
    assert wire.asked == [0, MIB + 5, MIB + 12]
    assert sum(count for count, read in told if read) == len(CONTENT)


def test_what_lies_there_is_not_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT[: MIB + 1])
    wire = Wire(b"?" * (MIB + 1) + CONTENT[MIB + 1 :], [])
    assert bring(wire, tmp_path / "a.part")[0] == (MIB + 1, False)
    assert wire.asked == [MIB + 1]


def test_a_wrong_beginning_is_thrown_away_once(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"x")
    wire = Wire(CONTENT, [])
    bring(wire, tmp_path / "a.part")
    assert wire.asked == [1, 0]


def test_streams_that_bring_nothing_end_it(tmp_path: Path) -> None:
    wire = Wire(CONTENT, [3, *[0] * ATTEMPTS])
    with pytest.raises(FetchError, match="bucket/a: CutError") as caught:
        bring(wire, tmp_path / "a.part")
    assert (caught.value.code, wire.asked) == (3, [0, *[3] * ATTEMPTS])
    assert (tmp_path / "a.part").read_bytes() == CONTENT[:3]


def test_a_source_that_gives_less_than_it_was_asked_for_is_asked_again(tmp_path: Path) -> None:
    wire = Wire(CONTENT, [], most=MIB + 1)
    bring(wire, tmp_path / "a.part")
    assert wire.asked == [0, MIB + 1, 2 * (MIB + 1), 3 * (MIB + 1)]


@pytest.mark.parametrize("there", [0, MIB + 1])
def test_a_source_without_offsets_begins_anew(tmp_path: Path, there: int) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT[:there])
    wire = Wire(CONTENT, [] if there else [2 * MIB], ranges=False, size=len(CONTENT))
    told = bring(wire, tmp_path / "a.part")
    assert wire.asked == ([there] if there else [0, 2 * MIB])
    assert sum(count for count, _ in told) == len(CONTENT)


def test_a_source_without_offsets_that_is_always_cut_ends_it(tmp_path: Path) -> None:
    wire = Wire(CONTENT, [MIB] * 20, ranges=False, size=len(CONTENT))
    with pytest.raises(FetchError, match="bucket/a: CutError"):
        bring(wire, tmp_path / "a.part")
    assert len(wire.asked) == 1 + ATTEMPTS


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"size": 1800}, f"1800 bytes; expected {len(CONTENT)} bytes"),
        ({"size": len(CONTENT) + 1}, f"{len(CONTENT) + 1} bytes; expected {len(CONTENT)} bytes"),
        ({"ranges": False}, f"asked from byte {MIB} on, it gives bytes from 0 on"),
    ],
)
def test_an_answer_that_is_not_the_file_leaves_what_is_there(tmp_path: Path, answer: dict[str, Any], said: str) -> None:
    """As a page of a proxy: forty gigabytes must not end in it, nor make place for it."""
    (tmp_path / "a.part").write_bytes(CONTENT[:MIB])
    with pytest.raises(FetchError) as caught:
        bring(Wire(b"<html>" * 300, [], **answer), tmp_path / "a.part")
    assert said in str(caught.value)
    assert caught.value.code == (1 if "size" in answer else NO_STORE)
    assert (tmp_path / "a.part").read_bytes() == CONTENT[:MIB]


@pytest.mark.parametrize(
    ("content", "cuts", "said"),
    [
        (CONTENT[:-1], [], f"{len(CONTENT) - 1} bytes; expected {len(CONTENT)} bytes"),
        (CONTENT + b"x", [], f"more than {len(CONTENT)} bytes"),
        (CONTENT[:-1] + b"x", [], "sha256 "),
        (CONTENT, [-1], "bucket/a: AwayError"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, cuts: list[int], said: str) -> None:
    with pytest.raises(FetchError) as caught:
        bring(Wire(content, cuts), tmp_path / "a.part")
    assert said in str(caught.value)


def test_what_cannot_be_written_is_no_fault_of_the_source(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        bring(Wire(CONTENT, []), tmp_path / "no" / "a.part")


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"kept")
    (tmp_path / "a.part").symlink_to(tmp_path / "kept")
    bring(Wire(CONTENT, []), tmp_path / "a.part")
    assert (tmp_path / "kept").read_bytes() == b"kept"
