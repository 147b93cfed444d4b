"""Archives on the organisation's own mirror, named with their sha256 in one small YAML file.

The file is `tools/mirror.yaml` or the one that `KITCHEN_MIRROR_FILE` names:

    families:
      pulumi:
        url: https://mirror.kitchen.example/pulumi/pulumi-v3.259.0-linux-x64.tar.gz
        sha256: <64 hexadecimal digits>

An entry is a decision: when its archive cannot be had or its sum is wrong, nothing else is tried.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import yaml

from tools.toolchain.errors import ToolchainError
from tools.toolchain.families import FAMILIES, Family

CONNECT_TIMEOUT_SECONDS = 5.0
_SHA256 = re.compile(r"[0-9a-f]{64}")
_EXAMPLE = "example: pulumi: {url: https://mirror.kitchen.example/pulumi.tar.gz, sha256: <64 hex digits>}"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A `.tar.gz` that holds a family's executables, anywhere inside it, or its data files in their folders."""

    url: str
    sha256: str


def mirror_file() -> Path:
    """The mirror file in force, whether or not it exists."""
    chosen = os.environ.get("KITCHEN_MIRROR_FILE")
    return Path(chosen) if chosen else Path(__file__).resolve().parent.parent / "mirror.yaml"


def archives(path: Path | None = None) -> dict[str, Archive]:
    """Read the mirror file; all its faults are one ToolchainError. Without a file there are no archives."""
    path = path or mirror_file()
    if not path.exists():
        if os.environ.get("KITCHEN_MIRROR_FILE"):
            raise ToolchainError(f"KITCHEN_MIRROR_FILE: {path} does not exist; {_EXAMPLE}")
        return {}
    try:
        content = yaml.safe_load(path.read_text()) or {}
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise ToolchainError(f"{path}: not readable as YAML: {error}") from error
    entries = content.get("families") if isinstance(content, dict) else None
    if not isinstance(entries, dict):
        raise ToolchainError(f"{path}: families: rule: a mapping of tool family to archive; {_EXAMPLE}")
    faults = [fault for name, entry in entries.items() for fault in _faults(str(name), entry)]
    if faults:
        raise ToolchainError("\n".join(f"{path}: {fault}; {_EXAMPLE}" for fault in faults))
    return {str(name): Archive(url=entry["url"], sha256=entry["sha256"]) for name, entry in entries.items()}


def _faults(name: str, entry: object) -> list[str]:
    if name not in FAMILIES:
        return [f"families.{name}: rule: one of {', '.join(FAMILIES)}"]
    if not isinstance(entry, dict):
        return [f"families.{name}: {entry!r}; rule: a mapping with url and sha256"]
    found = [f"families.{name}.{key}: unknown key" for key in entry if key not in ("url", "sha256")]
    url, digest = str(entry.get("url", "")), entry.get("sha256")
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        found.append(f"families.{name}.url: {url!r}; rule: an http or https address")
    if digest is None:
        found.append(f"families.{name}.sha256: missing; rule: no checksum, no use")
    elif not _SHA256.fullmatch(str(digest)):
        found.append(f"families.{name}.sha256: {digest!r}; rule: 64 lower-case hexadecimal digits")
    return found


def install(family: Family, archive: Archive, stage: Path) -> None:
    """Download, check and unpack the archive into `stage`; raise ToolchainError otherwise."""
    download = stage / ".archive"
    actual = _download(family, archive, download)
    if actual != archive.sha256:
        raise ToolchainError(
            f"{family.name}: {archive.url} has sha256 {actual}; rule: the mirror file says {archive.sha256}; "
            "nothing was installed"
        )
    try:
        with tarfile.open(download, "r:gz") as tar:
            _unpack(family, tar, stage)
    except (tarfile.TarError, EOFError) as error:
        raise ToolchainError(f"{family.name}: {archive.url} is not a readable .tar.gz: {error}") from error
    download.unlink()
    missing = [binary.name for binary in family.binaries if not (stage / binary.name).is_file()]
    missing += [f"files in {folder}" for folder in sorted(_data_folders(family)) if not (stage / folder).is_dir()]
    if missing:
        raise ToolchainError(f"{family.name}: {archive.url} lacks {', '.join(missing)}")


def _download(family: Family, archive: Archive, target: Path) -> str:
    digest = hashlib.sha256()
    try:
        with (
            urllib.request.urlopen(archive.url, timeout=CONNECT_TIMEOUT_SECONDS) as answer,  # noqa: S310 (scheme checked)
            target.open("wb") as out,
        ):
            while chunk := answer.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
    except (urllib.error.URLError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise ToolchainError(
            f"{family.name}: {archive.url} cannot be had: {reason}; the entry in {mirror_file()} decides: "
            "make it reachable, or remove the entry to build from the pinned modules"
        ) from error
    return digest.hexdigest()


def _unpack(family: Family, tar: tarfile.TarFile, stage: Path) -> None:
    """Take regular files alone: executables by base name, data by a folder that the family knows.

    So nothing in an archive can choose where it lands.
    """
    wanted = {binary.name for binary in family.binaries}
    if family.name == "language-python":
        wanted |= {"pulumi-language-python-exec", "pulumi-resource-pulumi-python"}
    folders = _data_folders(family)
    for member in tar:
        path = PurePosixPath(member.name)
        if path.name in wanted:
            target, mode = stage / path.name, 0o755
        elif str(path.parent) in folders:
            target, mode = stage / path.parent / path.name, 0o644
        else:
            continue
        if member.isfile() and (content := tar.extractfile(member)) is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                shutil.copyfileobj(content, out)
            target.chmod(mode)


def _data_folders(family: Family) -> set[str]:
    return {files.target for source in family.data for files in source.files}
