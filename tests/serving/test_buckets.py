"""Edges of objectives are those of the server's histograms."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

from components.observability.buckets import TOKEN_SECONDS, TTFT_SECONDS
from tests.serving.support.served_kitchen import PYTHON

_WHERE = "import importlib.util as u; print(u.find_spec('vllm').submodule_search_locations[0])"


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
    where = subprocess.run([os.environ[PYTHON], "-c", _WHERE], capture_output=True, text=True, check=True)
    edges = _edges_of_vllm(Path(where.stdout.strip()) / "v1" / "metrics" / "loggers.py")
    assert edges["vllm:time_to_first_token_seconds"] == TTFT_SECONDS
    assert edges["vllm:inter_token_latency_seconds"] == TOKEN_SECONDS
    assert edges["vllm:request_time_per_output_token_seconds"] == TOKEN_SECONDS
