"""Paths of the API by what a kitchen serves: those that vLLM answers for a task, out of all that it has."""

from __future__ import annotations

from collections.abc import Mapping

MODELS = "/v1/models"
"""Lists models, whatever they serve."""

PATHS: Mapping[str, tuple[str, ...]] = {
    "generate": ("/v1/chat/completions", "/v1/completions", "/v1/responses"),
    "embed": ("/v1/embeddings",),
    "rerank": ("/rerank", "/score", "/v1/rerank", "/v1/score", "/v2/rerank"),
    "classify": ("/classify",),
}
"""By task (vllm/entrypoints/openai and vllm/entrypoints/pooling, factories.py). What else a server has, such as
/pooling, /tokenize and the loading of adapters, is not routed."""
