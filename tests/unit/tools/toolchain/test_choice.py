"""Where a family comes from: the switch, its default, hosts that do not answer, the mirror file, the listing of it."""

from __future__ import annotations

import dataclasses
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.support.file_server import FileServer, How
from tests.unit.support.toolchain_sources import RECORD, archive, entry, write_sources
from tools.toolchain import ToolchainError, ensure, look_up, make_plan, official, reach
from tools.toolchain.__main__ import main
from tools.toolchain.families import APART, FAMILIES
from tools.toolchain.files import RemoteFile

ARCHIVE = archive(("minio",))


def remote(url: str) -> RemoteFile:
    return RemoteFile(url=url, algorithm="sha256", digest="0" * 64, said_by="nobody")


@pytest.fixture
def on_record(tmp_path: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Official sources that have MinIO on the loopback server."""
    path = write_sources(tmp_path / "official.yaml", minio=[entry(server.put("/minio.tar.gz", ARCHIVE), ARCHIVE)])
    monkeypatch.setenv(official.SOURCES, str(path))
    return path


@pytest.fixture
def mute() -> Iterator[str]:
    """A host that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def sources_of(names: tuple[str, ...]) -> dict[str, str]:
    return {choice.family.name: choice.source for choice in make_plan(names).choices}


@pytest.mark.parametrize("said", ["0", "off", "No"])
def test_switched_off_no_host_is_asked(
    server: FileServer, on_record: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setenv(official.SWITCH, said)
    plan = make_plan(["minio"])
    assert [choice.source for choice in plan.choices] == ["build"]
    assert plan.notes == (f"official archives are not asked for: {official.SWITCH}={said.lower()}",)
    assert server.asked == []


def test_a_switch_out_of_form_is_one_message(on_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(official.SWITCH, "perhaps")
    with pytest.raises(ToolchainError, match=f"{official.SWITCH}: 'perhaps'; rule: 1, 0 or not set; example"):
        make_plan(["minio"])


@pytest.mark.parametrize(
    ("proxy", "source"),
    [
        ("https://proxy.golang.org,direct", "official"),
        ("https://modules.kitchen.example,direct", "build"),
        ("off", "build"),
    ],
)
def test_without_the_switch_a_module_mirror_of_your_own_closes_official_hosts(
    server: FileServer, on_record: Path, monkeypatch: pytest.MonkeyPatch, proxy: str, source: str
) -> None:
    monkeypatch.delenv(official.SWITCH)
    monkeypatch.setenv("GOPROXY", proxy)
    assert sources_of(("minio",)) == {"minio": source}
    assert bool(server.asked) == (source == "official")


def test_without_the_switch_a_mirror_file_closes_official_hosts(
    tmp_path: Path, server: FileServer, on_record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror.yaml"
    mirror.write_text(yaml.safe_dump({"families": {"kwok": entry("http://127.0.0.1:9/kwok.tar.gz", b"")}}))
    monkeypatch.setenv("KITCHEN_MIRROR_FILE", str(mirror))
    monkeypatch.setenv("GOPROXY", f"https://{official.PUBLIC_GOPROXY}")
    monkeypatch.delenv(official.SWITCH)
    assert sources_of(("minio", "kwok")) == {"minio": "build", "kwok": "mirror"}
    assert server.asked == []
    monkeypatch.setenv(official.SWITCH, "1")
    assert sources_of(("minio", "kwok")) == {"minio": "official", "kwok": "mirror"}, "the mirror's entry decides"


def test_a_host_that_does_not_answer_means_a_build_and_one_line(
    tmp_path: Path,
    on_record: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny_modules: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_sources(on_record, minio=[entry("http://127.0.0.1:9/minio.tar.gz", ARCHIVE)])
    monkeypatch.setenv(official.SWITCH, "1")
    ensure(["minio"])
    found = look_up("minio")
    assert found is not None
    assert found.source == "build"
    lines = [line for line in capsys.readouterr().err.splitlines() if "127.0.0.1:9" in line]
    assert lines == [
        "toolchain: 127.0.0.1:9: Connection refused; built from pinned Go modules instead: minio "
        "(KITCHEN_TOOLCHAIN_OFFICIAL=0 does not ask these hosts)"
    ]


def test_a_silent_host_is_given_up_in_time(mute: str) -> None:
    found = reach.silent([remote(f"http://{mute}/a"), remote(f"http://{mute}/b")], 0.3)
    assert list(found) == [mute]
    assert "no answer" in found[mute]


@pytest.mark.parametrize(("status", "is_open"), [(200, True), (404, True), (500, True), (403, False), (407, False)])
def test_what_counts_as_an_answer(server: FileServer, status: int, is_open: bool) -> None:
    url = server.put("/file", b"content", How(status=status))
    found = reach.silent([remote(url)])
    assert (found == {}) == is_open
    if not is_open:
        assert f"blocked on the way (HTTP {status}" in found[f"127.0.0.1:{server.port}"]


def test_a_family_needs_all_its_hosts(server: FileServer, on_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = entry(server.put("/kube-apiserver", b"#!"), b"#!", name="kube-apiserver")
    there = entry("http://127.0.0.1:9/etcd.tar.gz", b"")
    write_sources(on_record, kubernetes=[here, there], minio=[entry(server.url("/minio.tar.gz"), ARCHIVE)])
    monkeypatch.setenv(official.SWITCH, "1")
    assert sources_of(("kubernetes", "minio")) == {"kubernetes": "build", "minio": "official"}


def test_a_moved_pin_is_built_until_its_sums_are_on_record(on_record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FAMILIES, "minio", dataclasses.replace(FAMILIES["minio"], version="2027-01-01"))
    recorded = official.on_record()["minio"]
    assert recorded.files == ()
    assert recorded.built == "the sums on record are those of version 2026-02-12, not of 2027-01-01"


def test_another_platform_is_built(on_record: Path) -> None:
    recorded = official.on_record(machine="plan9-mips")["minio"]
    assert recorded.files == ()
    assert "no sums for plan9-mips on record" in recorded.built


def test_all_faults_of_the_sources_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "official.yaml"
    content: dict[str, Any] = {name: {"built": "not here"} for name in FAMILIES if name != "crds"}
    good = {"url": "https://example.com/f", "sha256": "0" * 64, "read": [RECORD]}
    content["minio"] = {
        "version": "1",
        "files": {
            "linux-amd64": [
                {**good, "sha512": "0" * 128},
                {**good, "read": []},
                {**good, "read": [{**RECORD, "commit": "main"}]},
                {**good, "name": "etcd", "sha256": "A" * 64},
                "minio",
            ]
        },
    }
    content["kwok"] = {"version": "1"}
    content["podman"] = {"built": "no"}
    path.write_text(yaml.safe_dump({"families": content}))
    with pytest.raises(ToolchainError) as raised:
        official.on_record(path)
    text = str(raised.value)
    for expected in (
        "families.minio.files.linux-amd64[0]: sha256 and sha512; rule: one of them",
        "families.minio.files.linux-amd64[1].read: missing; rule: where the sum was read",
        "families.minio.files.linux-amd64[2].read[0].commit: 'main'; rule: 40 hexadecimal digits",
        "families.minio.files.linux-amd64[3].name: 'etcd'; rule: an executable of this family: minio",
        f"families.minio.files.linux-amd64[3].sha256: '{'A' * 64}'; rule: 64 lower-case hexadecimal digits",
        "families.minio.files.linux-amd64[4]: 'minio'; rule: a mapping with url and sha256",
        "families.kwok: rule: `version` and `files`, or `built`",
        "families.podman: rule: one of",
        "families.crds: missing; rule: files, or built with the reason",
    ):
        assert expected in text


def test_the_listing_says_what_would_be_fetched_and_asks_nobody(
    server: FileServer, on_record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(official.SWITCH, "1")
    assert main(["check", "--sources"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("official hosts: asked\n")
    url = server.url("/minio.tar.gz")
    for expected in (url, f"sha256 {entry(url, ARCHIVE)['sha256']}", "in example/sums sums.txt at 0123456789ab"):
        assert expected in text
    assert text.count("not in this test") == len(FAMILIES) - len(APART) - 1
    assert main(["check", "--sources", "--json", "minio"]) == 0
    row = json.loads(capsys.readouterr().out)["families"][0]
    assert (row["source"], row["files"][0]["url"]) == ("official", url)
    monkeypatch.setenv(official.SWITCH, "0")
    assert main(["check", "--sources", "minio"]) == 0
    assert f"official hosts are not asked: {official.SWITCH}=0; they have:" in capsys.readouterr().out
    assert server.asked == []


def test_the_listing_names_the_mirror_where_it_decides(
    tmp_path: Path, on_record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = tmp_path / "mirror.yaml"
    files = [entry("http://mirror.example.com/kube-apiserver", b"", "sha512", "kube-apiserver")]
    mirror.write_text(yaml.safe_dump({"families": {"kubernetes": {"files": files}}}))
    monkeypatch.setenv("KITCHEN_MIRROR_FILE", str(mirror))
    assert main(["check", "--sources", "kubernetes"]) == 0
    text = capsys.readouterr().out
    assert "kubernetes 1.34.2              mirror" in text
    assert f"in {mirror}" in text
    assert f"sha512 {files[0]['sha512']}" in text
