"""A large file's sum is made once by a run, and made again as soon as anything of the file has changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from ops.bundle.copying import Journal, copy_all
from ops.bundle.entry import Entry
from ops.bundle.hashing import sums as sums_of
from ops.bundle.progress import Progress
from ops.sums import KEPT_BYTES, Sums, sha256

SIZE = KEPT_BYTES + 1


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were read."""
    names, real = list[str](), hashlib.file_digest

    def counted(content: Any, kind: Any) -> Any:
        names.append(Path(content.name).name)
        return real(content, kind)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    return names


def made(path: Path, byte: bytes = b"a", size: int = SIZE) -> str:
    path.write_bytes(byte * size)
    return hashlib.sha256(byte * size).hexdigest()


def test_a_large_file_is_read_once(tmp_path: Path, read: list[str]) -> None:
    expected = made(tmp_path / "large")
    assert [sha256(tmp_path / "large") for _ in range(3)] == [expected] * 3
    assert read == ["large"]


def test_a_small_file_is_read_each_time(tmp_path: Path, read: list[str]) -> None:
    expected = made(tmp_path / "small", size=10)
    assert [sha256(tmp_path / "small") for _ in range(2)] == [expected] * 2
    assert read == ["small", "small"]


def test_other_bytes_are_seen_though_size_and_time_are_put_back(tmp_path: Path) -> None:
    path = tmp_path / "large"
    first, times = made(path), path.stat()
    assert sha256(path) == first
    with path.open("r+b") as file:
        file.write(b"b")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest() != first


def test_another_file_in_its_place_is_read(tmp_path: Path) -> None:
    first, second = made(tmp_path / "large"), made(tmp_path / "other", b"b")
    assert sha256(tmp_path / "large") == first
    (tmp_path / "other").replace(tmp_path / "large")
    assert sha256(tmp_path / "large") == second


def test_a_file_that_changes_while_it_is_read_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = tmp_path / "large", hashlib.file_digest
    made(path)

    def changed(content: Any, kind: Any) -> Any:
        found = real(content, kind)
        path.write_bytes(b"b" * SIZE)
        return found

    monkeypatch.setattr(hashlib, "file_digest", changed)
    sha256(path)
    monkeypatch.undo()
    assert sha256(path) == hashlib.sha256(b"b" * SIZE).hexdigest()


def test_what_was_verified_or_copied_is_not_read_again(tmp_path: Path, read: list[str]) -> None:
    expected, progress = made(tmp_path / "large"), Progress("x", 0, quiet=True)
    entry = Entry(name="large", path=tmp_path / "large", size=SIZE)
    assert list(sums_of([entry], progress)) == [(entry, expected)]
    assert sha256(tmp_path / "large") == expected
    (copy,) = copy_all([entry], tmp_path / "to", Journal(tmp_path / "journal"), progress)
    assert copy.sha256 == sha256(tmp_path / "to" / "large") == expected
    assert read == []


def test_a_file_within_an_archive_says_nothing_of_the_archive(tmp_path: Path) -> None:
    made(tmp_path / "archive", size=2 * SIZE)
    inner = Entry(name="inner", path=tmp_path / "archive", size=SIZE, offset=512)
    list(sums_of([inner], Progress("x", 0, quiet=True)))
    assert sha256(tmp_path / "archive") == hashlib.sha256(b"a" * 2 * SIZE).hexdigest()


def test_sums_asked_ahead_leave_faults_to_whoever_asks(tmp_path: Path) -> None:
    expected, found = made(tmp_path / "large"), Sums(tmp_path)
    found.ahead(["large", "absent"])
    assert found.of("large") == expected
    with pytest.raises(FileNotFoundError):
        found.of_all(["large", "absent"])
