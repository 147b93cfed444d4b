"""Lays downloaded files into a family's folder. Nothing in an archive can choose where it lands."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from tools.toolchain.errors import ToolchainError
from tools.toolchain.family import Family
from tools.toolchain.files import RemoteFile, data_folders, executables


def lay(family: Family, file: RemoteFile, content: Path, stage: Path) -> None:
    """Take one plain executable, or what the family needs of a `.tar.gz`; raise ToolchainError if it is neither."""
    if file.name:
        with content.open("rb") as source:
            _write(source, stage / file.name, 0o755)
        return
    try:
        with tarfile.open(content, "r:gz") as tar:
            _unpack(family, tar, stage)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ToolchainError(f"{file.url} is not a readable .tar.gz: {error}") from error


def complete(family: Family, files: tuple[RemoteFile, ...], stage: Path) -> None:
    """Raise ToolchainError if anything of the family is lacking."""
    lacking = [name for name in sorted(executables(family)) if not (stage / name).is_file()]
    lacking += [f"files in {folder}" for folder in sorted(data_folders(family)) if not (stage / folder).is_dir()]
    if lacking:
        places = ", ".join(file.url for file in files)
        raise ToolchainError(f"{places} lacks {', '.join(lacking)}")


def _unpack(family: Family, tar: tarfile.TarFile, stage: Path) -> None:
    """Take regular files alone: executables by base name, data by a folder that the family knows."""
    wanted, folders = set(executables(family)), data_folders(family)
    for member in tar:
        path = PurePosixPath(member.name)
        if not member.isfile():
            continue
        if path.name in wanted:
            target, mode = stage / path.name, 0o755
            wanted.discard(path.name)
        elif str(path.parent) in folders:
            target, mode = stage / path.parent / path.name, 0o644
        else:
            continue
        if (content := tar.extractfile(member)) is not None:
            _write(content, target, mode)
        if not wanted and not folders:
            return  # the rest of a large archive need not be decompressed


def _write(content: IO[bytes], target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        shutil.copyfileobj(content, out, 1024 * 1024)
    target.chmod(mode)
