"""Rows as a table for people, and as CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from infra.faults import printable

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take a cell for that begins so; names come from outside."""

Row = Mapping[str, Any]


def table(rows: Sequence[Row]) -> str:
    """One line for each row, numbers to the right; what is not known is `-`."""
    if not rows:
        return "(none)"
    titles = list(rows[0])
    texts = [[_cell(row[title]) for title in titles] for row in rows]
    widths = [max(map(len, column)) for column in zip(titles, *texts, strict=True)]
    right = [all(row[title] is None or isinstance(row[title], int) for row in rows) for title in titles]
    lines = [[title.upper() for title in titles], *texts]
    return "\n".join(_joined(line, widths, right) for line in lines)


def as_csv(rows: Sequence[Row]) -> str:
    """With a line of titles; a cell that a spreadsheet would calculate begins with an apostrophe."""
    if not rows:
        return ""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([_plain(value) for value in row.values()] for row in rows)
    return file.getvalue()


def _joined(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    pairs = zip(cells, widths, right, strict=True)
    return "  ".join(cell.rjust(width) if is_right else cell.ljust(width) for cell, width, is_right in pairs).rstrip()


def _cell(value: object) -> str:
    return "-" if value is None else printable(str(value))


def _plain(value: object) -> object:
    if isinstance(value, str):
        return printable(f"'{value}" if value.startswith(_FORMULA) else value)
    return "" if value is None else value
