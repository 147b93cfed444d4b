"""The vLLM server's options, as its command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from components.ports import SERVER_PORT
from components.serving.features import Features

MODEL_FORMAT = "vLLM"
"""Name of the model format that binds services to runtimes."""

MODEL_PATH = "/mnt/models"
"""Where KServe mounts the base model."""

ADAPTERS_PATH = "/mnt/adapters"
"""Where verified adapters lie. Not below the base model: that mount is read-only."""

COMMAND = ("python3", "-m", "vllm.entrypoints.cli.main", "serve")
"""`vllm serve`, started as a module: the folder in which it starts is then one that it imports from, as hot mode's
middleware needs; the `vllm` on the image's PATH would look beside itself. `vllm.entrypoints.openai.api_server` says of
itself that it may be removed."""

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
}
"""Environment that keeps the server and its libraries from calling out."""

_SCRATCH_VARIABLES = ("HOME", "HF_HOME", "VLLM_CACHE_ROOT", "VLLM_CONFIG_ROOT", "TRITON_CACHE_DIR")
SCRATCH = {**dict.fromkeys(_SCRATCH_VARIABLES, "/tmp"), "USER": "vllm"}
"""Environment that keeps writes off the read-only root file system.

The platform's user has no name in the image, and torch asks for one at import where USER does not say it
(vllm-project/vllm#44548).
"""


@dataclass(frozen=True, kw_only=True)
class VllmOptions:
    """Options of one server; the fields are vLLM's flags (vllm/engine/arg_utils.py).

    The base model is the first word, as `vllm serve` takes it. `shutdown_timeout` is in seconds: with 0, vLLM's own,
    SIGTERM ends every request at once. `extra` are further flags, as they are written. `entry_name` is the base model's
    public name where calls come through the entry, which counts by the usage that the server tells.
    """

    served_model_name: str
    max_model_len: int
    max_num_seqs: int
    gpu_memory_utilization: float
    tensor_parallel_size: int
    dtype: str
    quantization: str | None = None
    shutdown_timeout: int
    features: Features = field(default_factory=Features)
    extra: Sequence[str] = ()
    entry_name: str | None = None

    def flags(self) -> list[str]:
        """Flags that every kitchen of this runtime shares."""
        quantization = [] if self.quantization is None else [f"--quantization={self.quantization}"]
        return [
            MODEL_PATH,
            f"--port={SERVER_PORT}",
            *self._names(),
            f"--max-model-len={self.max_model_len}",
            f"--max-num-seqs={self.max_num_seqs}",
            f"--gpu-memory-utilization={self.gpu_memory_utilization:g}",
            f"--tensor-parallel-size={self.tensor_parallel_size}",
            f"--dtype={self.dtype}",
            *quantization,
            *self.features.flags(),
            f"--shutdown-timeout={self.shutdown_timeout}",
            *self.extra,
        ]

    def _names(self) -> list[str]:
        if self.entry_name is None:
            return [f"--served-model-name={self.served_model_name}"]
        # One flag with two values. A stream carries no usage unless the caller asks, and callers would go uncounted.
        return ["--served-model-name", self.served_model_name, self.entry_name, "--enable-force-include-usage"]


@dataclass(frozen=True, kw_only=True)
class LoraOptions:
    """LoRA options of one server: `max_loras` in one batch, `max_cpu_loras` kept in main memory."""

    max_loras: int
    max_lora_rank: int
    max_cpu_loras: int | None

    def flags(self, adapters: Sequence[str]) -> list[str]:
        """LoRA flags; `--lora-modules` is one flag with many values, a second one would replace the first."""
        cpu = [] if self.max_cpu_loras is None else [f"--max-cpu-loras={self.max_cpu_loras}"]
        return [
            "--enable-lora",
            f"--max-loras={self.max_loras}",
            f"--max-lora-rank={self.max_lora_rank}",
            *cpu,
            *(["--lora-modules"] if adapters else []),
            *(f"{name}={ADAPTERS_PATH}/{name}" for name in adapters),
        ]
