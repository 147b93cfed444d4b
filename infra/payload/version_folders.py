"""Folders of versions on a volume, and their sizes: what goes away meanwhile, by a person or a node, is not there.

On Python 3.9+ and nothing else.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def folders(folder: Path) -> list[Path]:
    """Those in it that are no links."""
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        return [Path(entry.path) for entry in found if entry.is_dir(follow_symlinks=False)]
    return []


def size(folder: Path) -> int:
    """Bytes of its files, as far as they are there when they are looked at."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(path, name).lstat().st_size
    return total
