"""What docs/stores.md and the program say of a kind of store is what the real server does."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.stores import OF_KIND
from tests.cluster.support.store_table import KINDS, PAGE, ROWS, answers, table, written


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bool]]:
    seen = {}
    for kind, server in KINDS.items():
        with server(Path(tmp_path_factory.mktemp(kind))) as running:
            seen[kind] = answers(running)
    return seen


def test_the_table_is_what_the_servers_answer(found: dict[str, dict[str, bool]]) -> None:
    assert table(found) == written(PAGE.read_text()), "make stores"


def test_the_program_counts_on_what_a_kind_can_do_and_on_nothing_else(found: dict[str, dict[str, bool]]) -> None:
    assert set(OF_KIND) == set(KINDS)
    for kind, abilities in OF_KIND.items():
        assert set(abilities) == {row.ability for row in ROWS if row.ability and found[kind][row.probe]}, kind
