"""Copies of images that end in the middle: the next run goes on, whatever ended this one, and nothing blocks it."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from ops.__main__ import main
from ops.bundle import copier
from ops.bundle.copying import in_turn
from tests.support import image_forms as forms
from tests.support.image_registry import ImageRegistry, ReferrersRegistry, digest_of, logins
from tests.support.registry_proxy import RegistryProxy
from tests.support.signals import hear_sigint
from tests.support.slow_line import SlowLine
from tests.unit.support.bringing import bring, create, create_words, import_words
from tools.local.workspace import REPOSITORY

BYTES = 24_000_000
RATE = 12_000_000.0


@pytest.fixture
def big(outside: ImageRegistry, repository: str, tmp_path: Path) -> str:
    """An image in the registry outside whose one layer takes two seconds over a slow line; its digest."""
    layout = forms.Layout(tmp_path / "seed")
    digest = layout.add(forms.image(layout, "amd64", contents=(os.urandom(BYTES), b"small")), "v1")
    outside.put_layout(layout.root, repository)
    return digest


@pytest.fixture
def line(
    outside: ImageRegistry, inside: ImageRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SlowLine]:
    with SlowLine(outside.host, "127.0.0.2", RATE) as made:
        for name, value in logins(tmp_path / "logins", outside, inside, lines=[made.host]).items():
            if name != "HOME":
                monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def way_in(
    outside: ImageRegistry, inside: ImageRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SlowLine]:
    with SlowLine(inside.host, "127.0.0.2", RATE) as made:
        for name, value in logins(tmp_path / "logins", outside, inside, lines=[made.host]).items():
            if name != "HOME":
                monkeypatch.setenv(name, value)
        yield made


def started(words: list[str], limit: int | None = None) -> subprocess.Popen[str]:
    def prepare() -> None:
        hear_sigint()
        os.setsid()
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "ops", *words],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,  # noqa: PLW1509 - one thread, one call
    )


def until(true: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    end = time.monotonic() + 120
    while not true():
        assert process is None or process.poll() is None, f"it had ended before: {process.communicate()[1]}"
        assert time.monotonic() < end
        time.sleep(0.005)


def copier_of(process: subprocess.Popen[str]) -> int:
    """The copier's process id: the only child of the command that runs it."""
    found: list[int] = []

    def look() -> bool:
        with suppress(OSError):  # a thread or a child that has ended since it was listed
            for task in Path(f"/proc/{process.pid}/task").iterdir():
                found[:] = [int(word) for word in (task / "children").read_text().split()]
                if found and "kitchen-copier" in Path(f"/proc/{found[0]}/comm").read_text():
                    return True
        return False

    until(look, process)
    return found[0]


