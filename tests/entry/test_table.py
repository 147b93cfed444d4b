"""The table of verdicts against the real Envoy: each answer, and what reached a server."""

from __future__ import annotations

import pytest

from tests.entry.rows.judge import holds
from tests.entry.rows.row import Row
from tests.entry.rows.table import ROWS
from tests.entry.support.running import Entry
from tests.entry.support.upstream import Upstream


def test_the_table_is_large_and_has_no_row_twice() -> None:
    assert len(ROWS) >= 150
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row, entry: Entry, servers: dict[str, Upstream], tokens: dict[str, str]) -> None:
    holds(row, entry.port, servers, tokens)
