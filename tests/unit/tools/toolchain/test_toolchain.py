"""The toolchain's sources, cache and messages, without any long build."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import tarfile
import threading
from pathlib import Path

import pytest

from tests.unit.support.file_server import FileServer
from tests.unit.support.toolchain_sources import archive
from tools.toolchain import build, cache, ensure, environment, look_up, mirror, onpath
from tools.toolchain.__main__ import main
from tools.toolchain.errors import Stopped, ToolchainError
from tools.toolchain.families import APART, FAMILIES
from tools.toolchain.family import Family
from tools.toolchain.go import finish

MINIO = FAMILIES["minio"]


def mirror_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    path = tmp_path / "mirror.yaml"
    path.write_text(text)
    monkeypatch.setenv("KITCHEN_MIRROR_FILE", str(path))
    return path


def nothing_installed(tmp_path: Path) -> bool:
    return look_up("minio") is None and not list((tmp_path / "cache" / "toolchain").glob("*minio-*"))


def test_archive_with_right_sum_is_installed_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FileServer
) -> None:
    content = archive(("minio-release/bin/minio", "../../evil", "minio-release/README"))
    server.put("/minio.tar.gz", content)
    digest = hashlib.sha256(content).hexdigest()
    mirror_with(
        tmp_path, monkeypatch, f"families: {{minio: {{url: '{server.url('/minio.tar.gz')}', sha256: {digest}}}}}"
    )
    ensure(["minio"])
    found = look_up("minio")
    assert found is not None
    assert found.source == "mirror"
    assert sorted(p.name for p in found.folder.iterdir()) == ["minio", "receipt.json"]
    assert not (tmp_path / "evil").exists()
    assert str(found.folder) in environment(["minio"])["PATH"].split(":")[0]
    before = (found.folder / "receipt.json").stat().st_mtime_ns
    ensure(["minio"])
    assert (found.folder / "receipt.json").stat().st_mtime_ns == before


def test_archive_with_wrong_sum_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FileServer
) -> None:
    server.put("/minio.tar.gz", archive(("minio",)))
    wrong = "0" * 64
    mirror_with(
        tmp_path, monkeypatch, f"families: {{minio: {{url: '{server.url('/minio.tar.gz')}', sha256: '{wrong}'}}}}"
    )
    with pytest.raises(ToolchainError, match=f"rule: the mirror file says {wrong}; nothing was installed"):
        ensure(["minio"])
    assert nothing_installed(tmp_path)


def test_data_files_come_in_their_folders_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FileServer
) -> None:
    folders = sorted({files.target for source in FAMILIES["crds"].data for files in source.files})
    inside = tuple(f"{folder}/one.yaml" for folder in folders)
    monkeypatch.setitem(FAMILIES, "crds", dataclasses.replace(FAMILIES["crds"], needed_gib=0.001))

    def install(names: tuple[str, ...]) -> None:
        content = archive(names)
        server.put("/crds.tar.gz", content)
        digest = hashlib.sha256(content).hexdigest()
        mirror_with(
            tmp_path, monkeypatch, f"families: {{crds: {{url: '{server.url('/crds.tar.gz')}', sha256: {digest}}}}}"
        )
        ensure(["crds"])

    with pytest.raises(ToolchainError, match=f"lacks files in {folders[0]}"):
        install(inside[1:])
    install((*inside, "crds/../../evil.yaml", "/etc/evil.yaml", "other/one.yaml"))
    found = look_up("crds")
    assert found is not None
    files = {path.relative_to(found.folder).as_posix() for path in found.folder.rglob("*") if path.is_file()}
    assert files == {*inside, "receipt.json"}
    assert not list(tmp_path.rglob("evil.yaml"))


def test_archive_without_the_executable_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FileServer
) -> None:
    content = archive(("something-else",))
    server.put("/minio.tar.gz", content)
    digest = hashlib.sha256(content).hexdigest()
    mirror_with(
        tmp_path, monkeypatch, f"families: {{minio: {{url: '{server.url('/minio.tar.gz')}', sha256: {digest}}}}}"
    )
    with pytest.raises(ToolchainError, match="lacks minio"):
        ensure(["minio"])
    assert nothing_installed(tmp_path)


def test_unreachable_mirror_says_which_entry_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = mirror_with(
        tmp_path,
        monkeypatch,
        f"families: {{minio: {{url: 'http://127.0.0.1:9/m.tar.gz', sha256: '{'1' * 64}'}}}}",
    )
    assert main(["build", "minio"]) == 1
    message = capsys.readouterr().err
    assert "http://127.0.0.1:9/m.tar.gz cannot be had" in message
    assert str(path) in message
    assert "Traceback" not in message
    assert nothing_installed(tmp_path)


def test_all_faults_of_the_mirror_file_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = mirror_with(
        tmp_path,
        monkeypatch,
        "families:\n  minio: {url: 'ftp://mirror.example.com/m', sha256: abc}\n  etcdd: {}\n"
        "  pulumi: {url: 'https://mirror.example.com/p', colour: red}\n",
    )
    with pytest.raises(ToolchainError) as raised:
        mirror.archives(path)
    text = str(raised.value)
    for expected in (
        "families.minio.url: 'ftp://mirror.example.com/m'; rule: an http or https address",
        "families.minio.sha256: 'abc'; rule: 64 lower-case hexadecimal digits",
        "families.etcdd: rule: one of",
        "families.pulumi.colour: unknown key",
        "families.pulumi.sha256: missing; rule: no checksum, no use",
    ):
        assert expected in text


def test_key_changes_with_every_pin_and_source() -> None:
    assert MINIO.key() == MINIO.key()
    assert dataclasses.replace(MINIO, version="2026-02-13").key() != MINIO.key()
    assert len({family.key() for family in FAMILIES.values()}) == len(FAMILIES)


def test_build_tags_are_part_of_the_key_and_leave_that_of_families_without_them_alone() -> None:
    tagged = FAMILIES["prometheus"]
    assert dataclasses.replace(tagged, tags="").key() != tagged.key() != dataclasses.replace(tagged, tags="x").key()
    assert Family(name="nowhere", version="1").key() == "bbaf3679556a", "what is installed is not built again"


def test_interrupted_install_leaves_nothing_and_stale_folders_are_removed(tmp_path: Path) -> None:
    family = FAMILIES["minio"]
    stale = tmp_path / "cache" / "toolchain" / ".staging-minio.old"
    stale.mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt), cache.locked(family), cache.staging(family) as stage:
        (stage / "minio").write_text("half")
        raise KeyboardInterrupt
    assert not stale.exists()
    assert nothing_installed(tmp_path)


def test_a_family_leaves_the_unfinished_work_of_another_alone() -> None:
    """Both are installed side by side, and one name begins like the other."""
    one, other = FAMILIES["kubernetes-provider"], FAMILIES["kubernetes"]
    with cache.locked(one), cache.locked(other), cache.staging(one) as first, cache.staging(other) as second:
        assert first.is_dir()
        assert second.is_dir()


def test_second_installer_waits_for_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    family = FAMILIES["minio"]
    entered = threading.Event()

    def second() -> None:
        with cache.locked(family):
            entered.set()

    with cache.locked(family):
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.3)
    thread.join(60)
    assert entered.is_set()
    assert "another process is installing it" in capsys.readouterr().err


def test_a_waiting_installer_ends_with_its_run() -> None:
    stop = threading.Event()
    stop.set()
    with cache.locked(MINIO), pytest.raises(Stopped), cache.locked(MINIO, stop):
        pass


def test_a_build_ends_with_its_run(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with (tmp_path / "log").open("w") as log, pytest.raises(Stopped):
        finish(["sh", "-c", "sleep 5; touch ended"], tmp_path, log.fileno(), stop)
    assert not (tmp_path / "ended").exists(), "it was ended, not waited for"


def test_links_in_an_archive_are_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FileServer
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        real = tarfile.TarInfo("other")
        real.size = 4
        tar.addfile(real, io.BytesIO(b"text"))
        link = tarfile.TarInfo("bin/minio")
        link.type, link.linkname = tarfile.LNKTYPE, "other"
        tar.addfile(link)
    content = buffer.getvalue()
    url, digest = server.put("/minio.tar.gz", content), hashlib.sha256(content).hexdigest()
    mirror_with(tmp_path, monkeypatch, f"families: {{minio: {{url: '{url}', sha256: {digest}}}}}")
    with pytest.raises(ToolchainError, match="lacks minio"):
        ensure(["minio"])


def test_full_disk_is_told_before_the_work_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(FAMILIES, "minio", dataclasses.replace(MINIO, needed_gib=10**7))
    with pytest.raises(ToolchainError, match=r"no space in the cache folder .* GiB free, 10000000.0 GiB needed"):
        ensure(["minio"])
    assert nothing_installed(tmp_path)


def test_unwritable_cache_folder_is_one_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.setenv("KITCHEN_CACHE_DIR", str(blocker))
    with pytest.raises(ToolchainError, match="rule: it must be a writable folder"):
        ensure(["minio"])


def test_unreachable_module_source_is_one_message_with_the_end_of_the_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "empty-module-cache"))
    monkeypatch.setenv("GOFLAGS", "-modcacherw")
    assert main(["build", "crds"]) == 1
    message = capsys.readouterr().err
    assert "must be reachable through GOPROXY (http://127.0.0.1:9)" in message
    assert "Traceback" not in message


def test_module_with_another_sum_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(build.Go, "run", lambda *_: '{"Sum": "h1:other=", "Dir": "/nowhere"}')
    with pytest.raises(ToolchainError, match="has sum h1:other=; rule: it must be h1:"):
        build.build(FAMILIES["crds"], tmp_path)


def on_path(monkeypatch: pytest.MonkeyPatch, folder: Path, **says: str) -> None:
    """Put executables that print a text on PATH, and nothing else but the system's own."""
    folder.mkdir(exist_ok=True)
    for name, text in says.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\necho '{text}'\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv("KITCHEN_TOOLCHAIN_IGNORE_PATH", raising=False)


