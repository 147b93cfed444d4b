"""A stream that breaks off, as answers of stores do."""

from __future__ import annotations

from collections.abc import Callable


class CutStream:
    """Gives `content`; after `left` bytes, where a number is given, it raises what `error` makes."""

    def __init__(self, content: bytes, left: int | None, error: Callable[[], Exception]) -> None:
        self.content, self.left, self.error = content, left, error

    def read(self, count: int) -> bytes:
        if self.left is not None:
            if not self.left:
                raise self.error()
            count = min(count, self.left)
            self.left -= count
        piece, self.content = self.content[:count], self.content[count:]
        return piece

    def close(self) -> None:
        pass
