"""Edges of objectives are those of the server's histograms, and values stand for the edge that they are at."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from components.observability.buckets import TOKEN_SECONDS, TTFT_SECONDS, edge_of, label, nearest
from tools.toolchain.cache import cache_root

_LOGGERS = "serving-venv/lib/*/site-packages/vllm/v1/metrics/loggers.py"


def _edges_of_vllm(path: Path) -> dict[str, tuple[float, ...]]:
    """The buckets of each histogram that names its own, as the server's source has them."""
    found: dict[str, tuple[float, ...]] = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            said = {one.arg: one.value for one in node.keywords}
            name, buckets = said.get("name"), said.get("buckets")
            if isinstance(name, ast.Constant) and isinstance(buckets, ast.List):
                found[str(name.value)] = tuple(ast.literal_eval(buckets))
    return found


def test_the_edges_are_those_of_the_installed_server() -> None:
    there = sorted(cache_root().glob(_LOGGERS))
    if not there:
        pytest.skip("vLLM is not installed here: make test-serving brings it")
    edges = _edges_of_vllm(there[0])
    assert edges["vllm:time_to_first_token_seconds"] == TTFT_SECONDS
    assert edges["vllm:inter_token_latency_seconds"] == TOKEN_SECONDS
    assert edges["vllm:request_time_per_output_token_seconds"] == TOKEN_SECONDS


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
