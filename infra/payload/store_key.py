"""The key of the object store from the files of a mounted Secret, which follow the Secret while the pod runs.

Read anew before each use, on Python 3.9+: variables hold the key that a container was started with, until it ends. No
message shows what a file holds.
"""

from __future__ import annotations

from pathlib import Path

from .receiving import BAD_INPUT, FetchError

FILES = {"AWS_ACCESS_KEY_ID": "aws_access_key_id", "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key"}
"""Files of the Secret, and what boto3 calls their content."""

_ATTEMPTS = 3


class StoreKey:
    """A folder with a file for each of FILES."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet."""
        self._folder = folder
        self._mounted = self._mark()

    def read(self) -> dict[str, str]:
        """Both halves of one key, by boto3's names; raise FetchError where the files do not hold them."""
        for _ in range(_ATTEMPTS):
            before = self._mark()
            found = {name: _text(self._folder / file) for file, name in FILES.items()}
            if self._mark() == before:  # else the halves may be of two keys
                return found
        raise FetchError(f"{self._folder}: changes all the time; rule: a Secret, mounted as a folder", BAD_INPUT)

    def changed(self) -> bool:
        """Whether another key lies there than at the last question."""
        before, self._mounted = self._mounted, self._mark()
        return self._mounted != before

    def _mark(self) -> list[tuple[int, int, int]] | None:
        """What is another one as soon as the kubelet has changed the files: it makes new ones, and turns a link."""
        try:
            stats = [(self._folder / file).stat() for file in FILES]
        except OSError:
            return None
        return [(entry.st_ino, entry.st_mtime_ns, entry.st_size) for entry in stats]


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise FetchError(f"{path}: cannot be read: {reason}; rule: one half of the store's key", BAD_INPUT) from None
    if not text:
        raise FetchError(f"{path}: empty; rule: one half of the store's key", BAD_INPUT)
    return text
