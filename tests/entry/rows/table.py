"""Every row of the table, whoever signs the tokens of its callers."""

from __future__ import annotations

from tests.entry.rows import accounts, bodies, callers, paths, wire
from tests.entry.rows.row import Row

ROWS: list[Row] = [*callers.ROWS, *accounts.ROWS, *paths.ROWS, *wire.ROWS, *bodies.ROWS]
