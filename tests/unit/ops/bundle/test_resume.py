"""Creating and unpacking may be killed at any moment: the next run goes on, and no half file ever counts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from ops.__main__ import main
from ops.bundle.copying import Done, Journal, alone, copy_all
from ops.bundle.entry import Entry
from ops.bundle.progress import Progress
from tests.support import bundle_tools as tools
from tests.support.signals import hear_sigint
from tools.local.workspace import REPOSITORY

FILES, FILE_BYTES = 60, 1_000_000
_HELD = """\
import signal, sys, threading
from ops.__main__ import main
from ops.bundle.copying import Journal

add, heard, lines = Journal.add, threading.Event(), int(sys.argv.pop(1))

def held(journal, *entries):
    add(journal, *entries)
    if len(journal.done) >= lines:
        heard.wait()

def interrupted(number, frame):
    heard.set()
    signal.default_int_handler(number, frame)

Journal.add = held
signal.signal(signal.SIGINT, interrupted)
sys.exit(main(sys.argv[1:]))
"""
"""`ops`, whose copies stand still when its journal has so many lines: it cannot be done before it is stopped."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "artifacts" / "base" / "big" / "v1"
    folder.mkdir(parents=True)
    for number in range(FILES):
        (folder / f"model-{number:03}.safetensors").write_bytes(number.to_bytes(1, "big") * FILE_BYTES)
    return tmp_path / "artifacts"


def words(tmp_path: Path, source: Path, name: str = "bundle") -> list[str]:
    listed = tools.bring_in(tmp_path, tools.entry("base-model", "big/v1"))
    places = ["--from", str(source), "--to", str(tmp_path / name), "--archive", str(tmp_path / f"{name}.tar")]
    return ["bundle", "create", "--list", str(listed), *places, "--unsigned"]


def stopped(command: Sequence[str], journal: Path, lines: int, by: signal.Signals) -> tuple[int, str]:
    """Run the command in a process of its own and stop it when its journal has so many lines; its status and errors."""
    words = [sys.executable, "-c", _HELD, str(lines), *command]
    with subprocess.Popen(
        words,
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_sigint,  # noqa: PLW1509 - one thread, one call
    ) as process:
        while process.poll() is None and not (journal.exists() and journal.read_bytes().count(b"\n") >= lines):
            time.sleep(0.001)
        process.send_signal(by)
        _, errors = process.communicate()
    return process.returncode, errors


def test_a_killed_creation_goes_on(tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, journal = words(tmp_path, source), tmp_path / "bundle.partial.journal"
    assert stopped(command, journal, 5, signal.SIGKILL)[0] == -signal.SIGKILL, "it was done before it could be killed"
    assert not (tmp_path / "bundle").exists()
    assert not (tmp_path / "bundle.tar").exists()
    finished = journal.read_bytes().count(b"\n")
    times = {path.name: path.stat().st_ino for path in (tmp_path / "bundle.partial").rglob("*.safetensors")}
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["again"] >= finished >= 5
    assert told["copied"] == FILES - told["again"]
    kept = [path for path in (tmp_path / "bundle").rglob("*.safetensors") if times.get(path.name) == path.stat().st_ino]
    assert len(kept) >= finished
    assert main(words(tmp_path, source, "fresh")) == 0
    assert tools.tree(tmp_path / "bundle") == tools.tree(tmp_path / "fresh")
    assert (tmp_path / "bundle.tar").read_bytes() == (tmp_path / "fresh.tar").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "artifacts",
        "bring-in.yaml",
        "bundle",
        "bundle.tar",
        "fresh",
        "fresh.tar",
    ]


def test_a_keyboard_s_stop_is_told_in_one_line(tmp_path: Path, source: Path) -> None:
    command, journal = words(tmp_path, source), tmp_path / "bundle.partial.journal"
    status, errors = stopped(command, journal, 1, signal.SIGINT)
    assert status == 130
    assert errors.splitlines()[-1] == "bundle create: stopped; run it again to go on"
    assert "Traceback" not in errors
    assert not (tmp_path / "bundle").exists()