def ended(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def half(folder: Path) -> int:
    """Bytes of files that are not whole yet; 0 where one was renamed since it was listed, as its copy was done."""
    with suppress(FileNotFoundError):
        return sum(path.stat().st_size for path in folder.rglob("*.part") if path.is_file())
    return 0


@pytest.mark.parametrize("how", ["keyboard", "the command is killed", "the copier is killed"])
def test_the_next_run_goes_on(  # noqa: PLR0917 - pytest gives them by name
    how: str, outside: ImageRegistry, big: str, line: SlowLine, repository: str, tmp_path: Path
) -> None:
    words = create_words(tmp_path, f"{line.host}/{repository}", big, repository)
    process = started(words)
    until(lambda: half(tmp_path / "bundle.partial") > BYTES // 4, process)
    number = copier_of(process)
    if how == "keyboard":
        os.killpg(process.pid, signal.SIGINT)
    else:
        os.kill(process.pid if how == "the command is killed" else number, signal.SIGKILL)
    _, errors = process.communicate()
    until(lambda: ended(number))
    wanted = {"keyboard": 130, "the command is killed": -9, "the copier is killed": 1}
    assert process.returncode == wanted[how]
    assert "Traceback" not in errors
    if how == "the copier is killed":
        assert errors.splitlines()[-1] == (
            "bundle create: images/tool: kitchen-copier was ended by signal 9; run it again to go on"
        )
    came = line.quiet()  # a process that is dead may still have its connections for a moment
    there = half(tmp_path / "bundle.partial")
    assert there > 0
    line.rate = None
    assert main(words) == 0
    assert line.came - came < BYTES - there // 2, "what was there did not come a second time"
    layer = max((tmp_path / "bundle").rglob("*"), key=lambda path: path.stat().st_size)
    assert outside.tree(repository, big)[f"sha256:{layer.name}"] == layer.read_bytes()
    assert not list(tmp_path.glob("*.partial*"))


def test_progress_is_told_while_an_image_is_copied(
    big: str, line: SlowLine, repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert create(tmp_path, f"{line.host}/{repository}", big, repository=repository) == 0
    told = [text for text in capsys.readouterr().err.splitlines() if text.startswith("copy images/tool: ")]
    assert told
    assert all(" MB of 24.0 MB, " in text and "/s, " in text and " s left, " in text for text in told), told


def test_a_line_that_breaks_is_tried_again_from_where_it_broke(
    big: str, line: SlowLine, repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cut() -> None:
        for share in (4, 2):
            until(lambda share=share: half(tmp_path / "bundle.partial") > BYTES // share)  # type: ignore[misc]
            line.cut()

    cutting = threading.Thread(target=cut)
    cutting.start()
    assert create(tmp_path, f"{line.host}/{repository}", big, repository=repository) == 0
    cutting.join()
    told = capsys.readouterr().err
    assert told.count("again in 0.05 s") >= 2
    assert line.came < BYTES * 1.5


def test_a_registry_that_starts_anew_is_waited_for(
    outside: ImageRegistry, big: str, line: SlowLine, repository: str, tmp_path: Path
) -> None:
    def restart() -> None:
        until(lambda: half(tmp_path / "bundle.partial") > BYTES // 4)
        outside.kill()
        time.sleep(0.3)
        outside.start()

    restarting = threading.Thread(target=restart)
    restarting.start()
    done = create(tmp_path, f"{line.host}/{repository}", big, repository=repository)
    restarting.join()
    assert done == 0


def test_a_registry_that_dies_is_told_and_the_next_run_goes_on(  # noqa: PLR0917 - pytest gives them by name
    outside: ImageRegistry,
    big: str,
    line: SlowLine,
    repository: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(copier.PATIENCE, "attempts", 3)

    def kill() -> None:
        until(lambda: half(tmp_path / "bundle.partial") > BYTES // 4)
        outside.kill()

    killing = threading.Thread(target=kill)
    killing.start()
    done = create(tmp_path, f"{line.host}/{repository}", big, repository=repository)
    killing.join()
    outside.start()
    assert done == 1
    told = capsys.readouterr().err.splitlines()
    assert "given up after 3 attempts" in told[-1]
    assert told[-1].endswith("check: the registry, its certificate, and the login that docker, podman or oras keep")
    assert half(tmp_path / "bundle.partial") > 0
    line.rate = None
    assert create(tmp_path, f"{line.host}/{repository}", big, repository=repository) == 0


def test_a_registry_that_hangs_is_asked_again(  # noqa: PLR0917 - pytest gives them by name
    outside: ImageRegistry,
    big: str,
    line: SlowLine,
    repository: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(copier.PATIENCE, "idleSeconds", 1.0)
    monkeypatch.setitem(copier.PATIENCE, "attempts", 20)

    def hang() -> None:
        until(lambda: half(tmp_path / "bundle.partial") > BYTES // 4)
        with outside.frozen():
            time.sleep(2.5)

    hanging = threading.Thread(target=hang)
    hanging.start()
    done = create(tmp_path, f"{line.host}/{repository}", big, repository=repository)
    hanging.join()
    assert done == 0
    assert "no byte came or went for too long; again in" in capsys.readouterr().err


def test_a_registry_that_hangs_before_anything_came_is_told(
    outside: ImageRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(copier.PATIENCE, "idleSeconds", 0.5)
    monkeypatch.setitem(copier.PATIENCE, "attempts", 2)
    with outside.frozen():
        assert create(tmp_path, f"{outside.host}/example/tool", f"sha256:{'1' * 64}") == 1
    assert "given up after 2 attempts: no byte came or went for too long" in capsys.readouterr().err


def test_a_registry_that_gives_other_bytes_is_asked_twice_and_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = forms.Layout(tmp_path / "empty" / "images" / "tool")
    digest = layout.add(forms.image(layout, "amd64"), "v1")
    wrong = f"/blobs/{digest_of(b'amd64: first')}"
    assert create(tmp_path, "docker.io/example/tool", digest) == 0

    def changed(method: str, path: str, content: bytes) -> bytes:
        return b"AMD64: first" if method == "GET" and path.endswith(wrong) else content

    again = tmp_path / "again"
    again.mkdir()
    with ReferrersRegistry() as api, RegistryProxy(api.host, lambda *_: None, changed) as door:
        assert bring(tmp_path, api.host) == 0
        assert create(again, f"{door.host}/example/tool", digest) == 2
        assert len([path for method, path in door.asked if method == "GET" and path.endswith(wrong)]) == 2
    assert "the registry must give the bytes that the digest names: twice it gave others" in capsys.readouterr().err
    assert not (again / "bundle").exists()


def test_another_digest_in_the_list_takes_the_place_of_what_was_begun(
    outside: ImageRegistry, big: str, line: SlowLine, repository: str, tmp_path: Path
) -> None:
    process = started(create_words(tmp_path, f"{line.host}/{repository}", big, repository))
    until(lambda: half(tmp_path / "bundle.partial") > BYTES // 4, process)
    process.kill()
    process.communicate()
    layout = forms.Layout(tmp_path / "other")
    other = layout.add(forms.index(layout, *forms.both(layout)), "v2")
    outside.put_layout(layout.root, repository)
    assert create(tmp_path, f"{outside.host}/{repository}", other, repository=repository) == 0
    blobs = {f"sha256:{path.name}" for path in (tmp_path / "bundle" / "images" / "tool" / "blobs" / "sha256").iterdir()}
    assert blobs == outside.tree(repository, other).keys()


@pytest.mark.parametrize("whole", [True, False], ids=["a whole image", "half an image"])
def test_what_is_left_behind_blocks_nothing(
    whole: bool,
    outside: ImageRegistry,
    repository: str,
    tmp_path: Path,
) -> None:
    """Another digest's image, files of other tools, half blobs that are too long, and spoilt ones."""
    layout = forms.Layout(tmp_path / "seed")
    digest = layout.add(forms.index(layout, *forms.both(layout)), "v1")
    other = layout.add(forms.image(layout, "riscv64"), "v2")
    outside.put_layout(layout.root, repository)
    left = tmp_path / "bundle.partial" / "images" / ("tool" if whole else "tool.part")
    shutil.copytree(layout.root, left)
    (left / "oci-put-blob123").write_bytes(b"half")
    (left / "ingest").mkdir()
    (left / "ingest" / "x_1").write_bytes(b"half")
    blobs = left / "blobs" / "sha256"
    (blobs / "oci-put-blob7").write_bytes(b"half")
    layers = sorted(path for path in blobs.iterdir() if b": first" in path.read_bytes())
    layers[0].rename(layers[0].with_name(layers[0].name + ".part"))
    layers[0].with_name(layers[0].name + ".part").write_bytes(b"x" * 1000)
    layers[1].write_bytes(b"y" * 3)
    if whole:
        index = json.loads((left / "index.json").read_text())
        index["manifests"].reverse()  # `other` stands first: the folder is another image's
        (left / "index.json").write_text(json.dumps(index))
        assert index["manifests"][0]["digest"] == other
    assert create(tmp_path, f"{outside.host}/{repository}", digest, repository=repository) == 0
    found = {f"sha256:{path.name}" for path in (tmp_path / "bundle" / "images" / "tool" / "blobs" / "sha256").iterdir()}
    assert found == outside.tree(repository, digest).keys()


def test_a_blob_that_a_disk_has_spoilt_is_copied_again(
    outside: ImageRegistry, repository: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = forms.Layout(tmp_path / "seed")
    digest = layout.add(forms.index(layout, *forms.both(layout)), "v1")
    outside.put_layout(layout.root, repository)
    assert create(tmp_path, f"{outside.host}/{repository}", digest, repository=repository) == 0
    left = tmp_path / "bundle.partial"
    (tmp_path / "bundle").rename(left)
    layer = next(path for path in left.rglob("*") if path.is_file() and path.read_bytes() == b"arm64: first")
    layer.write_bytes(b"ARM64: first")
    assert create(tmp_path, f"{outside.host}/{repository}", digest, repository=repository) == 2
    assert "a blob's name is its sha256 sum" in capsys.readouterr().err
    assert create(tmp_path, f"{outside.host}/{repository}", digest, repository=repository) == 0


def test_a_full_disk_is_told_before_and_while_it_is_written(  # noqa: PLR0917 - pytest gives them by name
    big: str,
    outside: ImageRegistry,
    repository: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    upstream = f"{outside.host}/{repository}"
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=BYTES // 2))
        assert create(tmp_path, upstream, big, repository=repository) == 2
    assert "must have room for 24.0 MB of image tool" in capsys.readouterr().err
    process = started(create_words(tmp_path, upstream, big, repository), limit=BYTES // 2)
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.splitlines()[-1].endswith(": file too large; check: the disk, and run it again to go on")
    assert "Traceback" not in errors
    assert "goroutine" not in errors
    assert create(tmp_path, upstream, big, repository=repository) == 0


def test_of_three_runs_at_once_one_works_and_the_others_say_so(
    big: str, line: SlowLine, repository: str, tmp_path: Path
) -> None:
    line.rate = 200_000.0
    processes = [started(create_words(tmp_path, f"{line.host}/{repository}", big, repository)) for _ in range(3)]
    until(lambda: sum(process.poll() is not None for process in processes) == 2)
    line.rate = None
    errors = [process.communicate()[1].splitlines()[-1] for process in processes]
    told = f"bundle create: {tmp_path}/bundle.partial: another run is at work in this folder; wait for its end"
    assert sorted(process.returncode for process in processes) == [0, 1, 1]
    assert [text for text, process in zip(errors, processes, strict=True) if process.returncode] == [told, told]


@pytest.fixture
def made(big: str, outside: ImageRegistry, repository: str, tmp_path: Path) -> Path:
    assert create(tmp_path, f"{outside.host}/{repository}", big, repository=repository) == 0
    return tmp_path / "bundle"


@pytest.mark.parametrize("how", ["keyboard", "the command is killed", "the copier is killed"])
def test_an_import_that_was_ended_is_run_again(  # noqa: PLR0917 - pytest gives them by name
    how: str, made: Path, big: str, way_in: SlowLine, inside: ImageRegistry, repository: str, tmp_path: Path
) -> None:
    del made
    words = import_words(tmp_path, way_in.host)
    before = (tmp_path / "catalog" / "images.yaml").read_bytes()
    process = started(words)
    until(lambda: way_in.went > 200_000, process)
    number = copier_of(process)
    if how == "keyboard":
        os.killpg(process.pid, signal.SIGINT)
    else:
        os.kill(process.pid if how == "the command is killed" else number, signal.SIGKILL)
    _, errors = process.communicate()
    until(lambda: ended(number))
    assert process.returncode in (130, -9, 1), errors
    assert "Traceback" not in errors
    assert (tmp_path / "catalog" / "images.yaml").read_bytes() == before
    way_in.rate = None
    assert main(words) == 0
    assert inside.manifest(repository, big) is not None
    assert (tmp_path / "catalog" / "images.yaml").read_bytes() != before


def test_imports_at_once_wait_for_each_other(
    made: Path, big: str, inside: ImageRegistry, repository: str, tmp_path: Path
) -> None:
    """Three come while a fourth is at work: here it is this process that holds the catalog."""
    del made
    words = import_words(tmp_path, inside.host)
    waiting = f"{tmp_path}/catalog: another import is at work on this catalog; waiting for its end\n"
    with in_turn(tmp_path / "catalog", print):
        processes = [started(words) for _ in range(3)]
        for process in processes:
            assert process.stderr is not None
            assert process.stderr.readline() == waiting
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert inside.manifest(repository, big) is not None
    assert (tmp_path / "catalog" / "images.yaml").read_text().count(big) == 1


def test_a_registry_inside_that_dies_marks_nothing_as_imported(  # noqa: PLR0917 - pytest gives them by name
    made: Path,
    big: str,
    way_in: SlowLine,
    inside: ImageRegistry,
    repository: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    del made
    monkeypatch.setitem(copier.PATIENCE, "attempts", 3)

    def kill() -> None:
        until(lambda: way_in.went > 2_000_000)
        inside.kill()

    killing = threading.Thread(target=kill)
    killing.start()
    done = bring(tmp_path, way_in.host)
    killing.join()
    inside.start()
    assert done == 1
    assert "given up after 3 attempts" in capsys.readouterr().err.splitlines()[-1]
    assert big not in (tmp_path / "catalog" / "images.yaml").read_text()
    way_in.rate = None
    assert bring(tmp_path, way_in.host) == 0
    assert inside.manifest(repository, big) is not None
