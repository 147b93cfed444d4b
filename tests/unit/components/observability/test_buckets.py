"""Values stand for the edge that they are at; tests/serving compares the edges with the server's own."""

from __future__ import annotations

import pytest

from components.observability.buckets import TOKEN_SECONDS, TTFT_SECONDS, edge_of, label, nearest


@pytest.mark.parametrize("edge", [*TTFT_SECONDS, *TOKEN_SECONDS])
def test_an_edge_stands_for_itself(edge: float) -> None:
    edges = TTFT_SECONDS if edge in TTFT_SECONDS else TOKEN_SECONDS
    assert edge_of(edge, edges) == edge


def test_tokens_a_second_stand_for_the_edge_that_they_round_to() -> None:
    assert edge_of(1 / 13.33, TOKEN_SECONDS) == 0.075
    assert edge_of(1 / 13.3, TOKEN_SECONDS) is None
    assert edge_of(1 / 6.667, TOKEN_SECONDS) == 0.15


def test_nearest_edges_are_those_on_both_sides() -> None:
    assert nearest(3, TTFT_SECONDS) == [2.5, 5]
    assert nearest(0.0001, TTFT_SECONDS) == [0.001]
    assert nearest(9999, TTFT_SECONDS) == [2560]


def test_labels_are_written_as_a_server_in_python_writes_them() -> None:
    assert [label(edge) for edge in (1.0, 2.5, 0.001, 2560)] == ["1.0", "2.5", "0.001", "2560.0"]
