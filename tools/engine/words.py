"""Small words of every report: counts, lists, lines that fit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 100
"""Characters of a line on a screen that everybody has."""


def counted(number: int, word: str) -> str:
    """Return such as `1 kitchen` or `5 buckets`."""
    return f"{number} {word}" if number == 1 else f"{number} {word[:-1] + 'ies' if word.endswith('y') else word + 's'}"


def some(names: Iterable[str], most: int = 8) -> str:
    """Return `a, b, c`; of a longer list the first `most` and how many there are besides."""
    every = list(names)
    more = f" + {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def wrapped(text: str, indent: str = "", hanging: str | None = None) -> list[str]:
    """Lines of at most WIDTH characters; a word that is longer stays whole, so that it can be copied."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + "  " if hanging is None else hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )


def columns(header: Sequence[str], rows: Iterable[Sequence[str]], indent: str = "") -> list[str]:
    """Lines of a table; each column is as wide as its longest cell."""
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The lines of `columns` in one text."""
    return "\n".join(columns(header, rows))