@pytest.mark.parametrize(
    ("family", "says", "accepted"),
    [
        ("pulumi", "v3.259.0", True),
        ("pulumi", "v3.300.1", True),
        ("pulumi", "v3.258.9", False),
        ("pulumi", "v4.0.0", False),
        ("pulumi", "v2.999.0", False),
        ("kwok", "kwok version v0.7.3 go1.25 (linux/amd64)", True),
        ("kwok", "kwok version v0.8.0 go1.25 (linux/amd64)", False),
        ("minio", "minio version RELEASE.2025-10-15T17-29-55Z (commit-id=9e49d5e7a648)", True),
        ("minio", "minio version RELEASE.2023-01-31T02-24-19Z (commit-id=3c9b2f0f2a55)", False),
        ("minio", "minio version DEVELOPMENT.GOGET", False),
    ],
)
def test_only_a_compatible_version_is_taken_from_path(
    family: str, says: str, accepted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch, tmp_path / "bin", **{family: says})
    assert (onpath.find(FAMILIES[family]) is not None) == accepted


def test_the_language_host_is_the_one_beside_the_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(monkeypatch, tmp_path / "bin", pulumi="v3.300.0")
    assert look_up("language-python") is None
    made = tmp_path / "cache" / "toolchain" / f"language-python-{FAMILIES['language-python'].key()}"
    made.mkdir(parents=True)
    for name in ("pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python"):
        (made / name).write_text("#!/bin/sh\n")
        (made / name).chmod(0o755)
    (made / "receipt.json").write_text('{"version": "3.259.0", "source": "build"}')
    folders = environment(["pulumi", "language-python"])["PATH"].split(":")
    assert folders[:2] == [str(tmp_path / "bin"), str(made)], "a host built here serves a CLI that has none"
    on_path(monkeypatch, tmp_path / "bin", pulumi_language_python="", pulumi_language_python_exec="")
    found = look_up("language-python")
    assert found is not None
    assert (found.source, found.version, found.folder) == ("path", "3.300.0", tmp_path / "bin")
    assert environment(["pulumi", "language-python"])["PATH"].split(":")[0] == str(tmp_path / "bin")


def test_the_place_of_the_engine_log_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITCHEN_CACHE_DIR", str(tmp_path))
    old = tmp_path / "pulumi-home" / "logs" / "organization+kitchen+dev-20260101T000000.log"
    old.parent.mkdir(parents=True)
    old.write_text("what an earlier version kept")
    for _ in range(2):
        assert environment([])["PULUMI_HOME"] == str(tmp_path / "pulumi-home")
        assert "docs/adr/0023" in old.parent.read_text()


def test_unknown_family_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "podman"]) == 1
    assert "podman: unknown tool family; rule: one of pulumi" in capsys.readouterr().err


def test_check_names_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(FAMILIES) - len(APART) + 1
    assert all("missing" in line for line in lines[1:])


def test_what_tests_of_their_own_need_is_provided_by_its_name_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", *APART]) == 1
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]] == list(APART)
