"""Media as they are: read-only, with odd paths, sparse, with what downloads leave; and what is read in which order."""

from __future__ import annotations

import errno
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from ops.bundle import copying, durable, entry
from ops.bundle.copying import Done, Journal, copy_all
from ops.bundle.durable import Batch
from ops.bundle.entry import Entry
from ops.bundle.progress import Progress
from tests.support import bundle_tools as tools

BIG = 30_000_000
WEIGHTS = "base/big/v1/model.safetensors"


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, tools.Keys]:
    """A signed bundle with one large file, as folder and archive, below a path with a colon and spaces."""
    folder = tmp_path / "a disk: of the gap"
    source = folder / "artifacts" / "base" / "big" / "v1"
    source.mkdir(parents=True)
    (source / "model.safetensors").write_bytes(os.urandom(1_000_000) * (BIG // 1_000_000))
    (source / "config.json").write_text("{}")
    signer = tools.keys(folder)
    assert main([*create(folder, "bundle"), "--archive", str(folder / "bundle: 1.tar"), *signer.sign()]) == 0
    return folder, signer


def create(folder: Path, name: str) -> list[str]:
    listed = tools.bring_in(folder, tools.entry("base-model", "big/v1"))
    return ["bundle", "create", "--list", str(listed), "--from", str(folder / "artifacts"), "--to", str(folder / name)]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, int, int]]]:
    """File, place and length of everything that is read of a bundle's members."""
    found: list[tuple[str, int, int]] = []
    real = os.preadv

    def preadv(descriptor: int, buffers: list[memoryview], position: int) -> int:
        count = real(descriptor, buffers, position)
        found.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, position, count))
        return count

    monkeypatch.setattr(entry.os, "preadv", preadv)
    yield found


def read_bytes() -> int:
    """What this process has read in all, from files and elsewhere."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("rchar")).split()[1])


@pytest.mark.parametrize("name", ["bundle", "bundle: 1.tar"])
def test_paths_with_colons_and_spaces(made: tuple[Path, tools.Keys], name: str) -> None:
    folder, signer = made
    assert main(["bundle", "verify", str(folder / name), *signer.trust()]) == 0


@pytest.mark.parametrize("name", ["bundle", "bundle: 1.tar"])
def test_a_wrong_signature_is_told_before_any_content_is_read(
    made: tuple[Path, tools.Keys], name: str, reads: list[tuple[str, int, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = made
    other = tools.keys(folder, "other")
    main(["bundle", "verify", str(folder / name), *other.trust()])  # what is imported is read now
    reads.clear()
    capsys.readouterr()
    before = read_bytes()
    assert main(["bundle", "verify", str(folder / name), *other.trust()]) == 1
    assert read_bytes() - before < BIG // 10
    assert "bundle.sig" in capsys.readouterr().err
    assert sum(count for _, _, count in reads) < 100_000
    assert {file for file, _, _ in reads} <= {"bundle.json", "bundle.sig", name}


@pytest.mark.parametrize("name", ["bundle", "bundle: 1.tar"])
def test_the_manifest_is_read_before_any_content(
    made: tuple[Path, tools.Keys], name: str, reads: list[tuple[str, int, int]]
) -> None:
    folder, signer = made
    assert main(["bundle", "verify", str(folder / name), *signer.trust()]) == 0
    large = next(number for number, (_, _, count) in enumerate(reads) if count > 100_000)
    if name == "bundle":
        assert [file for file, _, _ in reads[:large]][:2] == ["bundle.json", "bundle.sig"]
    assert large >= 2


def test_verify_writes_nothing_and_needs_no_place(
    made: tuple[Path, tools.Keys], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, signer = made

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **more: Any) -> Any:
            if any(str(word).startswith(str(folder)) for word in words):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            return real(*words, **more)

        return call

    for name in ("mkdir", "rename", "replace", "unlink", "utime"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    with pytest.raises(OSError, match="Read-only"):
        (folder / "x").mkdir()
    assert main(["bundle", "verify", str(folder / "bundle: 1.tar"), *signer.trust()]) == 0


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KITCHEN_OBJECT_STORE_ACCESS_KEY", "KITCHEN_OBJECT_STORE_SECRET_KEY"):
        monkeypatch.setenv(name, "x" * 20)


def into(archive: Path, *more: str) -> list[str]:
    words = ["bundle", "import", str(archive), "--unsigned", "--owner", "support-team", *more]
    return [*words, "--settings", tools.DEV, "--endpoint", "http://127.0.0.1:1"]


def adapter_archive(folder: Path, name: str) -> Path:
    """An archive alone in its folder, with an adapter that the catalog does not know."""
    source = tools.artifacts(folder)
    (source / "lora" / tools.FAQ).rename(source / "lora" / "helpdesk-faq/v2026-09-01")
    listed = tools.bring_in(folder, tools.entry("adapter", "helpdesk-faq/v2026-09-01"))
    (folder / "medium").mkdir()
    words = ["--list", str(listed), "--from", str(source), "--to", str(folder / "bundle"), "--unsigned"]
    assert main(["bundle", "create", *words, "--archive", str(folder / "bundle.tar")]) == 0
    return (folder / "bundle.tar").rename(folder / "medium" / name)


@pytest.mark.usefixtures("keyed")
def test_an_archive_is_unpacked_where_it_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = adapter_archive(tmp_path, "bundle.tar")
    work = tmp_path / "work: here"
    assert main(into(archive, "--work", str(work))) == 2
    assert "--work: " in capsys.readouterr().err
    work.mkdir()
    assert main(into(archive, "--work", str(work))) == 1, "there is no store"
    assert [path.name for path in archive.parent.iterdir()] == ["bundle.tar"]
    assert "bundle.tar.unpacked.partial" in {path.name for path in work.iterdir()}


@pytest.mark.usefixtures("keyed")
def test_a_place_that_cannot_be_written_is_told_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that is too long for the folder of its content: a refusal of the disk that root gets too."""
    archive = adapter_archive(tmp_path, "b" * 245 + ".tar")
    assert main(into(archive)) == 1
    assert "with --work DIR if it cannot be unpacked there" in capsys.readouterr().err


