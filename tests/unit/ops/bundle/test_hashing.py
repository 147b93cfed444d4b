"""Sums beside reading and writing: every piece in order, none of them changed under the sum's hands."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from ops.bundle.copying import Journal, copy_all
from ops.bundle.entry import CHUNK_BYTES, Entry
from ops.bundle.hashing import ALONE_BYTES, Behind, sums
from ops.bundle.progress import Progress

SIZES = (0, 1, ALONE_BYTES, ALONE_BYTES + 1, CHUNK_BYTES, CHUNK_BYTES + 1, 9 * CHUNK_BYTES + 5)


@pytest.fixture
def entries(tmp_path: Path) -> list[Entry]:
    (tmp_path / "from").mkdir()
    found = []
    for number, size in enumerate(SIZES):
        path = tmp_path / "from" / f"{number}"
        path.write_bytes(os.urandom(size))
        found.append(Entry(name=path.name, path=path, size=size))
    return found


def expected(entries: list[Entry]) -> list[str]:
    return [hashlib.sha256(entry.path.read_bytes()).hexdigest() for entry in entries]


def test_copies_have_the_bytes_of_their_sums(tmp_path: Path, entries: list[Entry]) -> None:
    copies = list(copy_all(entries, tmp_path / "to", Journal(tmp_path / "journal"), Progress("x", 0, quiet=True)))
    assert [copy.entry for copy in copies] == entries
    assert [copy.sha256 for copy in copies] == expected(entries)
    assert all((tmp_path / "to" / entry.name).read_bytes() == entry.path.read_bytes() for entry in entries)


def test_a_slow_sum_sees_each_piece_as_it_was_read(
    tmp_path: Path, entries: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Behind.add

    def slow(self: Behind, piece: memoryview) -> None:
        take = self._take

        def late(given: memoryview) -> None:
            time.sleep(0.01)
            take(given)

        self._take = late
        add(self, piece)
        self._take = take

    monkeypatch.setattr(Behind, "add", slow)
    copies = list(copy_all(entries, tmp_path / "to", Journal(tmp_path / "journal"), Progress("x", 0, quiet=True)))
    assert [copy.sha256 for copy in copies] == expected(entries)


def test_sums_are_told_largest_first_and_what_cannot_be_read_in_its_place(entries: list[Entry]) -> None:
    wanted = dict(zip([entry.name for entry in entries], expected(entries), strict=True))
    (gone,) = [entry for entry in entries if entry.size == CHUNK_BYTES]
    gone.path.unlink()
    found = list(sums(entries, Progress("x", 0, quiet=True)))
    assert [entry.size for entry, _ in found] == sorted(SIZES, reverse=True)
    assert {entry.name: sha256 for entry, sha256 in found if entry is not gone} == {
        name: sha256 for name, sha256 in wanted.items() if name != gone.name
    }
    assert [type(sha256) for entry, sha256 in found if entry is gone] == [FileNotFoundError]
