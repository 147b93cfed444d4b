"""Modules of a base that are those of the work tree, byte by byte: what Python has compiled of one is the other's."""

from __future__ import annotations

import os
import shutil
import stat
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

_HEADER = 16
"""Bytes before the code: magic number, flags, and time and size of the source (PEP 552)."""


def share(project: Path, tree: Path) -> int:
    """Give the modules of `tree` what is compiled of the same modules of `project`; how many there were.

    Only what Python itself would take of the module in `project` counts, and of that only what it compares with the
    source. So what somebody has put into Git beside a module is given to nobody.
    """
    number = 0
    for folder, _, names in os.walk(tree):
        for name in names:
            new = Path(folder, name)
            old = project / new.relative_to(tree)
            if name.endswith(".py") and _is_file(new) and _is_file(old) and _shared(old, new):
                number += 1
    return number


def _is_file(path: Path) -> bool:
    return path.exists() and stat.S_ISREG(path.lstat().st_mode)


def _shared(old: Path, new: Path) -> bool:
    source, compiled = old.stat(), Path(cache_from_source(str(old)))
    stated = [int(source.st_mtime) & 0xFFFFFFFF, source.st_size & 0xFFFFFFFF]
    header = MAGIC_NUMBER + b"".join(number.to_bytes(4, "little") for number in (0, *stated))
    if not _is_file(compiled) or old.read_bytes() != new.read_bytes():
        return False
    with compiled.open("rb") as file:
        if file.read(_HEADER) != header:
            return False
    target = Path(cache_from_source(str(new)))
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(compiled, target)
    os.utime(new, ns=(source.st_atime_ns, source.st_mtime_ns))
    return True
