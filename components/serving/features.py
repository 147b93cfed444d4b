"""What a kitchen asks of the vLLM server beside its sizes, as flags (vllm/engine/arg_utils.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GENERATE = "generate"
"""The task of a server that nothing is said of: it answers with texts."""

_POOLING: Mapping[str, tuple[str, ...]] = {
    "embed": ("--runner=pooling", "--convert=embed"),
    # A cross-encoder, or two texts' vectors beside each other: vLLM goes by the model's architecture.
    "rerank": ("--runner=pooling",),
    "classify": ("--runner=pooling", "--convert=classify"),
}


@dataclass(frozen=True, kw_only=True)
class Features:
    """None leaves an option to vLLM. `chat_template` is a path in the server's container.

    `structured_outputs`, `speculation` and `pooling` have the keys of vLLM's own classes (StructuredOutputsConfig,
    SpeculativeConfig, PoolerConfig); `multimodal` is how many of each kind a prompt may hold.
    """

    task: str = GENERATE
    prefix_caching: bool | None = None
    kv_cache_dtype: str | None = None
    chunked_prefill: bool | None = None
    batched_tokens: int | None = None
    tool_call_parser: str | None = None
    reasoning_parser: str | None = None
    chat_template: str | None = None
    structured_outputs: Mapping[str, Any] | None = None
    speculation: Mapping[str, Any] | None = None
    multimodal: Mapping[str, int] | None = None
    pooling: Mapping[str, Any] | None = None
    fully_sharded_loras: bool = False
    expert_parallel: bool = False

    def flags(self) -> list[str]:
        """The flags, in one order."""
        return [
            *_POOLING.get(self.task, ()),
            *_switch("enable-prefix-caching", self.prefix_caching),
            *_value("kv-cache-dtype", self.kv_cache_dtype),
            *_switch("enable-chunked-prefill", self.chunked_prefill),
            *_value("max-num-batched-tokens", self.batched_tokens),
            *([] if self.tool_call_parser is None else ["--enable-auto-tool-choice"]),
            *_value("tool-call-parser", self.tool_call_parser),
            *_value("reasoning-parser", self.reasoning_parser),
            *_value("chat-template", self.chat_template),
            *_json("structured-outputs-config", self.structured_outputs),
            *_json("speculative-config", self.speculation),
            *_json("limit-mm-per-prompt", self.multimodal),
            *_json("pooler-config", self.pooling),
            *(["--fully-sharded-loras"] if self.fully_sharded_loras else []),
            *(["--enable-expert-parallel"] if self.expert_parallel else []),
        ]


def _switch(name: str, said: bool | None) -> list[str]:
    return [] if said is None else [f"--{name}" if said else f"--no-{name}"]


def _value(name: str, said: str | int | None) -> list[str]:
    return [] if said is None else [f"--{name}={said}"]


def _json(name: str, said: Mapping[str, Any] | None) -> list[str]:
    """JSON of one level: braces do not stand side by side, which KServe would read as a placeholder."""
    return [] if said is None else [f"--{name}={json.dumps(dict(said))}"]
