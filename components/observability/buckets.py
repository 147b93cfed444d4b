"""Edges of the buckets of vLLM's histograms, which objectives must be among.

Prometheus knows how many calls were at or below an edge, and nothing between two: `le="3"` is no series, and a rule
that asks for it never says anything. Source: vllm/v1/metrics/loggers.py of vLLM 0.27.1, the same up to 0.32; a test
compares it with the installed server.
"""

from __future__ import annotations

from collections.abc import Sequence

TTFT_SECONDS = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0),
    *(160.0, 640.0, 2560.0),
)
"""Of vllm:time_to_first_token_seconds."""

TOKEN_SECONDS = (
    *(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0),
)
"""Of vllm:inter_token_latency_seconds and vllm:request_time_per_output_token_seconds."""

TOLERANCE = 0.001
"""How far a value may be from its edge: 13.33 tokens a second stand for 0.075 seconds."""


def edge_of(value: float, edges: Sequence[float]) -> float | None:
    """The edge that a value stands for, within a thousandth of it; None where there is none."""
    return next((edge for edge in edges if abs(value - edge) <= TOLERANCE * edge), None)


def nearest(value: float, edges: Sequence[float]) -> list[float]:
    """The edges on both sides of a value; one at either end."""
    below, above = [edge for edge in edges if edge <= value], [edge for edge in edges if edge > value]
    return [*below[-1:], *above[:1]]


def label(edge: float) -> str:
    """How the label `le` has an edge, in Python's exposition and in Prometheus from version 3 on: `1.0`, `2.5`."""
    return repr(float(edge))
