"""Official files from a loopback server: right, wrong, cut off, missing, slow, behind a proxy, wanted twice at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.support.file_server import ASK, FileServer, How, Proxy
from tests.unit.support.toolchain_sources import archive, entry, script, write_sources
from tools.cluster import certificates
from tools.local.workspace import REPOSITORY
from tools.toolchain import ToolchainError, download, ensure, look_up, official

BINARY = script("minio", 600_000)
ARCHIVE = archive({"minio-release/bin/minio": BINARY, "minio-release/README": b"read me"})
Sources = Callable[..., None]


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """Write official sources and let their hosts be asked."""

    def write(**files: list[dict[str, Any]]) -> None:
        path = write_sources(tmp_path / "official.yaml", **files)
        monkeypatch.setenv(official.SOURCES, str(path))
        monkeypatch.setenv(official.SWITCH, "1")

    return write


def downloads(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "cache" / "toolchain" / "downloads").glob("*") if path.suffix != ".lock"]


def receipt(name: str) -> dict[str, Any]:
    found = look_up(name)
    assert found is not None
    content: dict[str, Any] = json.loads((found.folder / "receipt.json").read_text())
    return content


def test_an_archive_with_the_sum_on_record_is_installed(tmp_path: Path, server: FileServer, sources: Sources) -> None:
    url = server.put("/minio.tar.gz", ARCHIVE)
    sources(minio=[entry(url, ARCHIVE)])
    ensure(["minio"])
    found = look_up("minio")
    assert found is not None
    assert (found.source, found.damage) == ("official", "")
    assert (found.folder / "minio").read_bytes() == BINARY
    assert os.access(found.folder / "minio", os.X_OK)
    assert receipt("minio")["origin"] == url
    assert downloads(tmp_path) == []


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_family_of_plain_executables_and_an_archive(server: FileServer, sources: Sources, algorithm: str) -> None:
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    plain = {name: script(name, 1000) for name in names}
    etcd = archive(("etcd-v3.6.5-linux-amd64/etcd", "etcd-v3.6.5-linux-amd64/etcdctl"))
    files = [entry(server.put(f"/{name}", plain[name]), plain[name], algorithm, name) for name in names]
    sources(kubernetes=[*files, entry(server.put("/etcd.tar.gz", etcd), etcd, algorithm)])
    ensure(["kubernetes"])
    found = look_up("kubernetes")
    assert found is not None
    assert sorted(path.name for path in found.folder.iterdir()) == sorted([*names, "etcd", "receipt.json"])
    for name in names:
        assert subprocess.run([found.folder / name], capture_output=True, check=True).stdout == f"{name}\n".encode()


def test_one_archive_serves_two_families_and_comes_once(server: FileServer, sources: Sources) -> None:
    content = archive(
        (
            "pulumi/pulumi",
            "pulumi/pulumi-language-go",
            "pulumi/pulumi-language-python",
            "pulumi/pulumi-language-python-exec",
            "pulumi/pulumi-resource-pulumi-python",
        )
    )
    file = entry(server.put("/pulumi.tar.gz", content, How(pause_seconds=0.2)), content)
    sources(pulumi=[file], language_python=[file])
    ensure(["pulumi", "language-python"])
    cli, host = look_up("pulumi"), look_up("language-python")
    assert cli is not None
    assert host is not None
    assert sorted(path.name for path in cli.folder.iterdir()) == ["pulumi", "receipt.json"]
    assert "pulumi-language-python-exec" in {path.name for path in host.folder.iterdir()}
    assert server.asked == [("/pulumi.tar.gz", ASK), ("/pulumi.tar.gz", "")], "once for both families"


def test_a_wrong_sum_is_an_error_and_nothing_else_is_tried(
    tmp_path: Path, server: FileServer, sources: Sources, tiny_modules: Path
) -> None:
    sources(minio=[entry(server.put("/minio.tar.gz", ARCHIVE), b"another file")])
    with pytest.raises(ToolchainError) as raised:
        ensure(["minio"])
    assert "minio: http" in str(raised.value)
    assert "rule: example/sums sums.txt at 0123456789ab says" in str(raised.value)
    assert "nothing was installed" in str(raised.value)
    assert look_up("minio") is None
    assert downloads(tmp_path) == [], "a wrong file is not kept"
    assert not (tmp_path / "cache" / "toolchain" / "logs").exists(), "go was not called"


def test_an_answer_that_breaks_off_is_gone_on_with(server: FileServer, sources: Sources) -> None:
    cuts = [len(ARCHIVE) * part // 10 for part in range(1, 9)]
    sources(minio=[entry(server.put("/minio.tar.gz", ARCHIVE, How(cuts=cuts)), ARCHIVE)])
    ensure(["minio"])
    starts = [wanted for _, wanted in server.asked]
    assert starts == [ASK, "", *(f"bytes={len(ARCHIVE) * part // 10}-" for part in range(1, 9))]


def test_a_server_without_ranges_sends_the_file_anew(server: FileServer, sources: Sources) -> None:
    how = How(cuts=[1000, 1000], ranges=False)
    sources(minio=[entry(server.put("/minio.tar.gz", ARCHIVE, how), ARCHIVE)])
    ensure(["minio"])
    assert look_up("minio") is not None


def test_a_part_is_kept_and_the_next_run_goes_on_from_it(tmp_path: Path, server: FileServer, sources: Sources) -> None:
    how = How(cuts=[5000] * 20)
    sources(minio=[entry(server.put("/minio.tar.gz", ARCHIVE, how), ARCHIVE)])
    with pytest.raises(
        ToolchainError, match=r"its first 5000 bytes are kept, and the next run goes on from there; run"
    ):
        ensure(["minio"])
    assert look_up("minio") is None
    assert [path.stat().st_size for path in downloads(tmp_path)] == [5000]
    how.cuts, server.asked[:] = [], []
    ensure(["minio"])
    assert [wanted for _, wanted in server.asked] == [ASK, "bytes=5000-"]
    assert downloads(tmp_path) == []


@pytest.mark.parametrize("size", [4000, len(ARCHIVE), len(ARCHIVE) + 1])
def test_a_part_of_another_file_is_begun_anew(tmp_path: Path, server: FileServer, sources: Sources, size: int) -> None:
    file = entry(server.put("/minio.tar.gz", ARCHIVE), ARCHIVE)
    sources(minio=[file])
    part = tmp_path / "cache" / "toolchain" / "downloads" / f"sha256-{file['sha256'][:40]}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * size)
    ensure(["minio"])
    assert look_up("minio") is not None


def test_a_whole_file_of_an_interrupted_run_is_not_fetched_again(
    tmp_path: Path, server: FileServer, sources: Sources
) -> None:
    file = entry(server.put("/minio.tar.gz", ARCHIVE), ARCHIVE)
    sources(minio=[file])
    part = tmp_path / "cache" / "toolchain" / "downloads" / f"sha256-{file['sha256'][:40]}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(ARCHIVE)
    ensure(["minio"])
    assert server.asked == [("/minio.tar.gz", ASK)]


@pytest.mark.parametrize("status", [404, 410, 500])
def test_a_file_that_is_not_there_is_an_error_with_the_way_out(
    server: FileServer, sources: Sources, tiny_modules: Path, status: int
) -> None:
    sources(minio=[entry(server.put("/minio.tar.gz", b"", How(status=status)), ARCHIVE)])
    with pytest.raises(ToolchainError, match=rf"cannot be had: HTTP {status} .*KITCHEN_TOOLCHAIN_OFFICIAL=0 to build"):
        ensure(["minio"])
    assert look_up("minio") is None
    assert server.whole("/minio.tar.gz") == (download.ATTEMPTS_WITHOUT_A_BYTE if status == 500 else 1)


def test_a_slow_server_is_waited_for(server: FileServer, sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "STALL_SECONDS", 0.5)
    how = How(pause_seconds=0.1)  # ten pieces: longer than the limit for silence
    content = script("minio", 640_000)
    sources(minio=[entry(server.put("/minio", content, how), content, name="minio")])
    ensure(["minio"])
    assert look_up("minio") is not None


def test_a_silent_server_is_asked_again_and_then_told(
    server: FileServer, sources: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "STALL_SECONDS", 0.1)
    never = threading.Event()
    sources(minio=[entry(server.put("/minio.tar.gz", ARCHIVE, How(gate=never)), ARCHIVE)])
    with pytest.raises(ToolchainError, match="cannot be had: no answer in time; run it again"):
        ensure(["minio"])
    never.set()
    assert server.whole("/minio.tar.gz") == download.ATTEMPTS_WITHOUT_A_BYTE


def test_a_redirect_is_followed_also_for_what_is_lacking(server: FileServer, sources: Sources) -> None:
    there = server.put("/storage/minio.tar.gz", ARCHIVE, How(cuts=[7000]))
    url = server.put("/minio.tar.gz", b"", How(location=there))
    sources(minio=[entry(url, ARCHIVE)])
    ensure(["minio"])
    assert ("/storage/minio.tar.gz", "bytes=7000-") in server.asked


def test_what_is_no_archive_is_told(server: FileServer, sources: Sources) -> None:
    for content in (b"<html>sign in</html>", ARCHIVE[: len(ARCHIVE) // 2]):
        sources(minio=[entry(server.put("/minio.tar.gz", content), content)])
        with pytest.raises(ToolchainError, match=r"minio: http.* is not a readable \.tar\.gz"):
            ensure(["minio"])
        assert look_up("minio") is None


def test_https_needs_a_certificate_that_is_trusted(
    tmp_path: Path, sources: Sources, monkeypatch: pytest.MonkeyPatch, tiny_modules: Path
) -> None:
    pki = tmp_path / "pki"
    pki.mkdir()
    certificates.make(pki)
    with FileServer(pki) as server:
        sources(minio=[entry(server.put("/minio.tar.gz", ARCHIVE), ARCHIVE)])
        ensure(["minio"])
        assert receipt("minio")["source"] == "build", "nobody vouches for the server"
        monkeypatch.setenv("SSL_CERT_FILE", str(pki / "ca.crt"))
        monkeypatch.setenv("KITCHEN_CACHE_DIR", str(tmp_path / "second"))
        ensure(["minio"])
        assert receipt("minio")["source"] == "official"


def test_proxy_variables_are_followed(
    tmp_path: Path, sources: Sources, monkeypatch: pytest.MonkeyPatch, tiny_modules: Path
) -> None:
    pki = tmp_path / "pki"
    pki.mkdir()
    certificates.make(pki)
    monkeypatch.setenv("SSL_CERT_FILE", str(pki / "ca.crt"))
    with FileServer(pki) as server, Proxy(server.port) as proxy, Proxy(server.port, refuse=403) as closed:
        server.put("/minio.tar.gz", ARCHIVE)
        sources(minio=[entry("https://kubernetes.default.svc/minio.tar.gz", ARCHIVE)])
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        ensure(["minio"])
        assert receipt("minio")["source"] == "official"
        assert set(proxy.asked) == {"kubernetes.default.svc:443"}

        monkeypatch.setenv("HTTPS_PROXY", closed.url)
        monkeypatch.setenv("KITCHEN_CACHE_DIR", str(tmp_path / "second"))
        ensure(["minio"])
        assert receipt("minio")["source"] == "build", "a proxy that refuses is a host that is blocked"

        sources(minio=[entry(server.url("/minio.tar.gz"), ARCHIVE)])
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("KITCHEN_CACHE_DIR", str(tmp_path / "third"))
        ensure(["minio"])
        assert receipt("minio")["source"] == "official"


def test_two_processes_at_once_download_once(tmp_path: Path, server: FileServer, sources: Sources) -> None:
    content, gate = script("minio", 640_000), threading.Event()
    sources(minio=[entry(server.put("/minio", content, How(gate=gate)), content, name="minio")])
    argv = [sys.executable, "-m", "tools.toolchain", "build", "minio"]
    logs = [tmp_path / "one.log", tmp_path / "other.log"]
    runs = [subprocess.Popen(argv, cwd=REPOSITORY, stderr=log.open("w")) for log in logs]
    while not any("waiting" in log.read_text() for log in logs):
        assert [run.poll() for run in runs] == [None, None]
        time.sleep(0.01)
    gate.set()
    assert [run.wait(60) for run in runs] == [0, 0]
    said = [log.read_text() for log in logs]
    assert sum("another process is installing it, waiting" in text for text in said) == 1
    assert sum("minio 2026-02-12: ready" in text for text in said) == 1
    assert server.whole("/minio") == 1, said


def test_a_killed_download_goes_on_where_it_was(tmp_path: Path, server: FileServer, sources: Sources) -> None:
    content = script("minio", 6_400_000)
    how = How(pause_seconds=0.05)
    sources(minio=[entry(server.put("/minio", content, how), content, name="minio")])
    run = subprocess.Popen([sys.executable, "-m", "tools.toolchain", "build", "minio"], cwd=REPOSITORY)
    parts = tmp_path / "cache" / "toolchain" / "downloads"
    while not any(path.stat().st_size > 200_000 for path in parts.glob("*.part")):
        assert run.poll() is None
        time.sleep(0.01)
    run.kill()
    run.wait()
    how.pause_seconds = 0
    ensure(["minio"])
    assert look_up("minio") is not None
    assert any(wanted not in ("", ASK) for _, wanted in server.asked)
    assert not list((tmp_path / "cache" / "toolchain").glob(".staging-*"))
