"""What downloads and desktops leave beside the files of an artifact: no part of it, and left where it is."""

from __future__ import annotations

from pathlib import Path

_FOLDERS = (".cache", ".git", ".ipynb_checkpoints", "__MACOSX")
_FILES = (".gitattributes", ".gitignore", ".gitmodules", ".DS_Store", "Thumbs.db", "desktop.ini")


def is_left_out(path: Path) -> bool:
    """Whether an entry of an artifact's folder is one of these: `hf download` makes .cache, git .git and so on.

    A link or a pipe of such a name is none.
    """
    if path.name not in (*_FOLDERS, *_FILES) or path.is_symlink():
        return False
    return path.is_dir() if path.name in _FOLDERS else path.is_file()
