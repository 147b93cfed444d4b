"""Bundles that were tampered with, as folder and as archive: each refused with its own message, nothing left behind."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.__main__ import main
from tests.support import bundle_tools as tools

ADAPTER = f"lora/{tools.FAQ}/adapter_model.safetensors"
CONFIG = f"lora/{tools.FAQ}/adapter_config.json"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tools.Keys]:
    folder = tmp_path_factory.mktemp("original")
    source = tools.artifacts(folder)
    digest = tools.image_layout(source / "images" / "tool")
    listed = tools.bring_in(folder, tools.entry("adapter", tools.FAQ), tools.image_entry(digest))
    signer = tools.keys(folder)
    words = ["--list", str(listed), "--from", str(source), "--to", str(folder / "bundle")]
    assert main(["bundle", "create", *words, "--archive", str(folder / "bundle.tar"), *signer.sign()]) == 0
    return folder, signer


def refused(bundle: Path, signer: tools.Keys, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The faults that verify tells, one line each; nothing beside the bundle has changed."""
    beside = {path.name for path in bundle.parent.iterdir()}
    capsys.readouterr()
    assert main(["bundle", "verify", str(bundle), *signer.trust()]) == 1
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert {path.name for path in bundle.parent.iterdir()} == beside
    return told.splitlines()[1:]


def _replace(bundle: Path, name: str, content: bytes) -> None:
    (bundle / name).write_bytes(content)


def _flipped(bundle: Path) -> None:
    content = bytearray((bundle / ADAPTER).read_bytes())
    content[-1] ^= 1
    _replace(bundle, ADAPTER, bytes(content))


def _swapped(bundle: Path) -> None:
    blobs = (bundle / "images" / "tool" / "blobs" / "sha256").iterdir()
    one, two = (path for path in blobs if path.read_bytes().startswith(b"layer of"))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def _manifest_changed(bundle: Path) -> None:
    path = bundle / "bundle.json"
    path.write_text(path.read_text().replace("Apache-2.0", "MIT"))


def _linked(bundle: Path) -> None:
    (bundle / CONFIG).unlink()
    (bundle / CONFIG).symlink_to("/etc/hostname")


def _hard_linked(bundle: Path) -> None:
    os.link(bundle / CONFIG, bundle.parent / "other")


def _pipe(bundle: Path) -> None:
    (bundle / CONFIG).unlink()
    os.mkfifo(bundle / CONFIG)


FOLDERS: list[tuple[Callable[[Path], object], int, str]] = [
    (_flipped, 1, f"{ADAPTER}: "),
    (_swapped, 2, "the manifest's sha256 sum"),
    (_manifest_changed, 1, 'bundle.sig: "another bundle.json"'),
    (_linked, 2, f'{CONFIG}: "symbolic link"'),
    (_hard_linked, 2, f'{CONFIG}: "hard link"'),
    (_pipe, 2, f'{CONFIG}: "device, pipe or socket"'),
    (lambda bundle: (bundle / CONFIG).unlink(), 1, f"{CONFIG}: missing"),
    (lambda bundle: _replace(bundle, "extra", b"x"), 1, 'extra: "extra file"'),
    (lambda bundle: (bundle / "empty").mkdir(), 1, 'empty: "folder"'),
    (lambda bundle: _replace(bundle, f"lora/{tools.FAQ}/ADAPTER_CONFIG.json", b"x"), 2, "differ in more than case"),
    (lambda bundle: os.truncate(bundle / ADAPTER, 2**40), 1, "1099511627776; rule: must have the manifest's size"),
    (lambda bundle: (bundle / "bundle.json").unlink(), 1, "bundle.json: missing"),
    (lambda bundle: (bundle / "bundle.sig").unlink(), 1, "bundle.sig: missing"),
    (lambda bundle: _replace(bundle, "bundle.sig", b"{}"), 1, 'bundle.sig: "unusable"'),
    (lambda bundle: _replace(bundle, "bundle.sig", b"\xff" * 100), 1, 'bundle.sig: "unusable"'),
    (lambda bundle: _replace(bundle, "bundle.json", b"x" * (17 * 2**20)), 1, "at most 16777216 bytes"),
]


