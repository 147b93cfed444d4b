"""The per-user cache: folders keyed by pins, filled in one rename, guarded by a lock."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tools.progress import say
from tools.toolchain.errors import Stopped, ToolchainError
from tools.toolchain.family import Family
from tools.toolchain.sums import RECEIPT

_GIB = 1024**3
_POLL_SECONDS = 0.2


def cache_root() -> Path:
    """The cache folder: `KITCHEN_CACHE_DIR`, else `private-ai-kitchen` under the user's cache folder."""
    chosen = os.environ.get("KITCHEN_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "private-ai-kitchen"


def folder_of(family: Family) -> Path:
    """Where the family lies once it is installed; the name changes with every pin."""
    return cache_root() / "toolchain" / f"{family.name}-{family.key()}"


def receipt(family: Family) -> dict[str, Any] | None:
    """The family's receipt, or None while it is not installed."""
    try:
        loaded: dict[str, Any] = json.loads((folder_of(family) / RECEIPT).read_text())
    except (OSError, ValueError):
        return None
    return loaded


@contextmanager
def locked(family: Family, stop: threading.Event | None = None) -> Iterator[None]:
    """Hold the family's lock; a second installer waits and says so once. Raises Stopped once `stop` is set."""
    root = cache_root() / "toolchain"
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = (root / f".{family.name}.lock").open("w")
    except OSError as error:
        raise ToolchainError(
            f"cache folder {cache_root()}: {error.strerror}; rule: it must be a writable folder; "
            "example: KITCHEN_CACHE_DIR=$HOME/.cache/private-ai-kitchen"
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"{family.name}: another process is installing it, waiting")
            _wait(handle, stop or threading.Event())
        yield


def _wait(handle: IO[str], stop: threading.Event) -> None:
    while True:
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stop.wait(_POLL_SECONDS):
            raise Stopped


@contextmanager
def staging(family: Family) -> Iterator[Path]:
    """Yield an empty folder that becomes the family's folder when the block ends well, and vanishes when not.

    Must run under `locked`: leftovers of interrupted installers are removed first.
    """
    target = folder_of(family)
    prefix = f".staging-{family.name}."  # the dot tells `kubernetes` from `kubernetes-provider`
    for stale in target.parent.glob(f"{prefix}*"):
        shutil.rmtree(stale, ignore_errors=True)
    check_space(target.parent, family.needed_gib)
    stage = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        yield stage
        if target.exists():
            shutil.rmtree(target)
        stage.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(target.parent, family.needed_gib) from error
        raise ToolchainError(f"{family.name}: {error}") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def check_space(folder: Path, needed_gib: float) -> None:
    """Raise ToolchainError when the folder's file system has less than `needed_gib` GiB free."""
    if shutil.disk_usage(folder).free < needed_gib * _GIB:
        raise no_space(folder, needed_gib)


def no_space(folder: Path, needed_gib: float) -> ToolchainError:
    """The message for a full disk."""
    free = shutil.disk_usage(folder).free / _GIB
    return ToolchainError(
        f"no space in the cache folder {folder}: {free:.1f} GiB free, {needed_gib:.1f} GiB needed; "
        "free some space or choose another folder; example: KITCHEN_CACHE_DIR=/big/disk/kitchen-cache"
    )


def write_receipt(folder: Path, content: dict[str, Any]) -> None:
    """Write the receipt that marks a folder as complete, in one rename."""
    fresh = folder / f".{RECEIPT}.{os.getpid()}"
    fresh.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    fresh.replace(folder / RECEIPT)
