"""Settings of a kitchen's vLLM server as frozen values. Defaults live here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.keys import camel

TASKS = ("generate", "embed", "rerank", "classify")
"""What a kitchen serves: texts, vectors of texts, scores of pairs of texts, or classes of texts."""


@dataclass(frozen=True, kw_only=True)
class Speculation:
    """Tokens guessed out of what was said before, without a second model; `tokens` are those of one guess."""

    method: str
    tokens: int
    prompt_lookup_max: int | None = None
    prompt_lookup_min: int | None = None


@dataclass(frozen=True, kw_only=True)
class StructuredOutputs:
    """How answers are held to a schema; None leaves it to vLLM."""

    backend: str = "auto"
    any_whitespace: bool | None = None
    additional_properties: bool | None = None
    in_reasoning: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Pooling:
    """How one vector is made of a text's many; None leaves it to vLLM, which goes by the architecture."""

    type: str | None = None
    dimensions: int | None = None
    activation: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Options of the vLLM server; None leaves one to vLLM.

    `chat_template` is a file of the base model. `multimodal` is how many of each kind one prompt may hold.
    `read_args` are places in `extra_args` whose flags a setting of its own says by now, with the field that was read.
    """

    max_loras: int = 2
    max_lora_rank: int = 16
    max_cpu_loras: int | None = None
    fully_sharded_loras: bool = False
    max_model_len: int = 8192
    concurrency: int = 16
    tokens_per_request: int | None = None
    gpu_memory_utilization: float = 0.9
    tensor_parallel_size: int = 1
    expert_parallel: bool = False
    dtype: str = "auto"
    quantization: str | None = None
    prefix_caching: bool | None = None
    kv_cache_dtype: str | None = None
    chunked_prefill: bool | None = None
    batched_tokens: int | None = None
    tool_call_parser: str | None = None
    reasoning_parser: str | None = None
    chat_template: str | None = None
    structured_outputs: StructuredOutputs | None = None
    speculation: Speculation | None = None
    multimodal: Mapping[str, int] | None = None
    pooling: Pooling | None = None
    extra_args: tuple[str, ...] = ()
    read_args: Mapping[int, str] = field(default_factory=dict)
    drain_seconds: int = 300
    image: str = "vllm"

    @property
    def further_args(self) -> tuple[str, ...]:
        """Flags of `extra_args` that no setting says."""
        return tuple(word for index, word in enumerate(self.extra_args) if index not in self.read_args)

    def place(self, field_name: str) -> str:
        """Where the file says a field, below `runtime`: under its own name, or by a flag of extraArgs."""
        index = next((index for index, name in self.read_args.items() if name == field_name), None)
        return camel(field_name) if index is None else f"extraArgs[{index}]"