@pytest.mark.parametrize(("change", "count", "expected"), FOLDERS)
def test_a_folder_that_was_changed(  # noqa: PLR0917 - pytest gives them by name
    original: tuple[Path, tools.Keys],
    tmp_path: Path,
    change: Callable[[Path], object],
    count: int,
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, signer = original
    bundle = tmp_path / "bundle"
    shutil.copytree(folder / "bundle", bundle)
    change(bundle)
    told = refused(bundle, signer, capsys)
    assert len(told) == count, told
    assert any(expected in line for line in told), told
    assert all("; rule: " in line and "; example: " in line for line in told)


def test_all_faults_are_told_at_once(
    original: tuple[Path, tools.Keys], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, signer = original
    shutil.copytree(folder / "bundle", tmp_path / "bundle")
    for change in (_flipped, lambda bundle: (bundle / CONFIG).unlink(), lambda bundle: _replace(bundle, "extra", b"")):
        change(tmp_path / "bundle")
    assert len(refused(tmp_path / "bundle", signer, capsys)) == 3


def _member(name: str, kind: bytes = tarfile.REGTYPE, content: bytes = b"x", **more: object) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content)
    for key, value in more.items():
        setattr(info, key, value)
    buffer = io.BytesIO(content)
    whole = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape") + buffer.read()
    return whole + bytes(-len(whole) % 512)


def _renamed(content: bytes, old: str, new: str) -> bytes:
    """Give a member another name of the same length, with the checksum of its header put right."""
    assert len(old) == len(new)
    start = content.index(old.encode() + b"\0")
    header = bytearray(content[start : start + 512])
    header[: len(new)] = new.encode()
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return content[:start] + bytes(header) + content[start + 512 :]


def _sized(content: bytes, name: str, size: int) -> bytes:
    start = content.index(name.encode() + b"\0")
    header = bytearray(content[start : start + 512])
    header[124:136] = b"%011o\0" % size
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return content[:start] + bytes(header) + content[start + 512 :]


def _zip(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bundle.json", "{}")
    return buffer.getvalue()


ARCHIVES: list[tuple[Callable[[bytes], bytes], str]] = [
    (lambda tar: _member("../evil") + tar, "must stay in the bundle: no .."),
    (lambda tar: _member("a/../../evil") + tar, "must stay in the bundle: no .."),
    (lambda tar: _member("/etc/evil") + tar, "must be relative"),
    (lambda tar: _member("a\\evil") + tar, "no backslash"),
    (lambda tar: _member("a\nevil") + tar, "no control characters"),
    (lambda tar: _member("C:evil") + tar, "no colon"),
    (lambda tar: _member("a/./evil") + tar, "no empty or . part"),
    (lambda tar: _member("évil/" + "x" * 200) + tar, '"extra file"'),
    (lambda tar: _member("link", tarfile.SYMTYPE, b"", linkname="/etc/passwd") + tar, 'link: "symbolic link"'),
    (lambda tar: _member("link", tarfile.LNKTYPE, b"", linkname=CONFIG) + tar, 'link: "hard link"'),
    (lambda tar: _member("device", tarfile.CHRTYPE, b"") + tar, 'device: "character device"'),
    (lambda tar: _member("device", tarfile.BLKTYPE, b"") + tar, 'device: "block device"'),
    (lambda tar: _member("pipe", tarfile.FIFOTYPE, b"") + tar, 'pipe: "pipe"'),
    (lambda tar: _member("folder", tarfile.DIRTYPE, b"") + tar, '"folder"; rule: a bundle holds'),
    (lambda tar: _member("sparse", tarfile.GNUTYPE_SPARSE) + tar, 'sparse: "sparse file"'),
    (lambda tar: _member("s", pax_headers={"GNU.sparse.realsize": str(2**50)}) + tar, "GNU.sparse.realsize"),
    (lambda tar: _member("long", tarfile.GNUTYPE_LONGNAME, b"evil") + tar, 'long: "GNU long name"'),
    (lambda tar: _member("x", tarfile.XHDTYPE, b"x" * 100_000) + tar, "an extended header has at most 65536 bytes"),
    (lambda tar: _member("x", tarfile.XHDTYPE, b"99 path=evil\n") + tar, "<length> <key>=<value>"),
    (lambda tar: _member("extra") + tar, 'extra: "extra file"'),
    (lambda tar: _member(CONFIG) + tar, f'{CONFIG}: "twice"'),
    (lambda tar: _renamed(tar, CONFIG, CONFIG.upper()), f"{CONFIG}: missing"),
    (lambda tar: _member(CONFIG.upper()) + tar, "differ in more than case"),
    (lambda tar: _sized(tar, ADAPTER, 10**9), "the archive ends inside this member of 1000000000 bytes"),
    (lambda tar: _sized(tar, ADAPTER, 1), "must be an uncompressed tar"),
    (lambda tar: tar[: len(tar) // 2], "it is truncated"),
    (lambda tar: tar[:-1024], "must end in two empty blocks"),
    (lambda tar: tar[:-512], "must end in two empty blocks"),
    (lambda tar: tar + b"x", "nothing may follow the end"),
    (lambda tar: tar[:1000] + bytes([tar[1000] ^ 1]) + tar[1001:], "bundle.sig: "),
    (_zip, '"a zip file"; rule: must be an uncompressed tar'),
    (lambda tar: b"\x1f\x8b" + tar, '"a gzip file"; rule: must be an uncompressed tar'),
    (lambda tar: b"text" * 200, "no tar header"),
    (lambda tar: b"", "it is truncated"),
]


@pytest.mark.parametrize(("change", "expected"), ARCHIVES)
def test_an_archive_that_was_changed(
    original: tuple[Path, tools.Keys],
    tmp_path: Path,
    change: Callable[[bytes], bytes],
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, signer = original
    bundle = tmp_path / "bundle.tar"
    bundle.write_bytes(change((folder / "bundle.tar").read_bytes()))
    told = refused(bundle, signer, capsys)
    assert any(expected in line for line in told), told
    assert len(told) == 1 or "truncated" not in told[0], "what follows from a broken archive is not told"
    assert not (tmp_path.parent / "evil").exists()


def test_a_file_of_more_than_eight_gibibytes_is_listed(tmp_path: Path) -> None:
    """The listing alone: `open_source` refuses an archive that, as this one, was never written."""
    from ops.bundle.tar import read_archive

    info = tarfile.TarInfo("model.safetensors")
    info.size = 9 * 2**30
    header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
    path = tmp_path / "large.tar"
    path.write_bytes(header)
    os.truncate(path, len(header) + info.size + 1024)
    source = read_archive(path)
    entry = source.entries["model.safetensors"]
    assert (entry.size, entry.offset) == (info.size, len(header))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda data: data.update(colour="red"), "bundle.json: colour"),
        (lambda data: data.update(formatVersion=2), "bundle.json: formatVersion"),
        (lambda data: data["artifacts"][0]["files"][0].update(path="lora/../../evil"), "no .."),
        (lambda data: data["artifacts"][0]["files"][0].update(path="lora/other"), "must lie in its own folder"),
        (lambda data: data["artifacts"].append(data["artifacts"][0]), "an artifact stands once"),
        (lambda data: data["artifacts"][0]["files"][0].update(sha256="0"), "files.0.sha256"),
        (lambda data: data["artifacts"][0].update(licence="\ud800"), "has half of a surrogate pair in a text"),
        (lambda data: data["artifacts"][-1].update(version="v2026-02-30"), "an adapter's version is v and a day that"),
    ],
)
def test_a_signed_manifest_must_have_its_form(
    original: tuple[Path, tools.Keys],
    tmp_path: Path,
    change: Callable[[object], object],
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whoever signed: a manifest that leads out of the bundle is not followed."""
    from ops.bundle.signing import sign
    from ops.signing import Signer

    folder, signer = original
    bundle = tmp_path / "bundle"
    shutil.copytree(folder / "bundle", bundle)
    data = json.loads((bundle / "bundle.json").read_text())
    change(data)
    content = json.dumps(data).encode()
    (bundle / "bundle.json").write_bytes(content)
    (bundle / "bundle.sig").write_bytes(sign(content, Signer(private_key=signer.private)))
    told = refused(bundle, signer, capsys)
    assert any(expected in line for line in told), told


def test_a_name_that_is_no_text_is_told_to_programs_too(original: tuple[Path, tools.Keys], tmp_path: Path) -> None:
    """On a terminal that takes nothing but UTF-8 as well."""
    folder, signer = original
    bundle = tmp_path / "bundle"
    shutil.copytree(folder / "bundle", bundle)
    Path(os.fsdecode(os.fsencode(bundle) + b"/\xff.json")).touch()
    words = [sys.executable, "-m", "ops", "bundle", "verify", str(bundle), *signer.trust(), "--json"]
    strict = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run(words, env=strict, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "no control characters in a name" in {fault["rule"] for fault in json.loads(done.stdout)["faults"]}


def test_a_signature_that_ignores_what_it_is_over_is_refused(
    original: tuple[Path, tools.Keys], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Model Signing's library believes such a signature of the right key over any content."""
    from model_signing import hashing, signing, verifying

    folder, signer = original
    bundle = tmp_path / "bundle"
    shutil.copytree(folder / "bundle", bundle)
    nothing = hashing.Config().use_file_serialization(hashing_algorithm="sha256").set_ignored_paths(paths=["."])
    config = signing.Config().use_elliptic_key_signer(private_key=signer.private).set_hashing_config(nothing)
    config.sign(bundle / "bundle.json", bundle / "bundle.sig")
    _manifest_changed(bundle)
    believing = verifying.Config().use_elliptic_key_verifier(public_key=signer.public)
    believing.verify(bundle / "bundle.json", bundle / "bundle.sig")
    assert any("must cover bundle.json by its sha256 sum" in line for line in refused(bundle, signer, capsys))
