"""Tables of commands, and a line of progress."""

from __future__ import annotations

from collections.abc import Sequence

from tools.progress import say

__all__ = ["say", "table"]


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Lay out rows in columns as wide as their longest cell."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