def test_one_run_at_a_time(tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two would write into the same half files; the second is told, and nothing of a lock is left behind."""
    with alone(tmp_path / "bundle.partial"):
        assert main(words(tmp_path, source)) == 1
    told = capsys.readouterr().err
    assert told.splitlines()[-1] == (
        f"bundle create: {tmp_path}/bundle.partial: another run is at work in this folder; wait for its end"
    )
    assert main(words(tmp_path, source)) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifacts", "bring-in.yaml", "bundle", "bundle.tar"]


def test_a_key_that_cannot_be_used_is_told_before_anything_is_copied(
    tmp_path: Path, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signer = tools.keys(tmp_path, password=b"secret")
    command = [*(word for word in words(tmp_path, source) if word != "--unsigned"), *signer.sign()]
    assert main(command) == 2
    assert "KITCHEN_BUNDLE_KEY_PASSWORD or --password-file" in capsys.readouterr().err
    assert not (tmp_path / "bundle.partial").exists()


def test_each_disk_has_room_for_its_own(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is free is enough for the folder or for the archive: for both where they lie on two disks."""
    elsewhere = Path(tempfile.mkdtemp(dir="/dev/shm"))
    need = sum(path.stat().st_size for path in source.rglob("*") if path.is_file())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=need * 3 // 2))
    try:
        command = words(tmp_path, source)
        assert main(command) == 2
        assert f"the disk of {tmp_path} must have room for" in capsys.readouterr().err
        assert not (tmp_path / "bundle.partial").exists()
        command[command.index("--archive") + 1] = str(elsewhere / "bundle.tar")
        assert main(command) == 0
    finally:
        shutil.rmtree(elsewhere)


def copied(folder: Path, names: Sequence[str]) -> dict[str, bool]:
    entries = [Entry(name=name, path=folder / name, size=(folder / name).stat().st_size) for name in names]
    journal = Journal(folder / "journal")
    done = copy_all(entries, folder / "target", journal, Progress("test", 0, quiet=True))
    return {copy.entry.name: copy.again for copy in done}


def test_only_what_the_journal_and_both_files_agree_on_counts(tmp_path: Path) -> None:
    names = ["same", "source-changed", "copy-changed", "copy-gone", "not-recorded"]
    for name in names:
        (tmp_path / name).write_bytes(b"content")
    assert not any(copied(tmp_path, names).values())
    os.utime(tmp_path / "source-changed", ns=(1, 1))
    (tmp_path / "target" / "copy-changed").write_bytes(b"CONTENT")
    (tmp_path / "target" / "copy-gone").unlink()
    lines = (tmp_path / "journal").read_bytes().splitlines(keepends=True)
    last = next(line for line in lines if b"not-recorded" in line)
    (tmp_path / "journal").write_bytes(b"".join(line for line in lines if line != last) + last[: len(last) // 2])
    assert copied(tmp_path, names) == dict.fromkeys(names, False) | {"same": True}
    assert all((tmp_path / "target" / name).read_bytes() == b"content" for name in names)
    assert all(copied(tmp_path, names).values())


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b'{"path": "one", "si')
    Journal(tmp_path / "journal").add(Done(path="two", size=1, mtime_ns=1, sha256="0" * 64))
    assert list(Journal(tmp_path / "journal").done) == ["two"]


def test_what_another_list_left_is_taken_away(tmp_path: Path, source: Path) -> None:
    left = tmp_path / "bundle.partial" / "lora" / "other" / "v2026-01-01"
    left.mkdir(parents=True)
    (left / "adapter_config.json").write_text("{}")
    (tmp_path / "bundle.partial" / "half.part").write_text("half")
    assert main(words(tmp_path, source)) == 0
    assert sorted(path.name for path in (tmp_path / "bundle").iterdir()) == ["base", "bundle.json"]


def test_progress_tells_bytes_rate_and_times() -> None:
    told: list[str] = []
    progress = Progress("create", 4_000_000_000, say=told.append)
    progress.advance(1_000_000_000, skipped=True)
    progress.advance(1_000_000_000)
    start = progress._start
    assert progress.line(start + 10, "x") == "create: 2.0 GB of 4.0 GB, 100.0 MB/s, 20 s left, 10 s: x"
    assert told == []
    progress._told = start - 2
    progress.advance(0, "y")
    progress.advance(0, "z")
    assert len(told) == 1