def sparse(path: Path, size: int, begin: bytes = b"") -> None:
    path.write_bytes(begin)
    os.truncate(path, size)


def test_a_sparse_archive_is_refused_before_it_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sparse(tmp_path / "a.tar", 2**40)
    before = read_bytes()
    assert main(["bundle", "verify", str(tmp_path / "a.tar"), "--unsigned"]) == 1
    assert read_bytes() - before < BIG
    assert "1099511627776 of its bytes were never written (it is sparse)" in capsys.readouterr().err


def test_a_sparse_file_is_refused_before_it_is_read(
    made: tuple[Path, tools.Keys], reads: list[tuple[str, int, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, signer = made
    sparse(folder / "bundle" / WEIGHTS, BIG)
    assert main(["bundle", "verify", str(folder / "bundle"), *signer.trust()]) == 1
    assert f'{WEIGHTS}: "{BIG} bytes"; rule: {BIG} of its bytes were never written' in capsys.readouterr().err
    assert "model.safetensors" not in {file for file, _, _ in reads}


def test_zeros_that_are_written_are_no_hole(made: tuple[Path, tools.Keys]) -> None:
    folder, signer = made
    (folder / "artifacts" / WEIGHTS).write_bytes(bytes(BIG))
    assert main([*create(folder, "zeros"), *signer.sign()]) == 0
    assert main(["bundle", "verify", str(folder / "zeros"), *signer.trust()]) == 0


@pytest.mark.parametrize("rest", [2 * 1024 * 1024, 5 * 10**9])
def test_zeros_behind_an_archive_are_not_read_through(
    rest: int, made: tuple[Path, tools.Keys], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, signer = made
    archive = folder / "bundle: 1.tar"
    size = archive.stat().st_size
    if rest < BIG:
        with archive.open("ab") as content:
            content.write(bytes(rest))
    else:
        os.truncate(archive, size + rest)
    before = read_bytes()
    assert main(["bundle", "verify", str(archive), *signer.trust()]) == 1
    assert read_bytes() - before < BIG
    told = capsys.readouterr().err
    assert "zeros at most" in told or "never written" in told


def test_the_last_record_of_a_tool_may_be_filled(made: tuple[Path, tools.Keys]) -> None:
    folder, signer = made
    archive = folder / "bundle: 1.tar"
    with archive.open("ab") as content:
        content.write(bytes(-archive.stat().st_size % tarfile.RECORDSIZE))
    assert main(["bundle", "verify", str(archive), *signer.trust()]) == 0


def test_what_does_not_belong_is_told_at_create(
    made: tuple[Path, tools.Keys], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, signer = made
    sparse(folder / "artifacts" / WEIGHTS, 2**40, b"x" * 5000)
    (folder / "artifacts/base/big/v1/tokenizer.json").write_bytes(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
    )
    assert main([*create(folder, "second"), *signer.sign()]) == 2
    told = capsys.readouterr().err
    assert "is a Git LFS pointer and not the file" in told
    assert "of its bytes were never written (it is sparse)" in told


def test_what_a_download_leaves_is_left_out_and_said(
    made: tuple[Path, tools.Keys], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, signer = made
    place = folder / "artifacts" / "base" / "big" / "v1"
    for name in (
        ".cache/huggingface/download/model.safetensors.metadata",
        ".git/config",
        ".gitattributes",
        ".DS_Store",
    ):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text("x")
    assert main([*create(folder, "second"), *signer.sign()]) == 0
    told = capsys.readouterr().err
    for name in (".cache", ".git", ".gitattributes", ".DS_Store"):
        assert f"{place / name}: left out, it is no part of the artifact" in told
    assert tools.tree(folder / "second").keys() == tools.tree(folder / "bundle").keys()


@pytest.mark.parametrize("name", [".env", ".cache", ".git"])
def test_another_hidden_file_is_refused(name: str, made: tuple[Path, tools.Keys]) -> None:
    folder, signer = made
    (folder / "artifacts" / "base" / "big" / "v1" / name).write_text("x")
    assert main([*create(folder, "second"), *signer.sign()]) == 2


def many(folder: Path, count: int) -> list[Entry]:
    (folder / "from").mkdir()
    for number in range(count):
        (folder / "from" / f"{number}.json").write_bytes(b"%d" % number)
    return [Entry(name=path.name, path=path, size=path.stat().st_size) for path in sorted((folder / "from").iterdir())]


def test_many_small_files_are_flushed_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes, real = list[str](), durable.flush_file_system
    monkeypatch.setattr(durable, "flush_file_system", lambda folder: (flushes.append("batch"), real(folder)))
    monkeypatch.setattr(copying.os, "fsync", lambda _: flushes.append("file"))
    entries, journal = many(tmp_path, 2000), Journal(tmp_path / "journal")
    (tmp_path / "to").mkdir()
    assert len(list(copy_all(entries, tmp_path / "to", journal, Progress("x", 0, quiet=True)))) == 2000
    assert 4 <= len(flushes) <= 8
    assert set(flushes) == {"batch"}
    assert len(Journal(tmp_path / "journal").done) == 2000


def test_the_journal_names_nothing_that_the_disk_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(durable, "flush_file_system", refused)
    entries, journal = many(tmp_path, 20), Journal(tmp_path / "journal")
    (tmp_path / "to").mkdir()
    with pytest.raises(OSError, match="Input/output error"):
        list(copy_all(entries, tmp_path / "to", journal, Progress("x", 0, quiet=True)))
    assert Journal(tmp_path / "journal").done == {}


def test_a_batch_is_flushed_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[object] = []
    monkeypatch.setattr(durable, "flush_file_system", lambda _: order.append("flushed"))
    batch = Batch[Done](tmp_path, lambda done: order.extend(one.path for one in done))
    batch.add(Done(path="a", size=1, mtime_ns=1, sha256=""), 1)
    assert order == []
    batch.add(Done(path="b", size=1, mtime_ns=1, sha256=""), durable.MOST_BYTES)
    assert order == ["flushed", "a", "b"]


def test_the_file_system_is_flushed_by_the_system(tmp_path: Path) -> None:
    durable.flush_file_system(tmp_path)
    with pytest.raises(OSError):
        durable.flush_file_system(tmp_path / "absent")


def test_json_is_told_of_sparse_files_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sparse(tmp_path / "a.tar", 2**40)
    assert main(["bundle", "verify", str(tmp_path / "a.tar"), "--unsigned", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["faults"][0]["value"] == "1099511627776 bytes"
